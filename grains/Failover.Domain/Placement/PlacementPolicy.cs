using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;

namespace Failover.Domain.Placement;

/// <summary>What an operator may set of placement.</summary>
public sealed record PlacementPolicy
{
    /// <summary>How far ahead a place's worth is counted: 1 minute to 30 days. Longer makes delays matter less.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan Horizon { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The weight of each tier, 0 first; 1 to 1,000. A weight, no strict priority: many small runs can outweigh one of the tier above.</summary>
    public ImmutableArray<int> TierWeights { get; init; } = [1, 3, 9, 27];

    /// <summary>
    /// What a GPU type loses with each place further down in the run's order of preference, in percent, 0 to 50. Ten keeps a user's order among types of
    /// like throughput, and still takes a much faster one.
    /// </summary>
    [Range(0, 50)]
    public int SkuPreferencePercent { get; init; } = 10;

    /// <summary>What moving away from a member that would still do must gain, as time of the whole gang; 0 to the horizon.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan Churn { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>From the workload's creation to its first step, where nothing has to be brought; 0 to the horizon.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan StartUp { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The price of a GPU-hour of the reference type, in millionths of a US dollar: the unit that egress is weighed in. 1 and up.</summary>
    [Range(typeof(long), "1", "1000000000")]
    public long GpuHourMicrodollars { get; init; } = 2_000_000;

    /// <summary>What makes the plans. The greedy engine proves nothing and preempts nobody; it also steps in where the solver fails.</summary>
    [Range(typeof(PlacementEngine), nameof(PlacementEngine.Solver), nameof(PlacementEngine.Greedy))]
    public PlacementEngine Engine { get; init; } = PlacementEngine.Solver;

    /// <summary>No run of a tier waits, or is preempted, for the sake of any of the tiers below, whatever that costs them. Otherwise tiers are weights. Solver only.</summary>
    [Range(typeof(bool), "false", "true")]
    public bool StrictTiers { get; init; }

    /// <summary>How long the solver may look for a better plan, 10 ms to 1 min; it ends sooner where it has proven that there is none. Every displaced run waits for it.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan SolveLimit { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a plan that moved nobody stands while nothing has changed, 0 to 1 h: those that wait are not planned anew each second for nothing. What is at stake for live runs
    /// changes all the time, and is looked at again after this.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan SolveAgain { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many exchanges the greedy engine's improvement pass may try; 0 turns it off. A count, not a time, so that a plan can be replayed.</summary>
    [Range(0, 10_000_000)]
    public int ImprovementTrials { get; init; } = 20_000;
}
