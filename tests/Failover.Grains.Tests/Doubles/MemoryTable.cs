using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Failover.Abstractions.State;

namespace Failover.Grains.Tests.Doubles;

/// <summary>A conditional table in memory, whose writes can be made to fail, and which tells of each write.</summary>
internal sealed class MemoryTable : IConditionalTable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly SortedDictionary<(string Partition, string Row), TableRow> _rows = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, int> _ranges = new();
    private long _version;

    /// <summary>Rows whose writes fail, as if the store did not answer. Nothing is written.</summary>
    public ImmutableHashSet<string> Failing { get; set; } = [];

    /// <summary>Rows whose writes have no answer until <see cref="Release"/>.</summary>
    public ImmutableHashSet<string> Hanging { get; set; } = [];

    /// <summary>How often a whole partition was read.</summary>
    public int RangesOf(string partition) => _ranges.GetValueOrDefault(partition);

    /// <summary>Lets all that hangs go on.</summary>
    public void Release()
    {
        Hanging = [];
        _released.SetResult();
    }

    public Task<TableRow?> ReadAsync(string partition, string row, CancellationToken cancellationToken = default)
    {
        lock (_lock)
            return Task.FromResult(_rows.GetValueOrDefault((partition, row)));
    }

    public async IAsyncEnumerable<TableRow> RangeAsync(
        string partition, string? fromRow = null, string? toRow = null, int limit = int.MaxValue, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        _ranges.AddOrUpdate(partition, 1, (_, count) => count + 1);
        ImmutableArray<TableRow> found;
        lock (_lock)
        {
            found =
            [
                .. _rows.Values
                    .Where(row => row.Partition == partition && Below(fromRow, row.Row) && (toRow is null || string.CompareOrdinal(row.Row, toRow) < 0))
                    .OrderBy(row => row.Row, StringComparer.Ordinal).Take(limit),
            ];
        }
        await Task.Yield();
        foreach (var row in found)
            yield return row;
    }

    public async Task<WriteResult> WriteAsync(string partition, ImmutableArray<TableWrite> writes, CancellationToken cancellationToken = default)
    {
        if (writes.Any(write => Hanging.Contains(write.Row)))
            await _released.Task;
        TaskCompletionSource changed;
        ImmutableArray<string> tags;
        lock (_lock)
        {
            if (writes.Any(write => Failing.Contains(write.Row)))
                throw new TableUnavailableException("made to fail");
            if (writes.FirstOrDefault(write => !Holds(partition, write)) is { } conflict)
                return new WriteResult(WriteOutcome.Conflict, [], conflict.Row);
            tags = [.. writes.Select(write => Apply(partition, write))];
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        changed.SetResult();
        return new WriteResult(WriteOutcome.Written, tags);
    }

    /// <summary>The first version of a row that is as asked for; fails once patience ends.</summary>
    public async Task<T> WaitForAsync<T>(string partition, string row, Func<T, bool> wanted)
    {
        while (true)
        {
            Task changed;
            string? payload;
            lock (_lock)
                (changed, payload) = (_changed.Task, _rows.GetValueOrDefault((partition, row))?.Payload);
            if (payload is not null && StateJson.Read<T>(payload) is var found && wanted(found))
                return found;
            try
            {
                await changed.WaitAsync(Patience, TestContext.Current.CancellationToken);
            }
            catch (TimeoutException patience)
            {
                throw new TimeoutException($"{partition}/{row} never came to be as asked for: {payload}", patience);
            }
        }
    }

    /// <summary>Stores a row, whatever was there.</summary>
    public async Task PutAsync<T>(string partition, string row, T state)
    {
        var there = await ReadAsync(partition, row);
        TableWrite write = there is null ? new TableWrite.Insert(row, StateJson.Write(state)) : new TableWrite.Replace(row, StateJson.Write(state), there.ETag);
        Assert.Equal(WriteOutcome.Written, (await WriteAsync(partition, [write])).Outcome);
    }

    /// <summary>Stores a row that is none, whatever was there.</summary>
    public async Task SpoilAsync(string partition, string row, string payload)
    {
        TableWrite write = await ReadAsync(partition, row) is { } there ? new TableWrite.Replace(row, payload, there.ETag) : new TableWrite.Insert(row, payload);
        Assert.Equal(WriteOutcome.Written, (await WriteAsync(partition, [write])).Outcome);
    }

    private static bool Below(string? bound, string row) => bound is null || string.CompareOrdinal(bound, row) <= 0;

    private bool Holds(string partition, TableWrite write)
    {
        var there = _rows.GetValueOrDefault((partition, write.Row));
        return write switch
        {
            TableWrite.Insert => there is null,
            TableWrite.Replace replace => there?.ETag == replace.ETag,
            TableWrite.Delete delete => there?.ETag == delete.ETag,
            _ => throw new InvalidOperationException("TableWrite is a closed set."),
        };
    }

    private string Apply(string partition, TableWrite write)
    {
        var key = (partition, write.Row);
        if (write is TableWrite.Delete)
        {
            _rows.Remove(key);
            return "";
        }
        var payload = write is TableWrite.Insert insert ? insert.Payload : ((TableWrite.Replace)write).Payload;
        var tag = $"{++_version}";
        _rows[key] = new TableRow(partition, write.Row, tag, tag, payload);
        return tag;
    }
}
