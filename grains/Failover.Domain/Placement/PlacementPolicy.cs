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

    /// <summary>How many exchanges the improvement pass may try; 0 turns it off. A count, not a time, so that a plan can be replayed.</summary>
    [Range(0, 10_000_000)]
    public int ImprovementTrials { get; init; } = 20_000;
}
