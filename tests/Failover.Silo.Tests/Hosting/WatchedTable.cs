using System.Collections.Immutable;
using Failover.Abstractions.State;
using Failover.Domain.Members;

namespace Failover.Silo.Tests.Hosting;

/// <summary>A silo's table, which keeps every row of a member that was ever written, and tells of each.</summary>
internal sealed class WatchedTable(IConditionalTable inner) : IConditionalTable
{
    /// <summary>For what always comes about; a test that reaches it fails.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly string Members = TableStorage.PartitionOf("member");

    private readonly Lock _lock = new();
    private readonly List<MemberState> _written = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>All that was written of members, in order.</summary>
    public ImmutableArray<MemberState> Written
    {
        get
        {
            lock (_lock) return [.. _written];
        }
    }

    public Task<TableRow?> ReadAsync(string partition, string row, CancellationToken cancellationToken = default) => inner.ReadAsync(partition, row, cancellationToken);

    public IAsyncEnumerable<TableRow> RangeAsync(
        string partition, string? fromRow = null, string? toRow = null, int limit = int.MaxValue, CancellationToken cancellationToken = default) =>
        inner.RangeAsync(partition, fromRow, toRow, limit, cancellationToken);

    public async Task<WriteResult> WriteAsync(string partition, ImmutableArray<TableWrite> writes, CancellationToken cancellationToken = default)
    {
        var result = await inner.WriteAsync(partition, writes, cancellationToken);
        if (partition == Members && result.Outcome == WriteOutcome.Written)
            Tell(writes.Select(write => write is TableWrite.Insert insert ? insert.Payload : ((TableWrite.Replace)write).Payload));
        return result;
    }

    /// <summary>Waits until the last row of a member is as asked for.</summary>
    public async Task WaitForAsync(string member, Func<MemberState, bool> wanted, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            MemberState? last;
            lock (_lock)
                (changed, last) = (_changed.Task, _written.FindLast(row => row.Name == member));
            if (last is not null && wanted(last))
                return;
            try
            {
                await changed.WaitAsync(Patience, TimeProvider.System, cancellationToken);
            }
            catch (TimeoutException patience)
            {
                throw new TimeoutException($"{member} never came to be as asked for: {last?.Verdict}, {last?.VerdictDetail}, {last?.SightLost}", patience);
            }
        }
    }

    private void Tell(IEnumerable<string> payloads)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _written.AddRange(payloads.Select(StateJson.Read<MemberState>));
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        changed.SetResult();
    }
}
