using System.ComponentModel.DataAnnotations;

namespace Failover.Grains.Effects;

/// <summary>Limits of the effect runner.</summary>
public sealed class EffectOptions
{
    /// <summary>Where they are in the configuration.</summary>
    public const string SectionName = "Failover:Effects";

    /// <summary>Effects under way at once.</summary>
    [Range(1, 1024)]
    public int Parallel { get; set; } = 32;

    /// <summary>How long an effect other than staging may take before its outcome is unknown.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>
    /// How long one store may take to be sealed, or to be surveyed, altogether, before it counts as out of reach. A sealing is followed by a survey within the same effect.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan StoreTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Between two looks at whether a staging that is under way is still wanted. It has no time-out: a store ends it where it makes no progress, and the run's own deadline takes
    /// the wish for it away.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan StagingReview { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Files copied at once while staging one commit.</summary>
    [Range(1, 64)]
    public int StagingParallel { get; set; } = 4;

    /// <summary>Bytes a second for all staging of a silo together; 0 is no limit.</summary>
    [Range(0, long.MaxValue)]
    public long StagingBytesPerSecond { get; set; }

    /// <summary>Commits, counted from the newest, whose files are looked at when choosing where to resume.</summary>
    [Range(1, 64)]
    public int SurveyDepth { get; set; } = 6;
}
