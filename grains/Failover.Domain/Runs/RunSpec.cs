using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Failover.Domain.Runs;

/// <summary>What a user asked for: <c>kind: TrainingRun</c>, <c>apiVersion: failover.dev/v1</c>, validated. Immutable once submitted.</summary>
public sealed record RunSpec
{
    /// <summary>A DNS label, at most 40 characters; unique among a tenant's live runs.</summary>
    public required string Name { get; init; }

    /// <summary>An entry of the fleet file.</summary>
    public required string Tenant { get; init; }

    /// <summary>All of the workers, or none.</summary>
    public required GangSpec Gang { get; init; }

    /// <summary>GPU types in order of preference; at least one.</summary>
    public required ImmutableArray<string> Skus { get; init; }

    /// <summary>0 to 3; 3 is the highest.</summary>
    public int Tier { get; init; } = 1;

    /// <summary>Allowed regions; empty means all.</summary>
    public ImmutableArray<string> Regions { get; init; } = [];

    /// <summary>Regions where it would rather be, of those allowed; empty: it does not mind. Only weighed when it is placed anyway, and proposed as a failback.</summary>
    public ImmutableArray<string> Prefer { get; init; } = [];

    /// <summary>A group of the fleet file, whose runs are spread over regions; <see langword="null"/>: none.</summary>
    public string? Group { get; init; }

    /// <summary>Where checkpoints go.</summary>
    public required CheckpointSpec Checkpoints { get; init; }

    /// <summary>Data that must be near; moved or read across regions otherwise.</summary>
    public ImmutableArray<DatasetSpec> Datasets { get; init; } = [];

    /// <summary>How many steps may be redone without asking a person; <see langword="null"/>: any number.</summary>
    public long? MaxRollbackSteps { get; init; }

    /// <summary>Time limits of a move's steps, before their doubling.</summary>
    public DeadlineSpec Deadlines { get; init; } = new();

    /// <summary>How we see that it trains.</summary>
    public ProgressSpec Progress { get; init; } = new();

    /// <summary>How often a failed workload is started again.</summary>
    public RetrySpec Retries { get; init; } = new();

    /// <summary>The workload's own manifest, as the user wrote it.</summary>
    public required JsonObject Workload { get; init; }
}

/// <summary>A gang: <paramref name="Workers"/> pods (1 to 10,000) of <paramref name="GpusPerWorker"/> GPUs (1, 2, 4 or 8).</summary>
public sealed record GangSpec(int Workers, int GpusPerWorker)
{
    /// <summary>All of its GPUs.</summary>
    public int Gpus => Workers * GpusPerWorker;
}

/// <summary>
/// The store of the fleet file that the run begins with, and its replicas (others; empty means: one in another region, chosen by us).
/// <paramref name="SizeGigabytesExpected"/> stands in for a checkpoint's size until there is one.
/// </summary>
public sealed record CheckpointSpec(string Store, ImmutableArray<string> Replicas, double SizeGigabytesExpected = 10);

/// <summary>A data set of <paramref name="SizeGigabytes"/> that is in <paramref name="Regions"/>.</summary>
public sealed record DatasetSpec(string Name, double SizeGigabytes, ImmutableArray<string> Regions);

/// <summary>Time limits; each doubles with every try, and staging's grows with the bytes.</summary>
public sealed record DeadlineSpec
{
    /// <summary>For staging, on top of twice the time that the bytes need.</summary>
    public TimeSpan Staging { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>From the workload's creation to its gang running.</summary>
    public TimeSpan Launch { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>From the gang running to the first new step.</summary>
    public TimeSpan Verify { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>For a last checkpoint, when drained.</summary>
    public TimeSpan Quiesce { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>What shows progress.</summary>
public enum ProgressKind
{
    /// <summary>Heartbeats whose step rises.</summary>
    Heartbeat,

    /// <summary>New commits.</summary>
    Commit,

    /// <summary>All pods ready; weak: it says nothing of training.</summary>
    PodsReady,
}

/// <summary>How progress is seen. The interval is the trainer's own between heartbeats.</summary>
public sealed record ProgressSpec(ProgressKind By = ProgressKind.Heartbeat)
{
    /// <summary>Between two heartbeats; 1 s to 10 min.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>Failed workloads: retried in place, then elsewhere, then a person is asked. Both 0 to 100.</summary>
public sealed record RetrySpec(int InPlace = 3, int Elsewhere = 2);
