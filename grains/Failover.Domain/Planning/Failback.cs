using System.Collections.Immutable;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;

namespace Failover.Domain.Planning;

/// <summary>Where a run might go back to. A proposal for a person: a run that trains is not disturbed for a preference.</summary>
public static class Failback
{
    /// <summary>
    /// The first member, by the run's order of regions and then by name, that has room for it by now; <see langword="null"/> where it has no preference, is where it wants to
    /// be, does not train, or finds none. Distrusted members, and those that are still ramped up after their return, are passed over.
    /// </summary>
    public static Target? Proposed(RunState run, PlannerInput input, PlanningPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(input);
        if (run is not { Step: RunStep.Running, Epoch: { } epoch } || run.Spec.Prefer.IsEmpty || run.Spec.Prefer.Contains(epoch.Target.Region))
            return null;
        var gang = run.Spec.Gang;
        return (
            from region in run.Spec.Prefer
            let store = TargetStore.In(region, run.Spec, input.Fleet)
            where store is not null && RegionVerdicts.Of(region, input.Members).IsTarget
            from member in input.Members.OrderBy(member => member.Name, StringComparer.Ordinal)
            where member.Region == region && MemberMachine.IsTarget(member).IsTarget && RampUp.Share(member, input.Now, policy) >= 1
            where !run.Distrusted.Any(distrust => distrust.Member == member.Name && distrust.Until > input.Now)
            from pool in MemberCapacity.Free(InFlight.WithPromises(member, input.Runs))
            where run.Spec.Skus.Contains(pool.Sku) && pool.Fits(gang.Workers, gang.GpusPerWorker)
            orderby run.Spec.Prefer.IndexOf(region), member.Name, run.Spec.Skus.IndexOf(pool.Sku)
            select new Target(member.Name, region, pool.Sku, store.Name)).FirstOrDefault();
    }

    /// <summary>All proposals, by uid. Each is made for itself: they may not all fit together.</summary>
    public static ImmutableSortedDictionary<string, Target> All(PlannerInput input, PlanningPolicy policy) =>
        input.Runs.Select(run => (run.Uid, Target: Proposed(run, input, policy))).Where(one => one.Target is not null)
            .ToImmutableSortedDictionary(one => one.Uid, one => one.Target!, StringComparer.Ordinal);
}
