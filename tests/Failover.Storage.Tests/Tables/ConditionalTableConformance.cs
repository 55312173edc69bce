using System.Collections.Immutable;
using Failover.Abstractions.State;
using Failover.Storage.Tables;

namespace Failover.Storage.Tests.Tables;

/// <summary>What every <see cref="IConditionalTable"/> must do. A test class per implementation derives from it.</summary>
public abstract class ConditionalTableConformance : IAsyncLifetime
{
    private static readonly CancellationToken Never = CancellationToken.None;

    private IConditionalTable? _table;

    /// <summary>Made anew, and empty, for each test.</summary>
    protected IConditionalTable Table => _table ?? throw new InvalidOperationException("The test has not been set up.");

    public async ValueTask InitializeAsync() => _table = await CreateAsync();

    public async ValueTask DisposeAsync()
    {
        await DestroyAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract Task<IConditionalTable> CreateAsync();

    protected abstract Task DestroyAsync();

    [Fact]
    public async Task Read_AbsentRow_IsNull() => Assert.Null(await Table.ReadAsync("p", "r"));

    [Fact]
    public async Task Insert_AbsentRow_IsReadBack()
    {
        var result = await WriteAsync(new TableWrite.Insert("r", "{\"a\":\"ü😀'\"}"));

        Assert.Equal(WriteOutcome.Written, result.Outcome);
        var row = await Table.ReadAsync("p", "r");
        Assert.NotNull(row);
        Assert.Equal(("p", "r", Assert.Single(result.ETags), "{\"a\":\"ü😀'\"}"), (row.Partition, row.Row, row.ETag, row.Payload));
        Assert.NotEmpty(row.WriterId);
    }

    [Fact]
    public async Task Insert_PresentRow_ConflictsAndNamesIt()
    {
        await WriteAsync(new TableWrite.Insert("r", "1"));

        var result = await WriteAsync(new TableWrite.Insert("r", "2"));

        Assert.Equal((WriteOutcome.Conflict, "r"), (result.Outcome, result.ConflictingRow));
        Assert.Empty(result.ETags);
        Assert.Equal("1", (await Table.ReadAsync("p", "r"))?.Payload);
    }

    [Fact]
    public async Task Insert_SameRowOfAnotherPartition_IsAnotherRow()
    {
        await WriteAsync(new TableWrite.Insert("r", "1"));

        var result = await Table.WriteAsync("q", [new TableWrite.Insert("r", "2")]);

        Assert.Equal(WriteOutcome.Written, result.Outcome);
        Assert.Equal("1", (await Table.ReadAsync("p", "r"))?.Payload);
    }

    [Fact]
    public async Task Replace_CurrentETag_ChangesPayloadETagAndWriter()
    {
        await WriteAsync(new TableWrite.Insert("r", "1"));
        var before = await Table.ReadAsync("p", "r");

        var result = await WriteAsync(new TableWrite.Replace("r", "1", before!.ETag));

        var after = await Table.ReadAsync("p", "r");
        Assert.Equal(WriteOutcome.Written, result.Outcome);
        Assert.Equal(Assert.Single(result.ETags), after!.ETag);
        Assert.NotEqual(before.ETag, after.ETag);
        Assert.NotEqual(before.WriterId, after.WriterId);
    }

    [Fact]
    public async Task Replace_StaleETag_Conflicts()
    {
        var first = (await WriteAsync(new TableWrite.Insert("r", "1"))).ETags[0];
        await WriteAsync(new TableWrite.Replace("r", "2", first));

        var result = await WriteAsync(new TableWrite.Replace("r", "3", first));

        Assert.Equal((WriteOutcome.Conflict, "r"), (result.Outcome, result.ConflictingRow));
        Assert.Equal("2", (await Table.ReadAsync("p", "r"))?.Payload);
    }

    [Fact]
    public async Task Replace_AbsentRow_Conflicts() =>
        Assert.Equal(WriteOutcome.Conflict, (await WriteAsync(new TableWrite.Replace("r", "1", "e"))).Outcome);

    [Fact]
    public async Task Delete_CurrentETag_LeavesNothingAndAnEmptyETag()
    {
        var etag = (await WriteAsync(new TableWrite.Insert("r", "1"))).ETags[0];

        var result = await WriteAsync(new TableWrite.Delete("r", etag));

        Assert.Equal(WriteOutcome.Written, result.Outcome);
        Assert.Equal("", Assert.Single(result.ETags));
        Assert.Null(await Table.ReadAsync("p", "r"));
    }

    [Fact]
    public async Task Delete_StaleETagOrAbsentRow_Conflicts()
    {
        var etag = (await WriteAsync(new TableWrite.Insert("r", "1"))).ETags[0];
        await WriteAsync(new TableWrite.Replace("r", "2", etag));

        Assert.Equal(WriteOutcome.Conflict, (await WriteAsync(new TableWrite.Delete("r", etag))).Outcome);
        Assert.Equal(WriteOutcome.Conflict, (await WriteAsync(new TableWrite.Delete("other", etag))).Outcome);
    }

    [Fact]
    public async Task Insert_AfterDelete_HasAnotherETag()
    {
        var etag = (await WriteAsync(new TableWrite.Insert("r", "1"))).ETags[0];
        await WriteAsync(new TableWrite.Delete("r", etag));

        var again = await WriteAsync(new TableWrite.Insert("r", "1"));

        Assert.Equal(WriteOutcome.Written, again.Outcome);
        Assert.NotEqual(etag, again.ETags[0]);
        Assert.Equal(WriteOutcome.Conflict, (await WriteAsync(new TableWrite.Replace("r", "2", etag))).Outcome);
    }

    [Fact]
    public async Task Batch_AllConditionsHold_AllIsWrittenInOrder()
    {
        var old = (await WriteAsync(new TableWrite.Insert("a", "1"), new TableWrite.Insert("b", "1"))).ETags;

        var result = await WriteAsync(new TableWrite.Insert("c", "2"), new TableWrite.Delete("a", old[0]), new TableWrite.Replace("b", "2", old[1]));

        Assert.Equal(WriteOutcome.Written, result.Outcome);
        Assert.Equal((await Table.ReadAsync("p", "c"))!.ETag, result.ETags[0]);
        Assert.Equal("", result.ETags[1]);
        Assert.Equal((await Table.ReadAsync("p", "b"))!.ETag, result.ETags[2]);
        Assert.Null(await Table.ReadAsync("p", "a"));
    }

    [Fact]
    public async Task Batch_OneConditionFails_NothingIsWritten()
    {
        var old = (await WriteAsync(new TableWrite.Insert("a", "1"), new TableWrite.Insert("b", "1"))).ETags;

        var result = await WriteAsync(new TableWrite.Insert("c", "2"), new TableWrite.Delete("a", old[0]), new TableWrite.Replace("b", "2", "stale"));

        Assert.Equal((WriteOutcome.Conflict, "b"), (result.Outcome, result.ConflictingRow));
        Assert.Null(await Table.ReadAsync("p", "c"));
        Assert.Equal((old[0], old[1]), ((await Table.ReadAsync("p", "a"))!.ETag, (await Table.ReadAsync("p", "b"))!.ETag));
    }

    [Fact]
    public async Task Range_Bounds_LowerIsIncludedUpperIsNot()
    {
        await WriteAsync([.. "dbace".Select(static c => new TableWrite.Insert($"{c}", "1"))]);
        await Table.WriteAsync("q", [new TableWrite.Insert("c", "1")]);

        Assert.Equal(["b", "c"], await RangeAsync("b", "d"));
        Assert.Equal(["a", "b", "c"], await RangeAsync(null, "d"));
        Assert.Equal(["d", "e"], await RangeAsync("d", null));
        Assert.Equal(["a", "b"], await RangeAsync(null, null, 2));
        Assert.Empty(await RangeAsync("d", "b"));
        Assert.Empty(await RangeAsync(null, null, 0));
    }

    [Fact]
    public async Task Range_Keys_ComeInOrdinalOrder()
    {
        string[] keys = ["Z", "a", "B", "ä", "\uE000", "\uFF5E", "0", "-", "aa", "a-"];
        await WriteAsync([.. keys.Select(static key => new TableWrite.Insert(key, "1"))]);

        Assert.Equal(keys.Order(StringComparer.Ordinal), await RangeAsync(null, null));
    }

    [Fact]
    public async Task Range_MoreThanAPage_GivesEachRowOnce()
    {
        var keys = Enumerable.Range(0, 700).Select(static i => $"{i:D4}").ToArray();
        foreach (var chunk in keys.Chunk(TableLimits.BatchWritesMax)) await WriteAsync([.. chunk.Select(static key => new TableWrite.Insert(key, "1"))]);

        Assert.Equal(keys, await RangeAsync(null, null));
        Assert.Equal(keys[..600], await RangeAsync(null, null, 600));
    }

    [Fact]
    public async Task Write_RacingReplaces_ExactlyOneWinsEachETag()
    {
        const int writers = 16, rounds = 40;
        await WriteAsync(new TableWrite.Insert("r", "0"));
        var wins = await Task.WhenAll(Enumerable.Range(0, writers).Select(RaceAsync));

        Assert.All(Enumerable.Range(0, rounds), round => Assert.Equal(1, wins.Sum(won => won.Count(r => r == round))));
        Assert.Equal($"{rounds}", (await Table.ReadAsync("p", "r"))?.Payload);

        async Task<List<int>> RaceAsync(int writer)
        {
            var won = new List<int>();
            while (await Table.ReadAsync("p", "r") is { } row && int.Parse(row.Payload) is var round and < rounds)
            {
                var result = await WriteAsync(new TableWrite.Replace("r", $"{round + 1}", row.ETag));
                if (result.Outcome == WriteOutcome.Written) won.Add(round);
            }

            return won;
        }
    }

    [Fact]
    public async Task Write_RacingInserts_ExactlyOneWins()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => WriteAsync(new TableWrite.Insert("r", $"{i}"), new TableWrite.Insert($"own{i}", "1"))));

        Assert.Single(results, static result => result.Outcome == WriteOutcome.Written);
        Assert.Equal(2, (await RangeAsync(null, null)).Count);
    }

    [Fact]
    public async Task Write_LargestAllowed_IsReadBack()
    {
        var key = new string('k', TableLimits.KeyCharsMax);
        var payload = new string('x', TableLimits.PayloadBytesMax);

        Assert.Equal(WriteOutcome.Written, (await Table.WriteAsync(key, [new TableWrite.Insert(key, payload)])).Outcome);
        Assert.Equal(payload, (await Table.ReadAsync(key, key))?.Payload);
    }

    [Fact]
    public async Task Write_BeyondALimit_NamesTheField()
    {
        var longKey = new string('k', TableLimits.KeyCharsMax + 1);
        var insert = new TableWrite.Insert("r", "1");

        await RefusedAsync("partition", longKey, insert);
        await RefusedAsync("partition", "", insert);
        await RefusedAsync("row", "p", new TableWrite.Insert(longKey, "1"));
        await RefusedAsync("row", "p", new TableWrite.Insert("", "1"));
        await RefusedAsync("row", "p", new TableWrite.Insert("a\nb", "1"));
        await RefusedAsync("row", "p", new TableWrite.Insert("😀", "1"));
        await RefusedAsync("payload", "p", new TableWrite.Insert("r", new string('x', TableLimits.PayloadBytesMax + 1)));
        await RefusedAsync("payload", "p", new TableWrite.Insert("r", new string('ü', (TableLimits.PayloadBytesMax / 2) + 1)));
        await RefusedAsync("payload", "p", new TableWrite.Replace("r", "\ud800", "e"));
        await RefusedAsync("payload", "p", new TableWrite.Replace("r", "\0", "e"));
        await RefusedAsync("etag", "p", new TableWrite.Delete("r", ""));
        await RefusedAsync("writes", "p");
        await RefusedAsync("writes", "p", insert, insert);
        await RefusedAsync("writes", "p", [.. Enumerable.Range(0, TableLimits.BatchWritesMax + 1).Select(static i => new TableWrite.Insert($"{i}", "1"))]);
        Assert.Empty(await RangeAsync(null, null));
    }

    [Fact]
    public async Task Write_AlreadyCancelled_StoresNothing()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Table.WriteAsync("p", [new TableWrite.Insert("r", "1")], new CancellationToken(canceled: true)));

        Assert.Null(await Table.ReadAsync("p", "r"));
    }

    private Task<WriteResult> WriteAsync(params ImmutableArray<TableWrite> writes) => Table.WriteAsync("p", writes, Never);

    private async Task<List<string>> RangeAsync(string? from, string? to, int limit = int.MaxValue)
    {
        var rows = new List<string>();
        await foreach (var row in Table.RangeAsync("p", from, to, limit)) rows.Add(row.Row);
        return rows;
    }

    private async Task RefusedAsync(string field, string partition, params ImmutableArray<TableWrite> writes)
    {
        var exception = await Assert.ThrowsAnyAsync<ArgumentException>(() => Table.WriteAsync(partition, writes));
        Assert.Equal(field, exception.ParamName);
    }
}
