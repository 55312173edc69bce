using Failover.Domain.Fleet;

namespace Failover.Domain.Planning;

/// <summary>Where the runs of a member send their heartbeats: one store for all of them, so that one listing shows the member.</summary>
public static class HeartbeatStore
{
    /// <summary>
    /// A store in another region than the member's, else its silence would say nothing of the member: over the best link, ties by name.
    /// <see langword="null"/> where no other region has a store. Throws <see cref="ArgumentException"/> for a member that the fleet file does not list.
    /// </summary>
    public static StoreSpec? For(string member, FleetSpec fleet)
    {
        var home = fleet.FindMember(member) ?? throw new ArgumentException($"no member {member} in the fleet file", nameof(member));
        return fleet.Stores
            .Where(store => store.Region != home.Region)
            .OrderBy(store => fleet.Link(home.Region, store.Region), LinkOrder.BestFirst)
            .ThenBy(store => store.Name, StringComparer.Ordinal)
            .FirstOrDefault();
    }
}
