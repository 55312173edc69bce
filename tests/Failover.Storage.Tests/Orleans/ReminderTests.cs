using CsCheck;
using Failover.Storage.Orleans;
using Failover.Storage.Tables;
using Failover.Storage.Tests.Tables;

namespace Failover.Storage.Tests.Orleans;

/// <summary>What Orleans expects of a reminder table; the scenarios are those of its own tests.</summary>
public sealed class ReminderTests : IAsyncDisposable
{
    private static readonly DateTime Start = new(2030, 1, 2, 3, 4, 5, 678, DateTimeKind.Utc);

    private readonly TemporaryFolder _folder = new();
    private readonly SqliteConditionalTable _sqlite;
    private readonly LosingTable _table;
    private readonly ConditionalTableReminders _reminders;

    public ReminderTests()
    {
        _sqlite = SqliteConditionalTable.Open(new SqliteTableOptions { Path = _folder.File("state.db") }, TimeProvider.System);
        _table = new LosingTable(_sqlite);
        _reminders = new ConditionalTableReminders(_table);
    }

    public async ValueTask DisposeAsync()
    {
        await _sqlite.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("foo/bar\\#b_a_z?")]
    [InlineData("ü 😀\n%2F")]
    public async Task Upsert_AwkwardNames_AreReadBack(string name)
    {
        var entry = Entry(Grain(1), name);

        var etag = await _reminders.UpsertRow(entry);

        var read = await _reminders.ReadRow(entry.GrainId, name);
        Assert.NotNull(read);
        Assert.Equal(
            (entry.GrainId, name, Start, DateTimeKind.Utc, TimeSpan.FromMinutes(1), etag),
            (read.GrainId, read.ReminderName, read.StartAt, read.StartAt.Kind, read.Period, read.ETag));
    }

    [Fact]
    public async Task Upsert_StartWithoutAKind_MeansUtc()
    {
        var entry = Entry(Grain(1), "r");
        entry.StartAt = DateTime.SpecifyKind(Start, DateTimeKind.Unspecified);

        await _reminders.UpsertRow(entry);

        Assert.Equal(Start, (await _reminders.ReadRow(entry.GrainId, "r"))?.StartAt);
    }

    [Fact]
    public async Task Upsert_WhateverETagItCarries_ReplacesAndChangesTheETag()
    {
        var entry = Entry(Grain(1), "r");
        var first = await _reminders.UpsertRow(entry);
        entry.ETag = "stale";
        entry.Period = TimeSpan.FromDays(400);

        var second = await _reminders.UpsertRow(entry);

        Assert.NotEqual(first, second);
        var read = await _reminders.ReadRow(entry.GrainId, "r");
        Assert.Equal((second, TimeSpan.FromDays(400)), (read?.ETag, read?.Period ?? default));
    }

    [Fact]
    public async Task Upsert_InParallel_EachGetsItsOwnETag()
    {
        var upserts = await Task.WhenAll(Enumerable.Range(0, 5).Select(grain =>
            Task.WhenAll(Enumerable.Range(0, 5).Select(_ => _reminders.UpsertRow(Entry(Grain(grain), "r"))))));

        Assert.All(upserts, static etags => Assert.Equal(5, etags.Distinct().Count()));
    }

    [Fact]
    public async Task Remove_OnlyWithTheRightETagAndName()
    {
        var entry = Entry(Grain(1), "r");
        var stale = await _reminders.UpsertRow(entry);
        var etag = await _reminders.UpsertRow(entry);

        Assert.False(await _reminders.RemoveRow(entry.GrainId, "r", stale!));
        Assert.False(await _reminders.RemoveRow(entry.GrainId, "other", etag!));
        Assert.False(await _reminders.RemoveRow(Grain(2), "r", etag!));
        Assert.True(await _reminders.RemoveRow(entry.GrainId, "r", etag!));
        Assert.False(await _reminders.RemoveRow(entry.GrainId, "r", etag!));
        Assert.Null(await _reminders.ReadRow(entry.GrainId, "r"));
    }

    [Fact]
    public async Task ReadRows_OfAGrain_GivesItsOwnOnly()
    {
        var (grain, alike) = (GrainId.Create("g", "a"), GrainId.Create("g", "a/b"));
        await _reminders.UpsertRow(Entry(grain, "one"));
        await _reminders.UpsertRow(Entry(grain, "~two"));
        await _reminders.UpsertRow(Entry(alike, "three"));

        var rows = await _reminders.ReadRows(grain);

        Assert.Equal(["one", "~two"], rows.Reminders.Select(static row => row.ReminderName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ReadRows_OfAnyHashRange_GivesThoseWithinAndReadsNoOthers()
    {
        const int count = 300;
        for (var i = 0; i < count; i++) await _reminders.UpsertRow(Entry(Grain(i), $"{i}"));
        var hashes = Enumerable.Range(0, count).Select(static i => Grain(i).GetUniformHashCode()).Order().ToArray();
        // Bounds on a hash, right beside one, at the ring's ends, and anywhere.
        var bound = Gen.OneOf(
            Gen.Int[0, count - 1].Select(i => hashes[i]),
            Gen.Int[0, count - 1].Select(i => hashes[i] + 1),
            Gen.Int[0, count - 1].Select(i => hashes[i] - 1),
            Gen.Int[-2, 1].Select(static i => unchecked((uint)i)),
            Gen.UInt);

        await Gen.Select(bound, bound).SampleAsync(async bounds => await CheckAsync(bounds.Item1, bounds.Item2), iter: 200, threads: 1);
        foreach (var (begin, end) in ((uint, uint)[])[(0, 0), (0, uint.MaxValue), (uint.MaxValue, 0), (uint.MaxValue, uint.MaxValue), (hashes[5], hashes[5])])
            await CheckAsync(begin, end);

        async Task CheckAsync(uint begin, uint end)
        {
            _table.RowsRanged = 0;
            var rows = await _reminders.ReadRows(begin, end);
            var expected = hashes.Where(hash => begin < end ? hash > begin && hash <= end : hash > begin || hash <= end);
            Assert.Equal(expected, rows.Reminders.Select(static row => row.GrainId.GetUniformHashCode()).Order());
            Assert.Equal(rows.Reminders.Count, _table.RowsRanged);
        }
    }

    [Fact]
    public async Task Write_AnswerLost_IsUnknown()
    {
        var etag = await _reminders.UpsertRow(Entry(Grain(1), "r"));
        _table.Loses = true;

        await Assert.ThrowsAsync<StorageUnknownException>(() => _reminders.UpsertRow(Entry(Grain(1), "r")));
        await Assert.ThrowsAsync<StorageUnknownException>(() => _reminders.RemoveRow(Grain(1), "r", etag!));
    }

    [Fact]
    public async Task Clear_LeavesNone()
    {
        for (var i = 0; i < 10; i++) await _reminders.UpsertRow(Entry(Grain(i), "r"));

        await _reminders.TestOnlyClearTable();

        Assert.Empty((await _reminders.ReadRows(0, 0)).Reminders);
    }

    private static GrainId Grain(int i) =>
        GrainId.Create(GrainType.Create("my-remindable-grain"), GrainIdKeyExtensions.CreateIntegerKey(i, "foo/bar\\#baz?"));

    private static ReminderEntry Entry(GrainId grain, string name) =>
        new() { GrainId = grain, ReminderName = name, StartAt = Start, Period = TimeSpan.FromMinutes(1) };
}
