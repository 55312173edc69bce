using Failover.Abstractions.State;
using Failover.Storage.Orleans;
using Failover.Storage.Tables;
using Failover.Storage.Tests.Tables;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace Failover.Storage.Tests.Orleans;

/// <summary>What Orleans expects of grain storage; the scenarios are those of its own test kit.</summary>
public sealed class GrainStorageTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();
    private readonly SqliteConditionalTable _sqlite;
    private readonly LosingTable _table;
    private readonly ConditionalTableGrainStorage _storage;

    public GrainStorageTests()
    {
        _sqlite = SqliteConditionalTable.Open(new SqliteTableOptions { Path = _folder.File("state.db") }, TimeProvider.System);
        _table = new LosingTable(_sqlite);
        _storage = new ConditionalTableGrainStorage(_table, _services.GetRequiredService<IActivatorProvider>());
    }

    private static GrainId Id => Grain("key");

    public async ValueTask DisposeAsync()
    {
        await _sqlite.DisposeAsync();
        await _services.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Read_NeverWritten_IsFreshAndDoesNotExist()
    {
        var state = new GrainState<StoredCounter>(new StoredCounter { Name = "stale", Count = 1 }, "stale") { RecordExists = true };

        await _storage.ReadStateAsync("s", Id, state);

        Assert.Equal((new StoredCounter(), null, false), (state.State, state.ETag, state.RecordExists));
    }

    [Theory]
    [InlineData("key")]
    [InlineData("Key with / \\ # ? + % and ü")]
    public async Task Write_ThenRead_GivesStateAndETag(string key)
    {
        var written = State("Привет, мир", 5);
        await _storage.WriteStateAsync("s", Grain(key), written);

        var read = await ReadAsync("s", Grain(key));

        Assert.True(written.RecordExists);
        Assert.NotNull(written.ETag);
        Assert.Equal((written.State, written.ETag, true), (read.State, read.ETag, read.RecordExists));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    public async Task Write_IntegerKey_IsReadBack(long key)
    {
        var id = GrainId.Create(GrainType.Create("g"), GrainIdKeyExtensions.CreateIntegerKey(key));
        await _storage.WriteStateAsync("s", id, State("a", 1));

        Assert.Equal("a", (await ReadAsync("s", id)).State.Name);
    }

    [Fact]
    public async Task Write_AGuidKey_IsReadBack()
    {
        var id = GrainId.Create(GrainType.Create("g"), GrainIdKeyExtensions.CreateGuidKey(new Guid("01234567-89ab-cdef-0123-456789abcdef"), "ext"));
        await _storage.WriteStateAsync("s", id, State("a", 1));

        Assert.Equal("a", (await ReadAsync("s", id)).State.Name);
    }

    [Fact]
    public async Task Write_ARow_LiesWhereOthersFindIt()
    {
        await _storage.WriteStateAsync("run", Grain("01jd"), State("a", 1));

        var row = await _sqlite.ReadAsync("grain/run", "01jd");

        Assert.Equal("""{"kind":"counter","schemaVersion":1,"name":"a","count":1,"colour":"Red","past":[]}""", row?.Payload);
    }

    [Fact]
    public async Task Write_WithoutETagWhereARowIs_IsInconsistent()
    {
        var state = State("a", 1);
        await _storage.WriteStateAsync("s", Id, state);
        var second = State("b", 2);

        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.WriteStateAsync("s", Id, second));

        Assert.Equal("a", (await ReadAsync("s", Id)).State.Name);
        Assert.Null(second.ETag);
    }

    [Fact]
    public async Task Write_StaleETag_IsInconsistentAndKeepsTheLatest()
    {
        var state = State("initial", 1);
        await _storage.WriteStateAsync("s", Id, state);
        var stale = state.ETag;
        state.State = new StoredCounter { Name = "latest" };
        await _storage.WriteStateAsync("s", Id, state);

        var exception = await Assert.ThrowsAsync<InconsistentStateException>(
            () => _storage.WriteStateAsync("s", Id, new GrainState<StoredCounter>(new StoredCounter { Name = "stale" }, stale)));

        Assert.Equal(stale, exception.CurrentEtag);
        var read = await ReadAsync("s", Id);
        Assert.Equal(("latest", state.ETag), (read.State.Name, read.ETag));
    }

    [Fact]
    public async Task Write_SameValues_ChangesTheETagEachTime()
    {
        var state = State("a", 1);
        var etags = new HashSet<string?>();
        for (var i = 0; i < 3; i++)
        {
            await _storage.WriteStateAsync("s", Id, state);
            etags.Add(state.ETag);
        }

        Assert.Equal(3, etags.Count);
    }

    [Fact]
    public async Task Write_ManyGrainsInParallel_AllAreRight()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 50), async (i, _) =>
        {
            var state = State($"{i}", 0);
            for (var count = 0; count < 10; count++)
            {
                var before = state.ETag;
                state.State = new StoredCounter { Name = $"{i}", Count = count };
                await _storage.WriteStateAsync("s", Grain($"{i}"), state);
                Assert.NotEqual(before, state.ETag);
                var read = await ReadAsync("s", Grain($"{i}"));
                Assert.Equal((state.State, state.ETag), (read.State, read.ETag));
            }
        });
    }

    [Fact]
    public async Task Write_StateNames_AreIndependent()
    {
        await _storage.WriteStateAsync("first", Id, State("first", 1));
        await _storage.WriteStateAsync("second", Id, State("second", 2));

        Assert.Equal(("first", "second"), ((await ReadAsync("first", Id)).State.Name, (await ReadAsync("second", Id)).State.Name));
    }

    [Fact]
    public async Task Write_StateWithoutAKind_IsRefused()
    {
        var state = new GrainState<Kindless>(new Kindless(1));

        await Assert.ThrowsAsync<InvalidOperationException>(() => _storage.WriteStateAsync("s", Id, state));

        Assert.Null(await _sqlite.ReadAsync("grain/s", "key"));
    }

    [Fact]
    public async Task Write_AnswerLost_IsUnknown()
    {
        var state = State("a", 1);
        _table.Loses = true;

        await Assert.ThrowsAsync<StorageUnknownException>(() => _storage.WriteStateAsync("s", Id, state));

        Assert.Null(state.ETag);
        Assert.False(state.RecordExists);
    }

    [Fact]
    public async Task Clear_AWrittenState_LeavesNoRowAndCanBeWrittenAgain()
    {
        var state = State("a", 1);
        await _storage.WriteStateAsync("s", Id, state);
        var first = state.ETag;

        await _storage.ClearStateAsync("s", Id, state);

        Assert.Equal((new StoredCounter(), null, false), (state.State, state.ETag, state.RecordExists));
        Assert.Null(await _sqlite.ReadAsync("grain/s", "key"));
        Assert.False((await ReadAsync("s", Id)).RecordExists);
        await _storage.ClearStateAsync("s", Id, state);
        state.State = new StoredCounter { Name = "b" };
        await _storage.WriteStateAsync("s", Id, state);
        Assert.NotEqual(first, state.ETag);
        Assert.Equal("b", (await ReadAsync("s", Id)).State.Name);
    }

    [Fact]
    public async Task Clear_NeverWritten_IsFresh()
    {
        var state = State("stale", 1);

        await _storage.ClearStateAsync("s", Id, state);

        Assert.Equal((new StoredCounter(), false), (state.State, state.RecordExists));
    }

    [Fact]
    public async Task Clear_StaleOrNoETagWhereARowIs_IsInconsistentAndKeepsIt()
    {
        var state = State("a", 1);
        await _storage.WriteStateAsync("s", Id, state);
        var stale = state.ETag;
        await _storage.WriteStateAsync("s", Id, state);

        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.ClearStateAsync("s", Id, new GrainState<StoredCounter>(new(), stale)));
        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.ClearStateAsync("s", Id, new GrainState<StoredCounter>(new())));

        Assert.Equal(state.ETag, (await ReadAsync("s", Id)).ETag);
    }

    [Fact]
    public async Task Read_APayloadThatIsNoSuchState_NamesTheRow()
    {
        await _sqlite.WriteAsync("grain/s", [new TableWrite.Insert("key", """{"kind":"counter","schemaVersion":1,"count":"many"}""")]);

        var exception = await Assert.ThrowsAsync<UnreadableRowException>(() => ReadAsync("s", Id));

        Assert.Contains("The row key of grain/s", exception.Message, StringComparison.Ordinal);
    }

    private static GrainId Grain(string key) => GrainId.Create("g", key);

    private static GrainState<StoredCounter> State(string name, int count) => new(new StoredCounter { Name = name, Count = count });

    private async Task<(StoredCounter State, string? ETag, bool RecordExists)> ReadAsync(string stateName, GrainId id)
    {
        var state = new GrainState<StoredCounter>();
        await _storage.ReadStateAsync(stateName, id, state);
        return (Assert.IsType<StoredCounter>(state.State), state.ETag, state.RecordExists);
    }

    private sealed record Kindless(int SchemaVersion);
}
