using System.Collections.Frozen;
using Failover.Abstractions.Ports;
using Failover.Domain.Fleet;

namespace Failover.Storage.Checkpoints;

/// <summary>The fleet file's stores, each a mounted folder.</summary>
public sealed class DirectoryCheckpointStores(FleetSpec fleet, StoreOptions options, TimeProvider time) : ICheckpointStores
{
    private readonly FrozenDictionary<string, ICheckpointStore> _stores =
        fleet.Stores.ToFrozenDictionary(store => store.Name, ICheckpointStore (store) => new DirectoryCheckpointStore(store.Name, store.Path, options, time));

    /// <inheritdoc/>
    public ICheckpointStore Get(string store) =>
        _stores.TryGetValue(store, out var found) ? found : throw new ArgumentException($"The fleet file lists no store {store}.", nameof(store));
}
