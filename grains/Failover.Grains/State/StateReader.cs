using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Failover.Abstractions.State;
using Failover.Domain.Members;
using Failover.Domain.Migration;

namespace Failover.Grains.State;

/// <summary>Reads the grains' stored rows, past the grains: what a decision is made from, and what an effect is checked against, is what is stored.</summary>
internal sealed class StateReader(IConditionalTable table)
{
    private readonly ConcurrentDictionary<string, (string ETag, RunState Run)> _runs = new();

    public async Task<RunState?> ReadRunAsync(string uid, CancellationToken cancellationToken)
    {
        var row = await table.ReadAsync(TableStorage.PartitionOf("run"), uid, cancellationToken);
        return row is null ? null : Parse(row);
    }

    /// <summary>All runs, tombstones included, in the order of their uids.</summary>
    public async Task<ImmutableArray<RunState>> ReadRunsAsync(CancellationToken cancellationToken)
    {
        var runs = ImmutableArray.CreateBuilder<RunState>();
        await foreach (var row in table.RangeAsync(TableStorage.PartitionOf("run"), cancellationToken: cancellationToken))
            runs.Add(Parse(row));
        return runs.ToImmutable();
    }

    public async Task<ImmutableArray<MemberState>> ReadMembersAsync(CancellationToken cancellationToken)
    {
        var members = ImmutableArray.CreateBuilder<MemberState>();
        await foreach (var row in table.RangeAsync(TableStorage.PartitionOf("member"), cancellationToken: cancellationToken))
            members.Add(JsonSerializer.Deserialize<MemberState>(row.Payload, StateJson.Options)!);
        return members.ToImmutable();
    }

    /// <summary>Most rows are as they were a second ago; only a row with another ETag is parsed again.</summary>
    private RunState Parse(TableRow row)
    {
        if (_runs.TryGetValue(row.Row, out var known) && known.ETag == row.ETag)
            return known.Run;
        var run = JsonSerializer.Deserialize<RunState>(row.Payload, StateJson.Options)!;
        _runs[row.Row] = (row.ETag, run);
        return run;
    }
}
