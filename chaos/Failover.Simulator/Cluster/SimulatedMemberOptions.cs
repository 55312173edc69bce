using Failover.Simulator.ApiServer;

namespace Failover.Simulator.Cluster;

/// <summary>One pool of equal nodes.</summary>
/// <param name="Name">The agent pool's name; its nodes are <c>aks-NAME-0000</c> and on.</param>
/// <param name="Sku">What runs ask for; the label <c>failover.dev/sku</c>.</param>
/// <param name="InstanceType">The virtual machine's size.</param>
/// <param name="Nodes">How many nodes, 0 or more.</param>
/// <param name="GpusPerNode">GPUs of a node, 0 or more.</param>
/// <param name="Zone">The zone, as in <c>eastus-1</c>.</param>
public sealed record NodePool(string Name, string Sku, string InstanceType, int Nodes, int GpusPerNode, string Zone);

/// <summary>Somebody who may call a member's API server.</summary>
/// <param name="Name">The user's name, as in the audit and in <c>WriteKubeconfig</c>.</param>
/// <param name="Role">What it may do.</param>
public sealed record MemberUser(string Name, MemberRole Role);

/// <summary>One simulated member.</summary>
public sealed record SimulatedMemberOptions
{
    /// <summary>The member's name, a DNS label.</summary>
    public required string Name { get; init; }

    /// <summary>The region it lies in.</summary>
    public required string Region { get; init; }

    /// <summary>Its pools of nodes.</summary>
    public IReadOnlyList<NodePool> Pools { get; init; } = [];

    /// <summary>Namespaces that exist from the start, besides the system's.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = ["train"];

    /// <summary>Who may call; each gets a bearer token of its own.</summary>
    public IReadOnlyList<MemberUser> Users { get; init; } = [new("failover", MemberRole.Admin)];

    /// <summary>Host names and addresses in the server's certificate. The default is what its endpoint needs.</summary>
    public IReadOnlyList<string> CertificateHostNames { get; init; } = ["127.0.0.1", "localhost"];

    /// <summary>Whether the server's certificate ran out yesterday.</summary>
    public bool CertificateExpired { get; init; }

    /// <summary>From binding to running containers: image pull, mounts, start. 0 or more.</summary>
    public TimeSpan StartupDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often every node renews its lease; above 0.</summary>
    public TimeSpan LeaseInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long after its kubelet's last sign a node is called not ready; 0 or more. Real clusters take 40 s.</summary>
    public TimeSpan NodeMonitorGrace { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>From power on until the kubelets run again; 0 or more.</summary>
    public TimeSpan NodeBootDelay { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long the Job controller waits before it replaces a failed pod; 0 or more. Real clusters take 10 s, doubling.</summary>
    public TimeSpan PodReplacementDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the Job controller gathers news of a Job's pods before it acts on them, as real ones do; 0 or more.</summary>
    public TimeSpan JobSyncPeriod { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Bind a Job's pods only when all of them fit at once.</summary>
    public bool GangScheduling { get; init; } = true;

    /// <summary>How many changes of one resource type a watch can look back on; older ones are Expired. At least 16.</summary>
    public int WatchHistory { get; init; } = 4096;

    /// <summary>Fixes uids and name suffixes, together with the member's name.</summary>
    public int Seed { get; init; } = 1;
}
