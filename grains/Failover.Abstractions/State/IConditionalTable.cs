using System.Collections.Immutable;

namespace Failover.Abstractions.State;

/// <summary>
/// All that the silos remember: rows under (partition, row), changed only by conditional writes. Promises linearizable single rows and
/// atomic batches within one partition, and no more, so that Azure Table storage, Cosmos DB's Table API and SQLite can all keep the promise.
/// </summary>
public interface IConditionalTable
{
    /// <summary>Reads one row; <see langword="null"/> where there is none. Throws <see cref="TableUnavailableException"/> when the store does not answer.</summary>
    Task<TableRow?> ReadAsync(string partition, string row, CancellationToken cancellationToken = default);

    /// <summary>
    /// Reads the rows of a partition whose keys lie in [<paramref name="fromRow"/>, <paramref name="toRow"/>), in ordinal order of the key,
    /// at most <paramref name="limit"/> of them. A <see langword="null"/> bound is open. Each row is current as of some moment during the read;
    /// the set is not a snapshot.
    /// </summary>
    IAsyncEnumerable<TableRow> RangeAsync(
        string partition, string? fromRow = null, string? toRow = null, int limit = int.MaxValue, CancellationToken cancellationToken = default);

    /// <summary>
    /// Applies all of <paramref name="writes"/> (1 to 100, one partition, each row at most once) or none.
    /// A conflict is an expected answer; an answer that got lost is <see cref="WriteOutcome.Unknown"/> only after it was read back in vain.
    /// </summary>
    Task<WriteResult> WriteAsync(string partition, ImmutableArray<TableWrite> writes, CancellationToken cancellationToken = default);
}

/// <summary>A stored row. <paramref name="ETag"/> is random, new with every write. <paramref name="WriterId"/> names the write that made it.</summary>
public sealed record TableRow(string Partition, string Row, string ETag, string WriterId, string Payload);

/// <summary>One conditional write.</summary>
public abstract record TableWrite(string Row)
{
    /// <summary>Creates the row; a conflict where it is there already.</summary>
    public sealed record Insert(string Row, string Payload) : TableWrite(Row);

    /// <summary>Replaces the row if its ETag is still <paramref name="ETag"/>.</summary>
    public sealed record Replace(string Row, string Payload, string ETag) : TableWrite(Row);

    /// <summary>Deletes the row if its ETag is still <paramref name="ETag"/>.</summary>
    public sealed record Delete(string Row, string ETag) : TableWrite(Row);
}

/// <summary>What became of a batch.</summary>
public enum WriteOutcome
{
    /// <summary>All of it is stored, durably.</summary>
    Written,

    /// <summary>None of it is stored: a row was there already, was gone, or had another ETag.</summary>
    Conflict,

    /// <summary>The answer was lost and reading back did not settle it: it may be stored or not (I4).</summary>
    Unknown,
}

/// <summary>
/// The outcome, with the new ETags in the order of the writes when <see cref="WriteOutcome.Written"/> (an empty string for a delete), and the row
/// that stood in the way when <see cref="WriteOutcome.Conflict"/>.
/// </summary>
public sealed record WriteResult(WriteOutcome Outcome, ImmutableArray<string> ETags, string? ConflictingRow = null);

/// <summary>The store did not answer, or answered that it can't. Nothing is known of what it did.</summary>
public sealed class TableUnavailableException : Exception
{
    /// <summary>An exception that says nothing more.</summary>
    public TableUnavailableException() { }

    /// <summary>An exception that says what was tried.</summary>
    public TableUnavailableException(string message) : base(message) { }

    /// <summary>An exception that says what was tried, and what came back.</summary>
    public TableUnavailableException(string message, Exception innerException) : base(message, innerException) { }
}
