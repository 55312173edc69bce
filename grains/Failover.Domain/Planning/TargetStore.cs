using Failover.Domain.Fleet;
using Failover.Domain.Runs;

namespace Failover.Domain.Planning;

/// <summary>Which store of a region a run would commit to.</summary>
public static class TargetStore
{
    /// <summary>The one that the run names (its own before its replicas), else the region's first; <see langword="null"/> where the region has none.</summary>
    public static StoreSpec? In(string region, RunSpec spec, FleetSpec fleet) =>
        spec.Checkpoints.Replicas.Prepend(spec.Checkpoints.Store).Select(fleet.FindStore).FirstOrDefault(store => store?.Region == region)
            ?? fleet.Stores.FirstOrDefault(store => store.Region == region);
}
