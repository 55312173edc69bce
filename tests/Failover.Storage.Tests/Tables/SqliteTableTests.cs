using Failover.Abstractions.State;
using Failover.Storage.Tables;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace Failover.Storage.Tests.Tables;

/// <summary>What only the SQLite table promises: its file, its start, its outbox.</summary>
public sealed class SqliteTableTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 2, 3, 4, 5, 6, TimeSpan.Zero));

    private string Path => _folder.File("state.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Open_Again_FindsWhatWasWritten()
    {
        string etag;
        await using (var table = Open()) etag = (await table.WriteAsync("p", [new TableWrite.Insert("r", "1")])).ETags[0];

        await using var again = Open();

        Assert.Equal(etag, (await again.ReadAsync("p", "r"))?.ETag);
    }

    [Fact]
    public async Task Open_ANewFile_RecordsInstallationAndSchema()
    {
        await using (Open())
        {
            Assert.Equal("1", Query("SELECT value FROM installation WHERE key = 'schemaVersion'"));
            Assert.Equal(32, Query("SELECT value FROM installation WHERE key = 'id'")?.Length);
            Assert.Equal("2030-02-03T04:05:06.0000000Z", Query("SELECT value FROM installation WHERE key = 'createdAt'"));
            Assert.Equal("wal", Query("PRAGMA journal_mode"));
        }
    }

    [Fact]
    public void Open_WhereWalIsNotToBeHad_Refuses()
    {
        var exception = Assert.Throws<InvalidOperationException>(() => SqliteConditionalTable.Open(new SqliteTableOptions { Path = ":memory:" }, _time));

        Assert.Contains("PRAGMA journal_mode is memory and must be wal", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AnotherEncoding_Refuses()
    {
        Query("PRAGMA encoding = 'UTF-16le'; CREATE TABLE other(a)");

        Assert.Contains("PRAGMA encoding is UTF-16le", Assert.Throws<InvalidOperationException>(Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_NewerSchema_RefusesAndLeavesItAlone()
    {
        await using (Open()) { }
        Query("UPDATE installation SET value = '2' WHERE key = 'schemaVersion'");

        var exception = Assert.Throws<InvalidOperationException>(Open);

        Assert.Contains("has schema 2, and this build knows schemas up to 1", exception.Message, StringComparison.Ordinal);
        Assert.Equal("2", Query("SELECT value FROM installation WHERE key = 'schemaVersion'"));
    }

    [Fact]
    public void Open_SomethingElsesDatabase_Refuses()
    {
        Query("CREATE TABLE other(a)");

        Assert.Contains("database of something else", Assert.Throws<InvalidOperationException>(Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_NoDatabaseOrNoFolder_IsUnavailable()
    {
        await File.WriteAllTextAsync(Path, new string('x', 8192));

        Assert.Throws<TableUnavailableException>(Open);
        Assert.Throws<TableUnavailableException>(() => SqliteConditionalTable.Open(new SqliteTableOptions { Path = _folder.File("absent/state.db") }, _time));
    }

    [Theory]
    [InlineData("", 200_000, 5)]
    [InlineData("state.db", 9_999, 5)]
    [InlineData("state.db", 200_000, 0)]
    public void Open_OptionsOutOfRange_Refuses(string path, int outboxRowsMax, int busySeconds)
    {
        var options = new SqliteTableOptions { Path = path, OutboxRowsMax = outboxRowsMax, BusyTimeout = TimeSpan.FromSeconds(busySeconds) };

        Assert.Throws<ArgumentException>(() => SqliteConditionalTable.Open(options, _time));
    }

    [Fact]
    public async Task Write_AnotherProcessHoldsTheLock_IsUnavailableThenWorks()
    {
        await using var table = SqliteConditionalTable.Open(new SqliteTableOptions { Path = Path, BusyTimeout = TimeSpan.FromSeconds(1) }, _time);
        using (var other = new SqliteConnection($"Data Source={Path};Pooling=False"))
        {
            await other.OpenAsync();
            using var transaction = other.BeginTransaction(deferred: false);
            await Assert.ThrowsAsync<TableUnavailableException>(() => table.WriteAsync("p", [new TableWrite.Insert("r", "1")]));
            Assert.Null(await table.ReadAsync("p", "r"));
        }

        Assert.Equal(WriteOutcome.Written, (await table.WriteAsync("p", [new TableWrite.Insert("r", "1")])).Outcome);
    }

    [Fact]
    public async Task Write_TwoTablesOnOneFile_SeeEachOthersConditions()
    {
        await using var one = Open();
        await using var other = Open();
        var etag = (await one.WriteAsync("p", [new TableWrite.Insert("r", "1")])).ETags[0];

        Assert.Equal(WriteOutcome.Written, (await other.WriteAsync("p", [new TableWrite.Replace("r", "2", etag)])).Outcome);
        Assert.Equal(WriteOutcome.Conflict, (await one.WriteAsync("p", [new TableWrite.Replace("r", "3", etag)])).Outcome);
        Assert.Equal("2", (await one.ReadAsync("p", "r"))?.Payload);
    }

    [Fact]
    public async Task Use_AfterDispose_Throws()
    {
        var table = Open();
        await table.DisposeAsync();
        await table.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => table.ReadAsync("p", "r"));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => table.WriteAsync("p", [new TableWrite.Insert("r", "1")]));
    }

    [Fact]
    public async Task Dispose_WritesQueued_AreWritten()
    {
        var table = Open();
        var writes = Enumerable.Range(0, 200).Select(i => table.WriteAsync("p", [new TableWrite.Insert($"{i}", "1")])).ToArray();
        await table.DisposeAsync();

        Assert.All(await Task.WhenAll(writes), static result => Assert.Equal(WriteOutcome.Written, result.Outcome));
        Assert.Equal("200", Query("SELECT count(*) FROM record"));
    }

    [Fact]
    public async Task Outbox_EachKindOfWrite_IsDated()
    {
        await using var table = Open();
        var first = (await table.WriteAsync("p", [new TableWrite.Insert("r", "1")])).ETags[0];
        _time.Advance(TimeSpan.FromSeconds(1.5));
        var second = (await table.WriteAsync("p", [new TableWrite.Replace("r", "2", first)])).ETags[0];
        var writer = (await table.ReadAsync("p", "r"))!.WriterId;
        await table.WriteAsync("p", [new TableWrite.Delete("r", second)]);

        var entries = await SqliteOutbox.ReadAsync(Path, 0, 10);

        Assert.Equal([("insert", first, "1"), ("replace", second, "2"), ("delete", second, null)], entries.Select(static e => (e.Op, e.ETag, e.Payload)));
        Assert.All(entries, static e => Assert.Equal(("p", "r"), (e.Partition, e.Row)));
        Assert.Equal(writer, entries[1].Writer);
        Assert.Equal(TimeSpan.FromSeconds(1.5), entries[1].At - entries[0].At);
        Assert.Equal(_time.GetUtcNow(), entries[2].At);
        Assert.Equal(entries[1..2], await SqliteOutbox.ReadAsync(Path, entries[0].Seq, 1));
    }

    [Fact]
    public async Task Outbox_Conflicts_LeaveNoEntry()
    {
        await using var table = Open();
        await table.WriteAsync("p", [new TableWrite.Insert("r", "1")]);

        await table.WriteAsync("p", [new TableWrite.Insert("other", "1"), new TableWrite.Insert("r", "2")]);

        Assert.Single(await SqliteOutbox.ReadAsync(Path, 0, 10));
    }

    [Fact]
    public async Task Outbox_ConcurrentWriters_OrderIsThatOfCommits()
    {
        const int callers = 12, steps = 30;
        await using var table = Open();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(CallAsync));

        var entries = await SqliteOutbox.ReadAsync(Path, 0, int.MaxValue);

        Assert.Equal(entries.Select(static e => e.Seq).Order(), entries.Select(static e => e.Seq));
        // A shared row that everybody counts up tells the order of commits by itself.
        Assert.Equal(Enumerable.Range(1, callers * steps), entries.Where(static e => e.Row == "count").Select(static e => int.Parse(e.Payload!)));
        // A batch's entries stand together.
        var writers = entries.Select(static e => e.Writer).ToList();
        var changes = writers.Where((writer, i) => i == 0 || writers[i - 1] != writer).Count();
        Assert.Equal(writers.Distinct().Count(), changes);
        // Replayed, the outbox is the table.
        var replayed = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in entries) replayed[entry.Row] = entry.ETag;
        var stored = new List<KeyValuePair<string, string>>();
        await foreach (var row in table.RangeAsync("p")) stored.Add(new(row.Row, row.ETag));
        Assert.Equal(replayed.AsEnumerable(), stored);

        async Task CallAsync(int caller)
        {
            for (var step = 0; step < steps;)
            {
                var count = await table.ReadAsync("p", "count");
                TableWrite next = count is null ? new TableWrite.Insert("count", "1") : new TableWrite.Replace("count", $"{int.Parse(count.Payload) + 1}", count.ETag);
                var result = await table.WriteAsync("p", [next, new TableWrite.Insert($"{caller}-{step}", "1")]);
                if (result.Outcome == WriteOutcome.Written) step++;
            }
        }
    }

    [Fact]
    public async Task Outbox_BeyondItsLimit_KeepsTheNewest()
    {
        await using var table = SqliteConditionalTable.Open(new SqliteTableOptions { Path = Path, OutboxRowsMax = SqliteTableOptions.OutboxRowsMin }, _time);
        for (var batch = 0; batch < 103; batch++)
        {
            var number = batch;
            await table.WriteAsync("p", [.. Enumerable.Range(0, 100).Select(i => new TableWrite.Insert($"{number}-{i}", "1"))]);
        }

        var entries = await SqliteOutbox.ReadAsync(Path, 0, int.MaxValue);

        Assert.Equal((SqliteTableOptions.OutboxRowsMin, 301L, 10_300L), (entries.Length, entries[0].Seq, entries[^1].Seq));
    }

    [Fact]
    public async Task Outbox_AbsentOrOfAnotherDatabase_IsUnavailable()
    {
        Query("CREATE TABLE other(a)");

        await Assert.ThrowsAsync<TableUnavailableException>(() => SqliteOutbox.ReadAsync(Path, 0, 1));
        await Assert.ThrowsAsync<TableUnavailableException>(() => SqliteOutbox.ReadAsync(_folder.File("absent.db"), 0, 1));
    }

    private SqliteConditionalTable Open() => SqliteConditionalTable.Open(new SqliteTableOptions { Path = Path }, _time);

    private string? Query(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path};Pooling=False");
        connection.Open();
        return SqliteFile.Execute(connection, sql);
    }
}
