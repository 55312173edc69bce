using System.ComponentModel.DataAnnotations;

namespace Failover.Domain.Migration;

/// <summary>What an operator may set of the run machine.</summary>
public sealed record RunPolicy
{
    /// <summary>First delay before an effect that failed is tried again; it doubles.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest delay between two tries.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan RetryDelayMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a member that failed a run is not chosen for it; doubles with every failure, to <see cref="DistrustMax"/>.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan Distrust { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The longest distrust.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan DistrustMax { get; init; } = TimeSpan.FromHours(4);

    /// <summary>Own verified commits after which the pin on what an epoch resumed from is dropped.</summary>
    [Range(1, 100)]
    public int OwnCommitsToUnpin { get; init; } = 2;

    /// <summary>Delay before a run that was moved lately is moved again; doubles with every move within <see cref="MoveMemory"/>. The first move has none.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan MoveAgainDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest such delay.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan MoveAgainDelayMax { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a move is remembered for that delay.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan MoveMemory { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Delay before a run that waits for a checkpoint or a store is looked at again.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan LineageRecheck { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a move may wait for its GPUs to be reserved before its target is given up; a reservation takes no time that depends on bytes. Doubles with each move in a row
    /// that ran out of time, as <see cref="SurveyLimit"/> does. 1 s to 1 d.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan ReserveLimit { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a move may wait for the stores to say what they hold before its target is given up. 1 s to 1 d.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan SurveyLimit { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// How long a seal may take before it is told that the run waits for that store. Nothing is given up then: past the fence there is no way back, and it is tried on.
    /// 1 s to 1 d.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan SealLimit { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Bandwidth assumed for staging deadlines, bytes a second.</summary>
    [Range(typeof(long), "1", "1000000000000")]
    public long StagingBytesPerSecond { get; init; } = 50_000_000;

    /// <summary>How long a run that was preempted is not preempted again. 1 min to 30 d.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan PreemptPeriod { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a run runs before its retries are forgotten.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan RunsWellAfter { get; init; } = TimeSpan.FromMinutes(10);
}
