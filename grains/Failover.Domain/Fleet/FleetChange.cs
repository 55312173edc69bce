using System.Collections.Immutable;
using Failover.Domain.Documents;
using Failover.Domain.Migration;

namespace Failover.Domain.Fleet;

/// <summary>Judges an edit of the fleet while silos run and runs live.</summary>
public static class FleetChange
{
    /// <summary>
    /// Why <paramref name="next"/> may not follow <paramref name="now"/>; none if it may. Members may come and go; what live runs stand on, or what is written into
    /// labels and quorums, stays. Paths are those of the fleet file.
    /// </summary>
    public static ImmutableArray<Fault> Faults(FleetSpec now, FleetSpec next, IEnumerable<RunState> runs)
    {
        ArgumentNullException.ThrowIfNull(now);
        ArgumentNullException.ThrowIfNull(next);
        var faults = new List<Fault>();
        if (next.Installation != now.Installation)
            faults.Add(new Fault("installation", $"was {Names.Quote(now.Installation)}: workloads carry that name, and would be nobody's; it never changes"));
        if (!next.Sites.SequenceEqual(now.Sites))
            faults.Add(new Fault("sites", $"was {string.Join(", ", now.Sites)}: quorums are of these; stop all silos to change them"));
        foreach (var (index, member) in next.Members.Index())
        {
            if (now.FindMember(member.Name) is { } known && known.Region != member.Region)
                faults.Add(new Fault($"members[{index}].region", $"was {Names.Quote(known.Region)}: a member never moves; give it a new name"));
        }

        foreach (var (index, store) in next.Stores.Index())
        {
            if (now.FindStore(store.Name) is { } known && known.Region != store.Region)
                faults.Add(new Fault($"stores[{index}].region", $"was {Names.Quote(known.Region)}: a store never moves; give it a new name"));
        }

        foreach (var run in runs.Where(run => !run.IsTombstone))
            faults.AddRange(StoodOn(run, now, next));
        return Fault.Listed(faults);
    }

    /// <summary>What a live run stands on and <paramref name="next"/> no longer has, though <paramref name="now"/> did.</summary>
    private static IEnumerable<Fault> StoodOn(RunState run, FleetSpec now, FleetSpec next)
    {
        var places = new[] { run.Epoch?.Target, run.Move?.Target }.OfType<Target>().ToList();
        if (now.FindTenant(run.Spec.Tenant) is not null && next.FindTenant(run.Spec.Tenant) is null)
            yield return Gone("tenants", run.Spec.Tenant, run);
        foreach (var store in run.Spec.Checkpoints.Replicas.Prepend(run.Spec.Checkpoints.Store).Concat(places.Select(place => place.Store)).Distinct())
        {
            if (now.FindStore(store) is not null && next.FindStore(store) is null)
                yield return Gone("stores", store, run);
        }

        if (run.Spec.Group is { } group && now.FindGroup(group) is not null && next.FindGroup(group) is null)
            yield return Gone("groups", group, run);
        foreach (var sku in places.Select(place => place.Sku).Distinct())
        {
            if (now.Skus.Any(known => known.Name == sku) && next.Skus.All(known => known.Name != sku))
                yield return Gone("skus", sku, run);
        }
    }

    private static Fault Gone(string list, string name, RunState run) =>
        new(list, $"{Names.Quote(name)} is gone, and run {run.Spec.Name} ({run.Uid}) stands on it; cancel or move that first");
}
