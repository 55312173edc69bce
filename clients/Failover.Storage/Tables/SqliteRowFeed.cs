using System.Collections.Immutable;
using Failover.Abstractions.State;

namespace Failover.Storage.Tables;

/// <summary>The outbox of a table's file, as a feed.</summary>
public sealed class SqliteRowFeed(string path) : IRowFeed
{
    /// <inheritdoc/>
    public Task<long> LastAsync(CancellationToken cancellationToken = default) => SqliteOutbox.LastAsync(path, cancellationToken);

    /// <inheritdoc/>
    public async Task<ImmutableArray<FedRow>> ReadAsync(long after, int limit, CancellationToken cancellationToken = default) =>
        [.. (await SqliteOutbox.ReadAsync(path, after, limit, cancellationToken)).Select(entry => new FedRow(entry.Seq, entry.Partition, entry.Row, entry.Payload))];
}
