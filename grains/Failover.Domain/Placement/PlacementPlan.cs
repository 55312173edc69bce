using System.Collections.Immutable;
using Failover.Domain.Migration;

namespace Failover.Domain.Placement;

/// <summary>What made a plan.</summary>
public enum PlacementEngine
{
    /// <summary>All runs together, with a proven bound, preempting where that is worth more.</summary>
    Solver,

    /// <summary>In several orders, improved by exchanges; nothing is preempted.</summary>
    Greedy,
}

/// <summary>A proposed set of moves. Every run of the problem is in exactly one of the four lists, each ordered by uid.</summary>
/// <param name="SnapshotVersion">That of the problem.</param>
/// <param name="Moves">Who goes where.</param>
/// <param name="Unplaced">Who has no place and gets none, and why.</param>
/// <param name="Value">The sum of the values of what is placed and what stays, in thousandths of a GPU-hour's price.</param>
public sealed record PlacementPlan(long SnapshotVersion, ImmutableArray<PlannedMove> Moves, ImmutableArray<UnplacedRun> Unplaced, long Value)
{
    /// <summary>Who keeps its home.</summary>
    public ImmutableArray<PlannedStay> Stays { get; init; } = [];

    /// <summary>Who loses its home, and for whom.</summary>
    public ImmutableArray<PreemptedRun> Preempted { get; init; } = [];

    /// <summary>No plan is worth more: proven, to the precision that the solver counts ingest in (2^-24 of a region's window); <see langword="null"/> where nothing was.</summary>
    public long? Bound { get; init; }

    /// <summary>What made it.</summary>
    public PlacementEngine Engine { get; init; } = PlacementEngine.Greedy;

    /// <summary>The share of <see cref="Bound"/> that it may have left on the table, at the most: 0 to 1.</summary>
    public double? Gap => Bound is not { } bound ? null : bound > 0 ? (bound - Value) / (double)bound : 0;
}

/// <summary>A run's new place, what it is worth, and the bytes that count against the region's ingest.</summary>
public sealed record PlannedMove(string RunUid, Target Target, long Value, long IngestBytes)
{
    /// <summary>What the place costs the run.</summary>
    public PlaceCost Cost { get; init; } = new(TimeSpan.Zero, 0, 0);

    /// <summary>The next best place; <see langword="null"/> where there is none, or where the engine does not look for it.</summary>
    public RunnerUp? RunnerUp { get; init; }
}

/// <summary>What a place costs a run.</summary>
/// <param name="Staging">Until what must be there first is there.</param>
/// <param name="EgressMicrodollars">What bringing it costs, in millionths of a US dollar.</param>
/// <param name="GpuHoursLost">Of its whole gang, while it starts up and waits for what is brought.</param>
public sealed record PlaceCost(TimeSpan Staging, long EgressMicrodollars, double GpuHoursLost);

/// <summary>A place that a run might have had instead.</summary>
/// <param name="Member">Where.</param>
/// <param name="Sku">The GPU type.</param>
/// <param name="Loss">What the plan would be worth less, in thousandths of a GPU-hour's price, those who would have to make room included; below 0 it would be worth more.</param>
public sealed record RunnerUp(string Member, string Sku, long Loss);

/// <summary>A run without a place, with a reason for every member, ordered by member.</summary>
public sealed record UnplacedRun(string RunUid, ImmutableArray<MemberReason> PerMember);

/// <summary>A run that keeps its home, and what that is worth.</summary>
public sealed record PlannedStay(string RunUid, long Value);

/// <summary>A run that loses its home.</summary>
/// <param name="RunUid">The run.</param>
/// <param name="Home">What it gives up.</param>
/// <param name="Loss">What staying would have been worth.</param>
/// <param name="For">The moves that need what it gives up, and can't begin before: run uids, at least one, the most valuable first.</param>
public sealed record PreemptedRun(string RunUid, PlacementHome Home, long Loss, ImmutableArray<string> For);
