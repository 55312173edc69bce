using System.ComponentModel.DataAnnotations;

namespace Failover.Grains.Observers;

/// <summary>How a silo observes.</summary>
public sealed class ObserverOptions
{
    /// <summary>Where they are in the configuration.</summary>
    public const string SectionName = "Failover:Observers";

    /// <summary>The site that this silo witnesses from.</summary>
    [Required]
    public string Site { get; set; } = "local";

    /// <summary>The longest that a probe may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:30")]
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Changes on a member are gathered for so long before they are told.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:00:30")]
    public TimeSpan Settle { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Between two sweeps.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a workload must be away from a member that is in sight before it counts as gone.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan AbsentAfter { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Between two looks at what each run has committed.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan CustodyInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Runs looked after at once.</summary>
    [Range(1, 256)]
    public int CustodyParallel { get; set; } = 8;

    /// <summary>Commits, counted from the newest, that are verified and copied when we fell behind.</summary>
    [Range(1, 100)]
    public int CustodyDepth { get; set; } = 3;

    /// <summary>Between two looks for what earlier tries left behind in the store that a run commits to.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan CleanInterval { get; set; } = TimeSpan.FromHours(6);

    /// <summary>Between two readings of how things stand, for metrics.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan GaugeInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Between two rounds of asking members whether they would take runs' workloads.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan PreflightInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a member's word that it would take a run's workload counts.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "1.00:00:00")]
    public TimeSpan PreflightAge { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How soon one that would not is asked again.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan PreflightAgeRefused { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a run that was never placed waits for members' first word.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan PreflightPatience { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Between two passes of the planner.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan PlanInterval { get; set; } = TimeSpan.FromSeconds(1);
}
