using Failover.Domain.Fleet;
using Failover.Domain.Runs;

namespace Failover.Domain.Planning;

/// <summary>Where a run's commits are copied to when it names no replicas.</summary>
public static class ReplicaChoice
{
    /// <summary>
    /// One store in another region than <paramref name="currentRegion"/>, where a failover would likeliest go: where the run may go, then where there are
    /// members, then over the best link. <see langword="null"/> in a fleet of one region.
    /// </summary>
    public static StoreSpec? For(RunSpec spec, FleetSpec fleet, string currentRegion) =>
        fleet.Regions
            .Where(region => region.Name != currentRegion)
            .OrderByDescending(region => spec.Regions.IsEmpty || spec.Regions.Contains(region.Name))
            .ThenByDescending(region => fleet.Members.Any(member => member.Region == region.Name))
            .ThenBy(region => fleet.Link(currentRegion, region.Name), LinkOrder.BestFirst)
            .ThenBy(region => region.Name, StringComparer.Ordinal)
            .Select(region => TargetStore.In(region.Name, spec, fleet))
            .FirstOrDefault(store => store is not null);
}

/// <summary>Orders links: the widest first, the cheaper of equals.</summary>
internal static class LinkOrder
{
    public static readonly IComparer<LinkSpec> BestFirst = Comparer<LinkSpec>.Create((left, right) =>
        right.MegabytesPerSecond.CompareTo(left.MegabytesPerSecond) is var wider and not 0
            ? wider
            : left.EgressDollarsPerGigabyte.CompareTo(right.EgressDollarsPerGigabyte));
}
