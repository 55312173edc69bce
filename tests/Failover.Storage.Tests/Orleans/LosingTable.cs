using System.Collections.Immutable;
using Failover.Abstractions.State;

namespace Failover.Storage.Tests.Orleans;

/// <summary>A table that loses the answers of writes while it is told to.</summary>
internal sealed class LosingTable(IConditionalTable table) : IConditionalTable
{
    public bool Loses { get; set; }

    /// <summary>Rows that ranges gave out.</summary>
    public int RowsRanged { get; set; }

    public Task<TableRow?> ReadAsync(string partition, string row, CancellationToken cancellationToken = default) =>
        table.ReadAsync(partition, row, cancellationToken);

    public async IAsyncEnumerable<TableRow> RangeAsync(
        string partition,
        string? fromRow = null,
        string? toRow = null,
        int limit = int.MaxValue,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var row in table.RangeAsync(partition, fromRow, toRow, limit, cancellationToken))
        {
            RowsRanged++;
            yield return row;
        }
    }

    public async Task<WriteResult> WriteAsync(string partition, ImmutableArray<TableWrite> writes, CancellationToken cancellationToken = default)
    {
        var result = await table.WriteAsync(partition, writes, cancellationToken);
        return Loses ? new WriteResult(WriteOutcome.Unknown, []) : result;
    }
}
