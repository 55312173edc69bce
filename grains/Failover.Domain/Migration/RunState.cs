using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Failover.Domain.Checkpoints;
using Failover.Domain.Runs;

namespace Failover.Domain.Migration;

/// <summary>All that is stored of a run: the one row that decides which of its epochs is current.</summary>
public sealed record RunState
{
    /// <summary>The record's kind, for readers without our types.</summary>
    public string Kind { get; init; } = "run";

    /// <summary>The record's schema.</summary>
    public int SchemaVersion { get; init; } = 1;

    /// <summary>26 characters <c>[a-z0-9]</c>, never reused.</summary>
    public required string Uid { get; init; }

    /// <summary>What the user asked for.</summary>
    public required RunSpec Spec { get; init; }

    /// <summary>Where it stands.</summary>
    public required RunStep Step { get; init; }

    /// <summary>The latest time any event gave; it never runs backwards.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>When <see cref="Step"/> was entered.</summary>
    public required DateTimeOffset StepSince { get; init; }

    /// <summary>When it was submitted.</summary>
    public required DateTimeOffset SubmittedAt { get; init; }

    /// <summary>The current epoch; <see langword="null"/> before the first launch.</summary>
    public EpochState? Epoch { get; init; }

    /// <summary>Earlier epochs, oldest first: where they ran, and where the lineage was cut after them.</summary>
    public ImmutableArray<PastEpoch> Past { get; init; } = [];

    /// <summary>The move under way, from <see cref="RunStep.Planned"/> until it runs.</summary>
    public MoveState? Move { get; init; }

    /// <summary>Counts moves, finished or not; names effects so that late results of an earlier move are told apart.</summary>
    public int Moves { get; init; }

    /// <summary>Why it waits; set exactly in <see cref="RunStep.Waiting"/>.</summary>
    public WaitState? Waiting { get; init; }

    /// <summary>What the stores are known to hold: by store, the newest commit of the chain seen there, hashed and found right.</summary>
    public ImmutableArray<StoreTip> Tips { get; init; } = [];

    /// <summary>Copies of commits found bad while loading, though they had compared as good: never chosen again from that store.</summary>
    public ImmutableArray<BadCopy> BadCopies { get; init; } = [];

    /// <summary>Epochs that were cut but whose store could not be reached: sealed at first contact.</summary>
    public ImmutableArray<PendingSeal> PendingSeals { get; init; } = [];

    /// <summary>The last of them that was set; <see langword="null"/> where none was, or the record is older than this field.</summary>
    public PaidSeal? LastPaidSeal { get; init; }

    /// <summary>Pins that were intended and not removed since: in what store, and for which epoch.</summary>
    public ImmutableArray<PinRef> Pins { get; init; } = [];

    /// <summary>Members that lately failed this run; their distrust decays.</summary>
    public ImmutableArray<Distrust> Distrusted { get; init; } = [];

    /// <summary>Tries of the present step's effect; starts anew with each step.</summary>
    public EffectRetry Retry { get; init; } = new(0, null);

    /// <summary>Why the present step takes longer than it may, where it can't be given up: it is tried on, and a person is told.</summary>
    public Overdue? Overdue { get; init; }

    /// <summary>Moves in a row that ran out of time before anything was staged; the next one's limits double with each.</summary>
    public int Overruns { get; init; }

    /// <summary>Failures of workloads since it last ran well.</summary>
    public RetryCount Retries { get; init; } = new(0, 0);

    /// <summary>When it was last moved involuntarily, and how often lately: the delay before the next grows (I6).</summary>
    public MoveHistory Recent { get; init; } = new(null, 0);

    /// <summary>When it was last preempted: it is not preempted again within <see cref="RunPolicy.PreemptPeriod"/>.</summary>
    public DateTimeOffset? LastPreemptedAt { get; init; }

    /// <summary>The uids of the runs that its GPUs are kept for while it stops; empty unless it was preempted, and once it has a place again.</summary>
    public ImmutableArray<string> PreemptedFor { get; init; } = [];

    /// <summary>While it waits for a place that others would have to leave: where its newest checkpoint is brought meanwhile.</summary>
    public StageAhead? StageAhead { get; init; }

    /// <summary>A person said by name that it may start from nothing, once.</summary>
    public bool StartFromNothing { get; init; }

    /// <summary>Who asked to cancel it, if somebody did.</summary>
    public string? CancelledBy { get; init; }

    /// <summary>The last finished move, with its dated steps, for reports.</summary>
    public MoveState? LastMove { get; init; }

    /// <summary>Whether nothing more will ever happen to it.</summary>
    [JsonIgnore]
    public bool IsTombstone => Step is RunStep.Finished or RunStep.Cancelled;

    /// <summary>The number of the current epoch, 0 before the first.</summary>
    [JsonIgnore]
    public int EpochNumber => Epoch?.Number ?? 0;
}

/// <summary>The current epoch: where it runs, and what it resumed from. Epoch → member never changes.</summary>
public sealed record EpochState
{
    /// <summary>From 1.</summary>
    public required int Number { get; init; }

    /// <summary>Where it runs.</summary>
    public required Target Target { get; init; }

    /// <summary>The last commit of the chain before this epoch; <see langword="null"/>: from nothing.</summary>
    public required CommitRef? ResumeFrom { get; init; }

    /// <summary>The step of <see cref="ResumeFrom"/>, 0 from nothing.</summary>
    public required long ResumeStep { get; init; }

    /// <summary>Names this launch in the workload's labels.</summary>
    public required string LaunchId { get; init; }

    /// <summary>When the epoch became current.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>The newest progress seen of it.</summary>
    public Progress? Progress { get; init; }

    /// <summary>Commits of its own that are known to be verified; the pin on what it resumed from is kept until there are enough.</summary>
    public int OwnCommits { get; init; }

    /// <summary>Whether its workload is known to have ended without success: there is no life to wait for.</summary>
    public bool Ended { get; init; }

    /// <summary>Why it was given up although its member answers; its workload is stopped, and its progress counts for nothing from here on.</summary>
    public GivenUp? GivenUp { get; init; }

    /// <summary>Whether its seal was intended, and so may be set: progress of it counts for nothing from here on.</summary>
    public bool Fenced { get; init; }
}

/// <summary>Why an epoch is given up although its member answers.</summary>
public enum GivenUp
{
    /// <summary>Its gang can't run there: nodes under it are dead.</summary>
    GangDown,

    /// <summary>Its pods run, and its steps don't.</summary>
    Stalled,

    /// <summary>Its place goes to a run that is worth more there; it commits once more before it stops.</summary>
    Preempted,
}

/// <summary>Where an epoch runs: the member, its region, the GPU type, and the store that it commits to.</summary>
public sealed record Target(string Member, string Region, string Sku, string Store);

/// <summary>Progress of an attempt. <paramref name="ResumedFrom"/> is what the attempt said it started from.</summary>
public sealed record Progress(int Epoch, int Attempt, long Step, CommitRef? ResumedFrom, DateTimeOffset At);

/// <summary>An epoch that is no longer current. <paramref name="CutAt"/> is the resumeFrom of the epoch after it: no later slot counts.</summary>
public sealed record PastEpoch(int Number, Target Target, CommitRef? ResumeFrom, CommitRef? CutAt, bool Sealed, DateTimeOffset Until)
{
    /// <summary>The last step that was seen of it while it was current; <see langword="null"/> where none was.</summary>
    public long? LastStep { get; init; }
}

/// <summary>The newest verified commit of the chain in a store, and its step.</summary>
public sealed record StoreTip(string Store, CommitRef Commit, long Step, DateTimeOffset At);

/// <summary>A copy that is not to be trusted.</summary>
public sealed record BadCopy(string Store, CommitRef Commit);

/// <summary>A seal that is owed; not tried again before <paramref name="NotBefore"/>.</summary>
public sealed record PendingSeal(int Epoch, string Store, DateTimeOffset? NotBefore = null)
{
    /// <summary>When the epoch was cut without it; <see langword="null"/> in records older than this field.</summary>
    public DateTimeOffset? Since { get; init; }
}

/// <summary>A seal that was owed since <paramref name="OwedSince"/>, and set at <paramref name="At"/>.</summary>
public sealed record PaidSeal(int Epoch, string Store, DateTimeOffset At, DateTimeOffset? OwedSince);

/// <summary>The store of the region that a waiting run would go to if runs of lower tiers left it, and since when its checkpoint is brought there.</summary>
public sealed record StageAhead(string Store, DateTimeOffset Since);

/// <summary>How often the present step's effect was tried without success, when it is tried again, and what came of the last try.</summary>
public sealed record EffectRetry(int Tries, DateTimeOffset? NotBefore, string? Detail = null);

/// <summary>A step past its limit that is tried on: what it waits for, in words, and since when that has been told.</summary>
public sealed record Overdue(string Detail, DateTimeOffset Since);

/// <summary>A member not to be chosen for this run until then.</summary>
public sealed record Distrust(string Member, DateTimeOffset Until, int Count, string Reason);

/// <summary>Retries used.</summary>
public sealed record RetryCount(int InPlace, int Elsewhere);

/// <summary>The last involuntary move and how many were made in a row.</summary>
public sealed record MoveHistory(DateTimeOffset? LastAt, int Count);

/// <summary>Why a run waits, in words, since when, and until when at the latest it is looked at again.</summary>
public sealed record WaitState(WaitReason Reason, string Detail, DateTimeOffset Since)
{
    /// <summary>Not planned again before this time.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>What kept it out, by member.</summary>
    public ImmutableArray<MemberReason> PerMember { get; init; } = [];

    /// <summary>Whether no wait helps: as the fleet is, no member could hold it even with nothing else there.</summary>
    [JsonIgnore]
    public bool Never => !PerMember.IsEmpty && PerMember.All(reason => reason.Never);

    /// <summary>What to tell whoever reads nothing else: whether waiting helps, and what does.</summary>
    [JsonIgnore]
    public string Headline => !Never ? Detail : Reason == WaitReason.Preempted ? $"{Detail} {NeverWords}" : NeverWords;

    private const string NeverWords = "It can never be placed as the fleet is: no member where it may go could hold it, even if nothing else ran there. Add nodes or members; or cancel it, and submit it "
        + "with fewer GPUs, or with more GPU types or regions.";
}

/// <summary>Why a run can't have a place on a member.</summary>
public sealed record MemberReason(string Member, string Reason)
{
    /// <summary>Whether that stays so as the fleet is, even if nothing else ran there; else there is no room now, or the member takes nothing now.</summary>
    public bool Never { get; init; }
}

/// <summary>A move under way.</summary>
public sealed record MoveState
{
    /// <summary><see cref="RunState.Moves"/> at its start.</summary>
    public required int Number { get; init; }

    /// <summary>Why.</summary>
    public required MoveCause Cause { get; init; }

    /// <summary>Where to.</summary>
    public required Target Target { get; init; }

    /// <summary>The epoch that it will launch.</summary>
    public required int ToEpoch { get; init; }

    /// <summary>The commit chosen to resume from, once chosen; also once sealed, the last of the chain.</summary>
    public CommitRef? Commit { get; init; }

    /// <summary>Its step.</summary>
    public long CommitStep { get; init; }

    /// <summary>Its bytes.</summary>
    public long CommitBytes { get; init; }

    /// <summary>Stores that hold a good copy of it, nearest first.</summary>
    public ImmutableArray<string> Sources { get; init; } = [];

    /// <summary>Whether it starts from nothing.</summary>
    public bool Fresh { get; init; }

    /// <summary>Newer commits passed over, with the reason, for people.</summary>
    public string? FallbackDetail { get; init; }

    /// <summary>Drain only: the workload has stopped; what it committed last is still to be staged.</summary>
    public bool Quiesced { get; init; }

    /// <summary>What the plan said of the place; <see langword="null"/> where no plan chose it.</summary>
    public PlacementNote? Note { get; init; }

    /// <summary>When each step was entered, in order; the first is when the loss was detected.</summary>
    public ImmutableArray<DatedStep> Dates { get; init; } = [];
}

/// <summary>What a plan said of a run's new place: how good the plan was, what the place costs, and what would have been next best.</summary>
public sealed record PlacementNote
{
    /// <summary>What made the plan: <c>Solver</c> or <c>Greedy</c>.</summary>
    public required string Engine { get; init; }

    /// <summary>The share of what any plan could be worth that this one may have left on the table, at the most, 0 to 1; <see langword="null"/>: nothing was proven.</summary>
    public double? Gap { get; init; }

    /// <summary>What the place is worth, in GPU-hours of the reference type times the tier's weight, less what it costs.</summary>
    public double Value { get; init; }

    /// <summary>Until what must be there first is there, as the plan reckoned; 0: nothing has to be brought.</summary>
    public double StagingSeconds { get; init; }

    /// <summary>What bringing it costs, in US dollars.</summary>
    public double EgressDollars { get; init; }

    /// <summary>GPU-hours of the gang that start-up and staging take, as the plan reckoned.</summary>
    public double GpuHoursLost { get; init; }

    /// <summary>The next best place; <see langword="null"/>: none was found, or the engine does not look for one.</summary>
    public string? RunnerUp { get; init; }

    /// <summary>What the plan would be worth less with the run there, in the unit of <see cref="Value"/>, those who would have to make room included.</summary>
    public double? RunnerUpLoss { get; init; }
}

/// <summary>A step's name and when it was entered.</summary>
public sealed record DatedStep(string Step, DateTimeOffset At);
