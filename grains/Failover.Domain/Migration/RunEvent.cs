using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Failover.Domain.Checkpoints;

namespace Failover.Domain.Migration;

/// <summary>What can happen to a run. <paramref name="At"/> is the observer's time; the machine never lets it run backwards.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Tick), "tick")]
[JsonDerivedType(typeof(Displaced), "displaced")]
[JsonDerivedType(typeof(GaveUp), "gaveUp")]
[JsonDerivedType(typeof(TargetLost), "targetLost")]
[JsonDerivedType(typeof(Placed), "placed")]
[JsonDerivedType(typeof(NotPlaced), "notPlaced")]
[JsonDerivedType(typeof(BrakeHeld), "brakeHeld")]
[JsonDerivedType(typeof(Reservation), "reservation")]
[JsonDerivedType(typeof(Surveyed), "surveyed")]
[JsonDerivedType(typeof(Staged), "staged")]
[JsonDerivedType(typeof(Stopping), "stopping")]
[JsonDerivedType(typeof(Quiesced), "quiesced")]
[JsonDerivedType(typeof(Sealed), "sealed")]
[JsonDerivedType(typeof(Pinned), "pinned")]
[JsonDerivedType(typeof(Launched), "launched")]
[JsonDerivedType(typeof(EffectFailed), "effectFailed")]
[JsonDerivedType(typeof(Progressed), "progressed")]
[JsonDerivedType(typeof(WorkloadSucceeded), "workloadSucceeded")]
[JsonDerivedType(typeof(WorkloadFailed), "workloadFailed")]
[JsonDerivedType(typeof(TipAdvanced), "tipAdvanced")]
[JsonDerivedType(typeof(Unpinned), "unpinned")]
[JsonDerivedType(typeof(CancelRequested), "cancelRequested")]
[JsonDerivedType(typeof(RetryRequested), "retryRequested")]
public abstract record RunEvent(DateTimeOffset At)
{
    /// <summary>Time passed: deadlines and delays are looked at.</summary>
    public sealed record Tick(DateTimeOffset At) : RunEvent(At);

    /// <summary>From the planner: its place is lost. Names the epoch, so that a late one does no harm. <paramref name="MemberStopped"/>: by its owner; wait only.</summary>
    public sealed record Displaced(DateTimeOffset At, int Epoch, string Detail, DateTimeOffset DetectedAt, bool MemberStopped = false) : RunEvent(At);

    /// <summary>
    /// From the planner: the member answers, and the run does not get on there, or its place goes to others. Names the epoch, so that a late one does no harm.
    /// </summary>
    public sealed record GaveUp(DateTimeOffset At, int Epoch, GivenUp Why, string Detail, DateTimeOffset DetectedAt) : RunEvent(At)
    {
        /// <summary>Where it is preempted: the uids of those that get its place.</summary>
        public ImmutableArray<string> PreemptedFor { get; init; } = [];
    }

    /// <summary>From the planner: the member that move number <paramref name="Move"/> goes to is no longer a place to go to.</summary>
    public sealed record TargetLost(DateTimeOffset At, int Move, string Detail) : RunEvent(At);

    /// <summary>From the planner: move it there. Rejected where the run has changed since (epoch or move count differ).</summary>
    public sealed record Placed(DateTimeOffset At, int Epoch, int Moves, MoveCause Cause, Target Target, DateTimeOffset DetectedAt) : RunEvent(At)
    {
        /// <summary>What the plan says of the place, for people.</summary>
        public PlacementNote? Note { get; init; }
    }

    /// <summary>
    /// From the planner: no place, and why, by member. <paramref name="StageAhead"/>: it would get one if others left it, and its newest checkpoint is to be brought to that store
    /// meanwhile.
    /// </summary>
    public sealed record NotPlaced(DateTimeOffset At, int Epoch, int Moves, ImmutableArray<MemberReason> PerMember, string? StageAhead = null) : RunEvent(At);

    /// <summary>From the planner: the brake gave no permit.</summary>
    public sealed record BrakeHeld(DateTimeOffset At, int Epoch, string Detail) : RunEvent(At);

    /// <summary>The member's ledger granted the GPUs, or refused and said why.</summary>
    public sealed record Reservation(DateTimeOffset At, string EffectId, bool Granted, string Detail) : RunEvent(At);

    /// <summary>What the stores hold.</summary>
    public sealed record Surveyed(DateTimeOffset At, string EffectId, LineageSurvey Survey) : RunEvent(At);

    /// <summary>The commit is whole and verified in the target's store; or a copy turned out bad (<paramref name="BadSource"/>), and nothing was staged.</summary>
    public sealed record Staged(DateTimeOffset At, string EffectId, bool Complete, string? BadSource = null, string? Detail = null) : RunEvent(At);

    /// <summary>The workload was asked to stop, and has its grace: no failure, however often it is said. It is looked at again until the step's deadline.</summary>
    public sealed record Stopping(DateTimeOffset At, string EffectId, string Detail) : RunEvent(At);

    /// <summary>The workload stopped by itself within the grace period, or was stopped.</summary>
    public sealed record Quiesced(DateTimeOffset At, string EffectId) : RunEvent(At);

    /// <summary>
    /// The epoch is sealed, or its store is out of reach (<paramref name="Reached"/> false). <paramref name="Survey"/> is what the stores hold after the seal.
    /// Also answers a seal that was owed.
    /// </summary>
    public sealed record Sealed(DateTimeOffset At, string EffectId, int Epoch, string Store, bool Reached, LineageSurvey? Survey) : RunEvent(At);

    /// <summary>The commit's files are pinned; or some were gone (<paramref name="Complete"/> false).</summary>
    public sealed record Pinned(DateTimeOffset At, string EffectId, bool Complete) : RunEvent(At);

    /// <summary>The workload is there, and ours; or the member refused it for good (<paramref name="Refusal"/>).</summary>
    public sealed record Launched(DateTimeOffset At, string EffectId, string? Refusal = null) : RunEvent(At);

    /// <summary>An effect did not succeed, or nobody knows (I4). It is tried again, later each time, until the step's deadline.</summary>
    public sealed record EffectFailed(DateTimeOffset At, string EffectId, string Detail) : RunEvent(At);

    /// <summary>
    /// Progress was seen: a heartbeat's or a commit's step rose, or (<see cref="Runs.ProgressKind.PodsReady"/>) the gang is ready. <paramref name="Violation"/>: why a commit
    /// of it does not count, where its trainer broke the contract.
    /// </summary>
    public sealed record Progressed(DateTimeOffset At, Progress Progress, Runs.ProgressKind By, string? Violation = null) : RunEvent(At);

    /// <summary>The workload of that epoch ran to its end.</summary>
    public sealed record WorkloadSucceeded(DateTimeOffset At, int Epoch) : RunEvent(At);

    /// <summary>The workload of that epoch failed. <paramref name="ExitCode"/>: 86 sealed, 87 bad checkpoint, else the trainer's own; null where it is simply gone.</summary>
    public sealed record WorkloadFailed(DateTimeOffset At, int Epoch, int? ExitCode, string Detail) : RunEvent(At);

    /// <summary>A store holds a newer verified commit of the chain. <paramref name="OwnCommits"/>: how many of the current epoch are verified in its own store.</summary>
    public sealed record TipAdvanced(DateTimeOffset At, int Epoch, StoreTip Tip, int OwnCommits) : RunEvent(At);

    /// <summary>Pins that were no longer needed are gone.</summary>
    public sealed record Unpinned(DateTimeOffset At, string EffectId) : RunEvent(At);

    /// <summary>A person cancels it.</summary>
    public sealed record CancelRequested(DateTimeOffset At, string By) : RunEvent(At);

    /// <summary>A person asks to try again; <paramref name="FromNothing"/>: from nothing, if there is no good checkpoint.</summary>
    public sealed record RetryRequested(DateTimeOffset At, string By, bool FromNothing) : RunEvent(At);
}
