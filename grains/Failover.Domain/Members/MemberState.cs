using System.Collections.Immutable;
using Failover.Domain.Health;

namespace Failover.Domain.Members;

/// <summary>All that is stored of a member: verdict with its evidence, capacity as last observed, the ledger of reservations, cordon and cleanliness.</summary>
public sealed record MemberState
{
    /// <summary>The record's kind, for readers without our types.</summary>
    public string Kind { get; init; } = "member";

    /// <summary>The record's schema.</summary>
    public int SchemaVersion { get; init; } = 1;

    /// <summary>As in the fleet file.</summary>
    public required string Name { get; init; }

    /// <summary>As in the fleet file.</summary>
    public required string Region { get; init; }

    /// <summary>The latest time any event gave; it never runs backwards.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>The verdict; it survives our restarts until fresh evidence changes it.</summary>
    public MemberVerdict Verdict { get; init; }

    /// <summary>Since when it stands.</summary>
    public DateTimeOffset VerdictSince { get; init; }

    /// <summary>The first sign of the trouble that the verdict is about; for a move's "detected".</summary>
    public DateTimeOffset? TroubleSince { get; init; }

    /// <summary>The row of the verdict table that decided, and what each witness said.</summary>
    public string VerdictDetail { get; init; } = "";

    /// <summary>What each witness said last.</summary>
    public ImmutableArray<Evidence> Evidence { get; init; } = [];

    /// <summary>What was observed of its GPUs; <see langword="null"/> before the first listing.</summary>
    public CapacitySnapshot? Capacity { get; init; }

    /// <summary>GPUs promised to runs.</summary>
    public ImmutableArray<GpuReservation> Reservations { get; init; } = [];

    /// <summary>Whether it may take new work after a loss: only once its stale epochs are gone (I9).</summary>
    public bool Clean { get; init; } = true;

    /// <summary>Stale epochs seen there by the last sweep, for people.</summary>
    public ImmutableArray<string> StaleWorkloads { get; init; } = [];

    /// <summary>The last sweep that changed something; <see langword="null"/> where none has, or the record is older than this field.</summary>
    public SweepChange? LastSweep { get; init; }

    /// <summary>An operator allows no new work.</summary>
    public bool Cordoned { get; init; }

    /// <summary>Who that is; <see langword="null"/> where it is not cordoned, or the record is older than this field.</summary>
    public string? CordonedBy { get; init; }

    /// <summary>When <see cref="Cordoned"/> last changed, and by whose word; <see langword="null"/> where it never did, or the record is older than this field.</summary>
    public CordonChange? LastCordon { get; init; }

    /// <summary>An operator's word that it is lost, until taken back or contradicted by fresh evidence.</summary>
    public string? ConfirmedLostBy { get; init; }

    /// <summary>When that word was given: only an API that began to answer later contradicts it.</summary>
    public DateTimeOffset? ConfirmedLostAt { get; init; }

    /// <summary>Since when a lost member shows signs of life without a break; it is believed only after a while.</summary>
    public DateTimeOffset? ReturningSince { get; init; }

    /// <summary>When it was last found to be back from <see cref="MemberVerdict.Lost"/>: only a sweep begun later makes it clean.</summary>
    public DateTimeOffset? ReturnedAt { get; init; }

    /// <summary>When a run's step was last seen to rise there, whichever site saw it.</summary>
    public DateTimeOffset? LastRiseAt { get; init; }

    /// <summary>When it was last known whether its API answers, or the activation began.</summary>
    public DateTimeOffset? LastAnswerAt { get; init; }

    /// <summary>Its runs' usual intervals as learnt, so that an observer that was just started knows who was stepping.</summary>
    public ImmutableArray<RunPace> Paces { get; init; } = [];

    /// <summary>Epochs with pods on dead nodes.</summary>
    public ImmutableArray<BrokenGang> BrokenGangs { get; init; } = [];

    /// <summary>What each site said last of runs that stall there.</summary>
    public ImmutableArray<StallEvidence> Stalls { get; init; } = [];

    /// <summary>Epochs that a quorum of sites says have stalled.</summary>
    public ImmutableArray<RunEpoch> Stalled { get; init; } = [];

    /// <summary>Since when its watcher has lost sight of it.</summary>
    public DateTimeOffset? SightLostSince { get; init; }

    /// <summary>What took that sight, as told last.</summary>
    public SightLoss? SightLost { get; init; }

    /// <summary>Whether sight has been lost for so long that <see cref="Capacity"/> no longer counts.</summary>
    public bool CapacityStale { get; init; }

    /// <summary>Its owner has stopped it.</summary>
    public bool StoppedByOwner { get; init; }
}

/// <summary>An operator cordoned the member, or took that back.</summary>
public sealed record CordonChange(DateTimeOffset At, string By);

/// <summary>A sweep that changed something.</summary>
/// <param name="At">When.</param>
/// <param name="Found">Stale workloads that the sweep before had not seen; they are being deleted.</param>
/// <param name="Gone">Stale workloads that the sweep before had seen, and that are there no more.</param>
/// <param name="Cleaned">Whether the member takes new work from then on, after a loss.</param>
public sealed record SweepChange(DateTimeOffset At, ImmutableArray<string> Found, ImmutableArray<string> Gone, bool Cleaned);

/// <summary>What a witness said, and for how long it has been so as of <paramref name="At"/>, by its own monotonic clock.</summary>
public sealed record Evidence(string Witness, string Site, Answer Answer, TimeSpan For, DateTimeOffset At, string Detail)
{
    /// <summary>For the API: what its probes met.</summary>
    public ApiTrouble Trouble { get; init; }
}

/// <summary>A member's GPUs as one consistent listing of nodes and pods showed them.</summary>
/// <param name="Version">Rises with every listing that differs.</param>
/// <param name="Pools">One a GPU type.</param>
/// <param name="Workloads">Our workloads' bound pods, zombies and terminating ones included.</param>
public sealed record CapacitySnapshot(long Version, ImmutableArray<PoolSnapshot> Pools, ImmutableArray<WorkloadUse> Workloads)
{
    /// <summary>Nodes that take no new work for what is wrong with them, each with that, for people.</summary>
    public ImmutableArray<string> Problems { get; init; } = [];
}

/// <summary>
/// A pool of one GPU type. <paramref name="NodesByFreeGpus"/>[f] is the number of ready, schedulable nodes with exactly f GPUs free of all bound pods,
/// ours and foreign, terminating included. <paramref name="Gpus"/>: allocatable on all ready nodes.
/// </summary>
public sealed record PoolSnapshot(string Sku, int Gpus, ImmutableArray<int> NodesByFreeGpus)
{
    /// <summary>[g]: nodes with g allocatable GPUs, whether or not they are ready and take new pods: what the pool would be if nothing ran there. Empty in records older than this field.</summary>
    public ImmutableArray<int> NodesByGpus { get; init; } = [];
}

/// <summary>GPUs that pods of one of our epochs are bound to.</summary>
public sealed record WorkloadUse(string RunUid, int Epoch, string Sku, int Gpus)
{
    /// <summary>Pods of these that are bound to nodes that are dead: not ready, or with a lease that is not renewed. They can't be deleted, and hold their GPUs.</summary>
    public int DeadPods { get; init; }

    /// <summary>The GPUs of those.</summary>
    public int DeadGpus { get; init; }
}

/// <summary>An epoch that has had pods on dead nodes without a break since then, by the member's time.</summary>
public sealed record BrokenGang(string RunUid, int Epoch, int DeadPods, DateTimeOffset Since);

/// <summary>What a site said last of runs that stall.</summary>
public sealed record StallEvidence(string Site, DateTimeOffset At, ImmutableArray<RunStall> Runs);

/// <summary>GPUs promised to an epoch of a run: <paramref name="Workers"/> pods of <paramref name="GpusPerWorker"/>.</summary>
public sealed record GpuReservation(string RunUid, int Epoch, string EffectId, string Sku, int Workers, int GpusPerWorker, DateTimeOffset At)
{
    /// <summary>The run's move that asked (<c>RunState.Moves</c>): a request of a later move replaces that of an earlier one.</summary>
    public int Move { get; init; }

    /// <summary>All of its GPUs.</summary>
    public int Gpus => Workers * GpusPerWorker;
}
