using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Failover.Abstractions.State;
using Failover.Domain.Members;
using Failover.Domain.Migration;

namespace Failover.Grains.State;

/// <summary>All runs' rows: those that could be read, and the uids of those that could not.</summary>
internal sealed record RunRows(ImmutableArray<RunState> Runs, ImmutableHashSet<string> Unreadable);

/// <summary>
/// Reads the grains' stored rows, past the grains: what a decision is made from, and what an effect is checked against, is what is stored. A row that can't be read keeps no other from
/// being read.
/// </summary>
internal sealed class StateReader(IConditionalTable table, UnreadableRows unreadable)
{
    private static readonly string Runs = TableStorage.PartitionOf("run");
    private static readonly string Members = TableStorage.PartitionOf("member");

    private readonly ConcurrentDictionary<string, (string ETag, RunState Run)> _runs = new();

    /// <summary>The run; <see langword="null"/> where there is none. Throws <see cref="UnreadableRowException"/> where its row can't be read.</summary>
    public async Task<RunState?> ReadRunAsync(string uid, CancellationToken cancellationToken)
    {
        if (await table.ReadAsync(Runs, uid, cancellationToken) is not { } row)
            return null;
        return Read<RunState>(row) ?? throw new UnreadableRowException($"The row {uid} of {Runs} can't be read; the log says why. Until it can, the run is left as it is.");
    }

    /// <summary>All runs that can be read, tombstones included, in the order of their uids. For whoever does nothing about a run that is not among them.</summary>
    public async Task<ImmutableArray<RunState>> ReadRunsAsync(CancellationToken cancellationToken) => (await ReadRunRowsAsync(cancellationToken)).Runs;

    /// <summary>All runs, for whoever must tell one that can't be read from one that is not there.</summary>
    public async Task<RunRows> ReadRunRowsAsync(CancellationToken cancellationToken)
    {
        var (runs, lost) = await ReadAllAsync<RunState>(Runs, cancellationToken);
        return new RunRows(runs, lost);
    }

    /// <summary>All members that can be read; of any other nothing is known.</summary>
    public async Task<ImmutableArray<MemberState>> ReadMembersAsync(CancellationToken cancellationToken) => (await ReadAllAsync<MemberState>(Members, cancellationToken)).States;

    private async Task<(ImmutableArray<TState> States, ImmutableHashSet<string> Lost)> ReadAllAsync<TState>(string partition, CancellationToken cancellationToken)
        where TState : class
    {
        var states = ImmutableArray.CreateBuilder<TState>();
        var lost = ImmutableHashSet.CreateBuilder<string>(StringComparer.Ordinal);
        await foreach (var row in table.RangeAsync(partition, cancellationToken: cancellationToken))
        {
            if (Read<TState>(row) is { } state)
                states.Add(state);
            else
                lost.Add(row.Row);
        }

        var all = lost.ToImmutable();
        unreadable.Keep(partition, all);
        return (states.ToImmutable(), all);
    }

    /// <summary>What the row says; <see langword="null"/>, and noted, where it can't be read. Of most runs' rows that are as they were a second ago, what was read then.</summary>
    private TState? Read<TState>(TableRow row)
        where TState : class
    {
        if (typeof(TState) == typeof(RunState) && _runs.TryGetValue(row.Row, out var known) && known.ETag == row.ETag)
            return known.Run as TState;
        try
        {
            var state = StateJson.Read<TState>(row.Payload);
            if (state is RunState run)
                _runs[row.Row] = (row.ETag, run);
            unreadable.Clear(row.Partition, row.Row);
            return state;
        }
        catch (Exception fault) when (fault is JsonException or NotSupportedException)
        {
            unreadable.Note(row, fault.Message);
            return null;
        }
    }
}
