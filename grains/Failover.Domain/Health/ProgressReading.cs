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
public sealed record RunSighting(string RunUid, int Epoch, int Attempt, long Step, TimeSpan IntervalMin)
{
    /// <summary>The trainer's count of its heartbeats, where it keeps one: a beat is life, though not a step.</summary>
    public long Beat { get; init; }

    /// <summary>The trainer says that it loads, compiles or makes a checkpoint: no step is to be expected.</summary>
    public bool Busy { get; init; }

    /// <summary>How long its gang may take to start and load, by its spec: no stall is shorter.</summary>
    public TimeSpan StartMax { get; init; }

    /// <summary>It sends no heartbeats: <see cref="Step"/> is from its commits, which are far between.</summary>
    public bool ByCommit { get; init; }
}

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

    /// <summary>Whether the member's API was in doubt at the last call; <see langword="null"/> before the first.</summary>
    public bool? InDoubt { get; init; }

    /// <summary>How many runs it said had stalled.</summary>
    public int Stalled { get; init; }
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
    string Store, string RunUid, int Epoch, int Attempt, long Step, int Rises, TimeSpan Since, TimeSpan? RoseAt, TimeSpan Usual)
{
    // A trainer may load or compile far longer than it may do so without a beat; but not for ever.
    private const int BusyStallFactor = 6;

    /// <summary>When it last showed life: a step that rose, or a beat.</summary>
    public TimeSpan? AliveAt { get; init; }

    /// <summary>The longest silence of late that was followed by life.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>The longest that it was busy of late, by its own word and without a beat, before it showed life again.</summary>
    public TimeSpan BusyPause { get; init; }

    /// <summary>The longest time of late in which its step did not rise, a restart of its gang included.</summary>
    public TimeSpan Standstill { get; init; }

    /// <summary>Its count of beats.</summary>
    public long Beat { get; init; }

    /// <summary>By its own word no step is to be expected, for so many beats since it said so (the first included); 0 where it is not busy.</summary>
    public int BusyBeats { get; init; }

    /// <summary>It was late before its member's API came into doubt, and has shown no life since: it says nothing of what happened then.</summary>
    public bool SilentBefore { get; init; }

    /// <summary>It is known by its commits alone.</summary>
    public bool ByCommit { get; init; }

    /// <summary>How long its gang may take to start and load.</summary>
    public TimeSpan StartMax { get; init; }

    /// <summary>For how long it must show no life to be silent, in a store that has been answering without a gap since <paramref name="storeSince"/>.</summary>
    public TimeSpan SilentAfter(TimeSpan storeSince, HealthPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var own = Longest(Usual * policy.SilentIntervals, Pause * policy.PauseFactor);
        // The word that it would be busy may have been lost while the store did not answer.
        own = AliveAt < storeSince ? Longest(own, BusyPause * policy.PauseFactor) : own;
        // Who beats on while it is busy is judged by its beats; who said so once and fell silent has its time.
        return BusyBeats == 1 ? Longest(own, policy.BusyMax) : own;
    }

    /// <summary>For how long it has been known to show no life though all was well: beyond that it is late, if not yet silent.</summary>
    public TimeSpan LateAfter(HealthPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var own = Longest(Usual * policy.SilentIntervals, Pause);
        return BusyBeats == 1 ? Longest(own, policy.BusyMax) : own;
    }

    /// <summary>For how long its step must not rise for it to have stalled.</summary>
    public TimeSpan StalledAfter(HealthPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var own = Longest(Longest(Usual * policy.StallIntervals, Standstill * 2), Longest(policy.StallMin, StartMax));
        return BusyBeats > 0 ? Longest(own, policy.BusyMax * BusyStallFactor) : own;
    }

    private static TimeSpan Longest(TimeSpan one, TimeSpan other) => one > other ? one : other;
}

/// <summary>What follows from a reading.</summary>
/// <param name="State">The new state.</param>
/// <param name="Report">For the member; <see langword="null"/> where there is nothing new to tell.</param>
/// <param name="Rises">For the runs.</param>
public sealed record ProgressStep(ProgressWitnessState State, ProgressReport? Report, ImmutableArray<RunRise> Rises);
