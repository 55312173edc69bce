using System.Text.Json;
using Failover.Simulator.Stores;

namespace Failover.Chaos.Checking;

// The checker reads rows as anybody could: from their JSON, with shapes of its own that name only what it judges by. It shares no code with the system.

/// <summary>A run's row as it was written at some moment.</summary>
public sealed record StoredRun
{
    /// <summary>The run's uid.</summary>
    public string Uid { get; init; } = "";

    /// <summary>What was asked for.</summary>
    public StoredSpec Spec { get; init; } = new();

    /// <summary>The step's name.</summary>
    public string Step { get; init; } = "";

    /// <summary>The current epoch.</summary>
    public StoredEpoch? Epoch { get; init; }

    /// <summary>Earlier epochs, oldest first.</summary>
    public IReadOnlyList<StoredPastEpoch> Past { get; init; } = [];

    /// <summary>The move under way.</summary>
    public StoredMove? Move { get; init; }

    /// <summary>The last move that ended.</summary>
    public StoredMove? LastMove { get; init; }

    /// <summary>Why it waits.</summary>
    public StoredWait? Waiting { get; init; }

    /// <summary>Seals that are owed.</summary>
    public IReadOnlyList<StoredSeal> PendingSeals { get; init; } = [];

    /// <summary>Copies found bad while loading.</summary>
    public IReadOnlyList<StoredBadCopy> BadCopies { get; init; } = [];
}

/// <summary>The part of a run's spec that judging needs.</summary>
public sealed record StoredSpec
{
    /// <summary>The run's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Its tenant.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>Its gang.</summary>
    public StoredGang Gang { get; init; } = new(0, 0);
}

/// <summary>Workers and GPUs of each.</summary>
public sealed record StoredGang(int Workers, int GpusPerWorker)
{
    /// <summary>All GPUs.</summary>
    public int Total => Workers * GpusPerWorker;
}

/// <summary>Where an epoch runs.</summary>
public sealed record StoredTarget(string Member, string Region, string Sku, string Store);

/// <summary>A current epoch.</summary>
public sealed record StoredEpoch(int Number, StoredTarget Target, CommitRef? ResumeFrom, long ResumeStep, string LaunchId, bool Fenced, string? GivenUp = null);

/// <summary>An earlier epoch.</summary>
public sealed record StoredPastEpoch(int Number, StoredTarget Target, CommitRef? ResumeFrom, CommitRef? CutAt, bool Sealed);

/// <summary>A move.</summary>
public sealed record StoredMove(
    int Number, string Cause, StoredTarget Target, int ToEpoch, CommitRef? Commit, long CommitStep, long CommitBytes, bool Fresh, string? FallbackDetail,
    IReadOnlyList<StoredDate> Dates)
{
    /// <summary>What the plan said of the place.</summary>
    public StoredNote? Note { get; init; }
}

/// <summary>What a plan said of a place: what made it, and the share that it may have left on the table, where that was proven.</summary>
public sealed record StoredNote(string Engine, double? Gap, double StagingSeconds, double EgressDollars, double GpuHoursLost, string? RunnerUp, double? RunnerUpLoss);

/// <summary>When a step was entered.</summary>
public sealed record StoredDate(string Step, DateTimeOffset At);

/// <summary>A wait.</summary>
public sealed record StoredWait(string Reason, string Detail, DateTimeOffset Since)
{
    /// <summary>What kept it out, by member.</summary>
    public IReadOnlyList<StoredReason> PerMember { get; init; } = [];
}

/// <summary>Why a run has no place on a member.</summary>
public sealed record StoredReason(string Member, string Reason);

/// <summary>An owed seal.</summary>
public sealed record StoredSeal(int Epoch, string Store);

/// <summary>A copy found bad.</summary>
public sealed record StoredBadCopy(string Store, CommitRef Commit);

/// <summary>A member's row as it was written at some moment.</summary>
public sealed record StoredMember
{
    /// <summary>Its name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Its region.</summary>
    public string Region { get; init; } = "";

    /// <summary>The verdict's name.</summary>
    public string Verdict { get; init; } = "";

    /// <summary>Why, with the table's row.</summary>
    public string VerdictDetail { get; init; } = "";

    /// <summary>GPUs as observed.</summary>
    public StoredCapacity? Capacity { get; init; }

    /// <summary>GPUs promised.</summary>
    public IReadOnlyList<StoredReservation> Reservations { get; init; } = [];

    /// <summary>Its witnesses.</summary>
    public IReadOnlyList<StoredPace> Paces { get; init; } = [];

    /// <summary>Whether its stale epochs are gone.</summary>
    public bool Clean { get; init; } = true;
}

/// <summary>An epoch whose pace is known: it is a witness of its member.</summary>
public sealed record StoredPace(string RunUid, int Epoch);

/// <summary>Observed pools and the pods of our workloads.</summary>
public sealed record StoredCapacity(IReadOnlyList<StoredPool> Pools, IReadOnlyList<StoredUse> Workloads);

/// <summary>Nodes by the number of their free GPUs.</summary>
public sealed record StoredPool(string Sku, int Gpus, IReadOnlyList<int> NodesByFreeGpus)
{
    /// <summary>GPUs that no pod is bound to.</summary>
    public int Free => NodesByFreeGpus.Select((nodes, free) => nodes * free).Sum();
}

/// <summary>GPUs that pods of an epoch are bound to.</summary>
public sealed record StoredUse(string RunUid, int Epoch, string Sku, int Gpus);

/// <summary>GPUs promised to an epoch.</summary>
public sealed record StoredReservation(string RunUid, int Epoch, string EffectId, string Sku, int Workers, int GpusPerWorker)
{
    /// <summary>All of them.</summary>
    public int Gpus => Workers * GpusPerWorker;
}

/// <summary>The brake's row.</summary>
public sealed record StoredBrake
{
    /// <summary>Permits of the window.</summary>
    public IReadOnlyList<StoredPermit> Permits { get; init; } = [];

    /// <summary>Why it holds.</summary>
    public string? HeldBecause { get; init; }

    /// <summary>Who released it last.</summary>
    public StoredRelease? Release { get; init; }
}

/// <summary>A permit.</summary>
public sealed record StoredPermit(string RunUid, int Epoch, string Region, int Gpus, DateTimeOffset At);

/// <summary>A release.</summary>
public sealed record StoredRelease(string By, DateTimeOffset At);

/// <summary>A row's content, of whatever kind, at the place that it has in the tables' own sequence.</summary>
public sealed record StoredWrite<TRow>(long Seq, DateTimeOffset At, TRow Row);

/// <summary>Reads payloads.</summary>
public static class StoredRows
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>A payload as a row of a shape. Throws <see cref="InvalidDataException"/> where it is none.</summary>
    public static TRow Parse<TRow>(string payload)
    {
        try
        {
            return JsonSerializer.Deserialize<TRow>(payload, Json) ?? throw new InvalidDataException("A row's payload is null.");
        }
        catch (JsonException fault)
        {
            throw new InvalidDataException($"A row's payload is no {typeof(TRow).Name}: {fault.Message}", fault);
        }
    }
}
