using System.Collections.Immutable;

namespace Failover.Abstractions.State;

/// <summary>What the tables wrote, in the order in which it was stored; for those who tell of it. Nothing is decided by it.</summary>
public interface IRowFeed
{
    /// <summary>The sequence of the newest write; 0 before the first. Throws <see cref="TableUnavailableException"/> when the store does not answer.</summary>
    Task<long> LastAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// The writes with a sequence above <paramref name="after"/>, in order, at most <paramref name="limit"/> (from 1). The oldest are pruned: the first may be well above
    /// <paramref name="after"/>. Throws <see cref="TableUnavailableException"/> when the store does not answer.
    /// </summary>
    Task<ImmutableArray<FedRow>> ReadAsync(long after, int limit, CancellationToken cancellationToken = default);
}

/// <summary>A row as it was written; of a delete, <paramref name="Payload"/> is <see langword="null"/>.</summary>
public sealed record FedRow(long Seq, string Partition, string Row, string? Payload);
