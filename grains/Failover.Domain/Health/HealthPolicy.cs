using System.ComponentModel.DataAnnotations;

namespace Failover.Domain.Health;

/// <summary>Thresholds of the witnesses. They differ up and down, so that a verdict does not flap.</summary>
public sealed record HealthPolicy
{
    /// <summary>Between two probes of a member by a site. 100 ms to 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Probes missed in a row before the API is said not to answer. 1 to 100; 3 at 1 s with a time-out of 1 s suspects within 4 s.</summary>
    [Range(1, 100)]
    public int MissesToDoubt { get; init; } = 3;

    /// <summary>Good probes in a row before it is said to answer again. 1 to 100.</summary>
    [Range(1, 100)]
    public int GoodToTrust { get; init; } = 2;

    /// <summary>An answer that takes this long is an ill one. 10 ms to 30 s, and below the probe's time-out.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:00:30")]
    public TimeSpan SlowAfter { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A gap of more than so many intervals between two calls means that the observer itself lagged: it forgets what it knew. 2 to 100.</summary>
    [Range(2.0, 100.0)]
    public double LagIntervals { get; init; } = 3;

    /// <summary>How often an unchanged good answer is told again. 1 s to 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Refresh { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often an answer in doubt is told again: deadlines are only acted on after a fresh observation. 100 ms to 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan RefreshInDoubt { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Between two readings of a member's heartbeats while all is well; in doubt they are read at <see cref="ProbeInterval"/>. 100 ms to 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan ReadInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A run is silent after so many of its own usual intervals. 2 to 20.</summary>
    [Range(2.0, 20.0)]
    public double SilentIntervals { get; init; } = 3;

    /// <summary>Rises seen of an attempt before its silence says anything: starting, loading and compiling runs are no witnesses. 2 to 100.</summary>
    [Range(2, 100)]
    public int RisesToWitness { get; init; } = 2;

    /// <summary>Weight of the newest interval in the learnt one. Over 0, to 1.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double IntervalWeight { get; init; } = 0.25;

    /// <summary>The share of a member's witnesses that must have missed their intervals since anything last rose there. Over 0, to 1.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double SilentShare { get; init; } = 0.5;

    /// <summary>A run that pauses now and then, for its checkpoints say, is silent only after so many times its longest pause of late. 1 to 10.</summary>
    [Range(1.0, 10.0)]
    public double PauseFactor { get; init; } = 1.5;

    /// <summary>A silence longer than this is not learnt as a pause, even where life followed. 0 to 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan PauseMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The time in which a pause that is not repeated is half forgotten. 1 min to 30 d.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan PauseMemory { get; init; } = TimeSpan.FromHours(4);

    /// <summary>How long a run may be busy by its own word (loading, compiling, checkpointing) without a further beat. 1 s to 1 d.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan BusyMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A run has stalled once its step has not risen for so many of its usual intervals, and for <see cref="StallMin"/>. 2 to 10,000.</summary>
    [Range(2.0, 10_000.0)]
    public double StallIntervals { get; init; } = 20;

    /// <summary>The shortest time in which a run can stall; never shorter than its spec's limit for starting (<c>deadlines.verify</c>). 1 s to 1 d.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan StallMin { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Below this share of nodes alive, the member's nodes are said not to be. 0 to 1.</summary>
    [Range(0.0, 1.0)]
    public double NodesAliveMin { get; init; } = 0.5;

    /// <summary>From this share on they are said to be alive again. <see cref="NodesAliveMin"/> to 1.</summary>
    [Range(0.0, 1.0)]
    public double NodesAliveAgain { get; init; } = 0.6;
}
