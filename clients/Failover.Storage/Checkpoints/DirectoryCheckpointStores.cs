using System.Collections.Concurrent;
using Failover.Abstractions.Ports;

namespace Failover.Storage.Checkpoints;

/// <summary>The fleet file's stores, each a mounted folder.</summary>
public sealed class DirectoryCheckpointStores(FleetBook fleets, StoreOptions options, TimeProvider time) : ICheckpointStores
{
    // By name and path: a store that is mounted elsewhere by now is another folder.
    private readonly ConcurrentDictionary<(string Name, string Path), ICheckpointStore> _stores = new();

    /// <inheritdoc/>
    public ICheckpointStore Get(string store) => fleets.Current.FindStore(store) is { } found
        ? _stores.GetOrAdd((found.Name, found.Path), key => new DirectoryCheckpointStore(key.Name, key.Path, options, time))
        : throw new ArgumentException($"The fleet file lists no store {store}.", nameof(store));
}
