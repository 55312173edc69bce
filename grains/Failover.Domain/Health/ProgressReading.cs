using System.Collections.Immutable;

namespace Failover.Domain.Health;

/// <summary>One reading of where a member's runs are, at <paramref name="Now"/> of the reader's monotonic clock.</summary>
/// <param name="Now">Monotonic.</param>
/// <param name="InDoubt">Whether the member's API is in doubt at this site: then reports are refreshed fast.</param>
/// <param name="Stores">Each store that was read.</param>
public sealed record ProgressReading(TimeSpan Now, bool InDoubt, ImmutableArray<StoreReading> Stores);

/// <summary>What a store showed of a member's runs.</summary>
/// <param name="Store">Its name.</param>
/// <param name="Answered">The listing was whole, and our canary was written and read back.</param>
/// <param name="OutsideRegion">It is not in the member's own region; else silence says nothing, as it may be the store's.</param>
/// <param name="Runs">Only runs whose current epoch is on this member; empty unless it answered.</param>
public sealed record StoreReading(string Store, bool Answered, bool OutsideRegion, ImmutableArray<RunSighting> Runs);

/// <summary>The newest heartbeat or commit of a run. <paramref name="IntervalMin"/>: its spec's heartbeat interval, below which no interval is believed.</summary>
public sealed record RunSighting(string RunUid, int Epoch, int Attempt, long Step, TimeSpan IntervalMin);

/// <summary>What a site's reader knows of a member's runs.</summary>
public sealed record ProgressWitnessState
{
    /// <summary>Runs that stepped before this reader started, as the member has stored them: their silence counts from its start.</summary>
    public ImmutableArray<RunPace> Seeds { get; init; } = [];

    /// <summary>Stores, by when they answered.</summary>
    public ImmutableArray<StoreWatch> Stores { get; init; } = [];

    /// <summary>Runs seen.</summary>
    public ImmutableArray<RunWatch> Runs { get; init; } = [];

    /// <summary>The last call.</summary>
    public TimeSpan? LastAt { get; init; }

    /// <summary>The last report.</summary>
    public TimeSpan? ReportedAt { get; init; }

    /// <summary>What it said.</summary>
    public Answer Answer { get; init; }
}

/// <summary>A store that answered without a gap since then, and last at that time.</summary>
public sealed record StoreWatch(string Store, bool OutsideRegion, TimeSpan Since, TimeSpan Last);

/// <summary>An attempt of a run as seen in a store.</summary>
/// <param name="Store">The store.</param>
/// <param name="RunUid">The run.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Attempt">Its attempt.</param>
/// <param name="Step">The highest step seen.</param>
/// <param name="Rises">How often it was seen to rise.</param>
/// <param name="Since">When it was seen first, or again after the reader lagged.</param>
/// <param name="RoseAt">When it last rose.</param>
/// <param name="Usual">Its usual interval, never below the spec's.</param>
public sealed record RunWatch(
    string Store, string RunUid, int Epoch, int Attempt, long Step, int Rises, TimeSpan Since, TimeSpan? RoseAt, TimeSpan Usual);

/// <summary>What follows from a reading.</summary>
/// <param name="State">The new state.</param>
/// <param name="Report">For the member; <see langword="null"/> where there is nothing new to tell.</param>
/// <param name="Rises">For the runs.</param>
public sealed record ProgressStep(ProgressWitnessState State, ProgressReport? Report, ImmutableArray<RunRise> Rises);
