using System.ComponentModel.DataAnnotations;

namespace Failover.Kubernetes;

/// <summary>How members' API servers are called and watched.</summary>
public sealed class KubernetesOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string SectionName = "Kubernetes";

    /// <summary>Where a pod finds its own account: for members that say <c>inCluster</c>.</summary>
    [Required]
    public string ServiceAccountFolder { get; set; } = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>How long a credential plugin may take.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan PluginTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>For one try of a launch, a deletion or a page of a list.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan TryTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>For a new connection, TLS included.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A connection silent for this long is asked for a sign of life. A silent partition is noticed after this and <see cref="KeepAliveTimeout"/>.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan KeepAliveDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long that sign of life may take.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Further tries of what is safe to repeat.</summary>
    [Range(1, 10)]
    public int RetriesMax { get; set; } = 2;

    /// <summary>The median delay before the first further try; it grows, with decorrelated jitter.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>No delay between tries is longer, whatever a Retry-After says.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:05:00")]
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The circuit opens when this share of tries failed.</summary>
    [Range(0.01, 1.0)]
    public double BreakerFailureRatio { get; set; } = 0.5;

    /// <summary>Fewer tries within <see cref="BreakerWindow"/> say nothing.</summary>
    [Range(2, 1000)]
    public int BreakerThroughputMin { get; set; } = 4;

    /// <summary>The window that tries are counted in.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:10:00")]
    public TimeSpan BreakerWindow { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the circuit stays open before one try is let through.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:10:00")]
    public TimeSpan BreakerDuration { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Objects in a page of a list. 500 is what kubectl asks for: pages of it do not strain etcd.</summary>
    [Range(1, 10_000)]
    public int ListPageSize { get; set; } = 500;

    /// <summary>How long a watch lasts before the API server ends it, less a jitter of up to a fifth.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "01:00:00")]
    public TimeSpan WatchDuration { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>A watch broken for longer than this is a loss of sight.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan SightGrace { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The delay before a broken watch is tried again the first time; it doubles, with full jitter.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>No reconnect waits longer.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:05:00")]
    public TimeSpan ReconnectDelayMax { get; set; } = TimeSpan.FromSeconds(5);
}
