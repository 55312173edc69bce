using System.Collections.Immutable;

namespace Failover.Domain.Placement;

/// <summary>
/// Who wants a place, and what there is: a snapshot, in integers, so that the same problem gives the same plan on any machine. The order of its lists
/// does not matter, except for <see cref="PlacementRun.Skus"/>.
/// </summary>
public sealed record PlacementProblem
{
    /// <summary>The most runs of one problem; with the other limits it keeps every sum within 64 bits.</summary>
    public const int RunsMax = 50_000;

    /// <summary>The plan made from this carries it.</summary>
    public required long SnapshotVersion { get; init; }

    /// <summary>All members, targets or not.</summary>
    public required ImmutableArray<PlacementMember> Members { get; init; }

    /// <summary>The regions of the members.</summary>
    public required ImmutableArray<PlacementRegion> Regions { get; init; }

    /// <summary>One per member and GPU type.</summary>
    public required ImmutableArray<PlacementBin> Bins { get; init; }

    /// <summary>
    /// Who wants a place, and the <see cref="PlacementRun.Home"/>s that others may take: a live run that is not listed can't be preempted, and what it holds is not free.
    /// </summary>
    public required ImmutableArray<PlacementRun> Runs { get; init; }

    /// <summary>Runs that are not to be lost together.</summary>
    public ImmutableArray<PlacementGroup> Groups { get; init; } = [];
}

/// <summary>A member. <paramref name="NotTarget"/> says why it takes no new work; <see langword="null"/>: it does.</summary>
public sealed record PlacementMember(string Name, string Region, string? NotTarget = null);

/// <summary>A region. <paramref name="IngestBytes"/>: what may still be brought into it in the recovery window.</summary>
public sealed record PlacementRegion(string Name, long IngestBytes);

/// <summary>A member's free GPUs of one type: <paramref name="NodesByFreeGpus"/>[f] nodes have exactly f GPUs free.</summary>
public sealed record PlacementBin(string Member, string Sku, ImmutableArray<int> NodesByFreeGpus)
{
    /// <summary>[g]: nodes with g GPUs, whatever runs there: for reasons only. Empty: not known.</summary>
    public ImmutableArray<int> NodesByGpus { get; init; } = [];
}

/// <summary>A spread group: the gangs of its runs may have so many GPUs together in any one region, 0 to 2^40.</summary>
/// <param name="Name">As its runs name it.</param>
/// <param name="GpusPerRegionMax">Where those that are there already have more, they may stay, and nobody joins them.</param>
public sealed record PlacementGroup(string Name, long GpusPerRegionMax)
{
    /// <summary>By region: GPUs of its runs that are not in the problem, as they are moving, or can't be preempted. 0 to 2^40.</summary>
    public ImmutableDictionary<string, long> Held { get; init; } = ImmutableDictionary<string, long>.Empty;
}

/// <summary>Where a live run is, which may be preempted for another.</summary>
/// <param name="Member">A member of the problem, target or not, with a bin of that type.</param>
/// <param name="Sku">Among the run's <see cref="PlacementRun.Skus"/>.</param>
/// <param name="AtStake">
/// What preempting it throws away, as time of its whole gang, 0 to 30 days: work since its last checkpoint, its restart, and whatever else a preemption has to gain. A place that it
/// keeps is worth that much more than its GPUs over the horizon.
/// </param>
public sealed record PlacementHome(string Member, string Sku, TimeSpan AtStake);

/// <summary>A run that wants a place for its whole gang in one bin, or has one.</summary>
public sealed record PlacementRun
{
    /// <summary>Breaks all ties.</summary>
    public required string Uid { get; init; }

    /// <summary>For people.</summary>
    public required string Name { get; init; }

    /// <summary>Pods, 1 to 10,000.</summary>
    public required int Workers { get; init; }

    /// <summary>1, 2, 4 or 8: sizes that nest, so that counting chunks decides exactly what fits.</summary>
    public required int GpusPerWorker { get; init; }

    /// <summary>0 to 3; 3 is the highest.</summary>
    public required int Tier { get; init; }

    /// <summary>GPU types in order of preference.</summary>
    public required ImmutableArray<SkuChoice> Skus { get; init; }

    /// <summary>The regions where it may run and has a store, with what must be brought there. A region that is not listed is not allowed.</summary>
    public required ImmutableArray<PlacementSite> Sites { get; init; }

    /// <summary>Why a region is not among <see cref="Sites"/>, by region, where there is more to say than that it is not allowed.</summary>
    public ImmutableDictionary<string, string> RegionReasons { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Members that are not for this run, and why.</summary>
    public ImmutableArray<MemberExclusion> Excluded { get; init; } = [];

    /// <summary>Where it was, if staying there is better than moving by <see cref="PlacementPolicy.Churn"/>.</summary>
    public string? PreferredMember { get; init; }

    /// <summary>Regions that are better for it by <see cref="PlacementPolicy.Churn"/> than others; empty: none is.</summary>
    public ImmutableArray<string> PreferredRegions { get; init; } = [];

    /// <summary>Of <see cref="PlacementProblem.Groups"/>; <see langword="null"/>: none.</summary>
    public string? Group { get; init; }

    /// <summary>Where it runs, and stays unless it is preempted; <see langword="null"/>: it has no place.</summary>
    public PlacementHome? Home { get; init; }

    /// <summary>Whether a run that has a home may be given another: then <see cref="Sites"/> count for it as well. Staying brings nothing in.</summary>
    public bool MayMigrate { get; init; }

    /// <summary>All of its GPUs.</summary>
    public int Gpus => Workers * GpusPerWorker;
}

/// <summary>A GPU type that suits a run. <paramref name="ThroughputMilli"/>: thousandths of the reference type's, 1 to 100,000.</summary>
public sealed record SkuChoice(string Sku, int ThroughputMilli);

/// <summary>
/// A region where a run may go: the store that it would commit to, what must be there first, and how many bytes of that count against the region's ingest.
/// </summary>
public sealed record PlacementSite(string Region, string Store, ImmutableArray<Transfer> Transfers, long IngestBytes);

/// <summary>
/// Bytes to bring, 0 to <see cref="BytesMax"/>, from the nearest source: at a bandwidth (1 byte a second and up) and a price, in millionths of a US
/// dollar a gigabyte.
/// </summary>
public sealed record Transfer(long Bytes, long BytesPerSecond, long EgressMicrodollarsPerGigabyte)
{
    /// <summary>100 TB; <see cref="PlacementProblem.RunsMax"/> times this is still within 64 bits.</summary>
    public const long BytesMax = 100_000_000_000_000;
}

/// <summary>A member that is not for a run, and why, in an operator's words.</summary>
public sealed record MemberExclusion(string Member, string Reason);
