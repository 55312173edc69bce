using System.Collections.Immutable;

namespace Failover.Domain.Fleet;

/// <summary>What the operator says there is: regions, members, stores, the links between regions, tenants, and the sites that we witness from.</summary>
public sealed record FleetSpec
{
    /// <summary>Names this installation in labels on members, so that two of us never sweep each other's workloads. <c>[a-z0-9-]{1,40}</c>.</summary>
    public required string Installation { get; init; }

    /// <summary>Azure regions, or any failure domain above members.</summary>
    public required ImmutableArray<RegionSpec> Regions { get; init; }

    /// <summary>The Kubernetes clusters that we look after.</summary>
    public required ImmutableArray<MemberSpec> Members { get; init; }

    /// <summary>Checkpoint stores, one or more a region.</summary>
    public required ImmutableArray<StoreSpec> Stores { get; init; }

    /// <summary>Bandwidth and price between regions; a pair that is not listed has the default of <see cref="LinkSpec.Default"/>.</summary>
    public ImmutableArray<LinkSpec> Links { get; init; } = [];

    /// <summary>Who may submit runs, and as whom they run on members.</summary>
    public required ImmutableArray<TenantSpec> Tenants { get; init; }

    /// <summary>GPU types, with their throughput relative to each other.</summary>
    public required ImmutableArray<SkuSpec> Skus { get; init; }

    /// <summary>Groups of runs that are to be spread over regions; a run names its own.</summary>
    public ImmutableArray<GroupSpec> Groups { get; init; } = [];

    /// <summary>The configured sites; a quorum is of these, whoever is alive.</summary>
    public required ImmutableArray<string> Sites { get; init; }

    /// <summary>The member by name, or <see langword="null"/>.</summary>
    public MemberSpec? FindMember(string name) => Members.FirstOrDefault(member => member.Name == name);

    /// <summary>The store by name, or <see langword="null"/>.</summary>
    public StoreSpec? FindStore(string name) => Stores.FirstOrDefault(store => store.Name == name);

    /// <summary>The tenant by name, or <see langword="null"/>.</summary>
    public TenantSpec? FindTenant(string name) => Tenants.FirstOrDefault(tenant => tenant.Name == name);

    /// <summary>The group by name, or <see langword="null"/>.</summary>
    public GroupSpec? FindGroup(string name) => Groups.FirstOrDefault(group => group.Name == name);

    /// <summary>The link between two regions, in either direction.</summary>
    public LinkSpec Link(string from, string to) =>
        from == to
            ? new LinkSpec(from, to, LinkSpec.LocalMegabytesPerSecond, 0)
            : Links.FirstOrDefault(link => (link.From == from && link.To == to) || (link.From == to && link.To == from))
                ?? LinkSpec.Default with { From = from, To = to };
}

/// <summary>A region. <paramref name="RestoreMegabytesPerSecond"/>: what can be read into it in a restore storm, all runs together.</summary>
public sealed record RegionSpec(string Name, double RestoreMegabytesPerSecond = 20_000);

/// <summary>A member: where its credentials are (never the credentials themselves), and its region.</summary>
public sealed record MemberSpec(string Name, string Region, string Kubeconfig, string? Context = null)
{
    /// <summary>The silo runs there as a pod, and takes its own account's credentials; <see cref="Kubeconfig"/> is empty then.</summary>
    public bool InCluster { get; init; }

    /// <summary>The one program that its kubeconfig may run to get credentials, by absolute path; <see langword="null"/>: none.</summary>
    public string? ExecPlugin { get; init; }

    /// <summary>Its owner stopped it, or is about to: its runs wait for it once it is down, and it takes no new work.</summary>
    public bool Stopped { get; init; }

    /// <summary>How it is reached; what else is said of it is no reason to connect anew.</summary>
    public MemberSpec Reached => this with { Stopped = false };
}

/// <summary>
/// A checkpoint store. <paramref name="Path"/> is where silos mount it, <paramref name="Uri"/> what trainers are given (no trailing slash).
/// </summary>
public sealed record StoreSpec(string Name, string Region, string Path, string Uri);

/// <summary>A link between regions; symmetric. Price in US dollars a gigabyte.</summary>
public sealed record LinkSpec(string From, string To, double MegabytesPerSecond, double EgressDollarsPerGigabyte)
{
    /// <summary>Bandwidth within a region.</summary>
    public const double LocalMegabytesPerSecond = 10_000;

    /// <summary>For pairs that the fleet file does not list: 1 GB/s at Azure's usual inter-region price.</summary>
    public static readonly LinkSpec Default = new("", "", 1_000, 0.02);
}

/// <summary>A tenant: the namespace and service account that its runs get on members, and its prefix in stores (its name).</summary>
public sealed record TenantSpec(string Name, string Namespace, string? ServiceAccount = null);

/// <summary>A GPU type. <paramref name="NodeLabel"/>=<paramref name="NodeLabelValue"/> selects its nodes; <paramref name="Throughput"/> is relative (1 = reference).</summary>
public sealed record SkuSpec(string Name, double Throughput, string NodeLabel, string NodeLabelValue);

/// <summary>Runs that must not all be lost with one region: together they get at most <paramref name="MaxGpusPerRegion"/> GPUs in any, 1 to 10,000,000.</summary>
public sealed record GroupSpec(string Name, int MaxGpusPerRegion);
