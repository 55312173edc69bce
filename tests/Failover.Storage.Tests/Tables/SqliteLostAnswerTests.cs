using Failover.Abstractions.State;
using Failover.Storage.Tables;
using Microsoft.Data.Sqlite;

namespace Failover.Storage.Tests.Tables;

/// <summary>COMMIT fails: before it took effect, after it, once, or again while that is settled.</summary>
public sealed class SqliteLostAnswerTests : IAsyncDisposable
{
    private static readonly SqliteException Lost = new("disk I/O error", SQLitePCL.raw.SQLITE_IOERR);

    private readonly TemporaryFolder _folder = new();
    private readonly Queue<Action<SqliteStatements>> _commits = new();
    private readonly SqliteConditionalTable _table;

    public SqliteLostAnswerTests() => _table = SqliteConditionalTable.Open(new SqliteTableOptions { Path = _folder.File("state.db") }, TimeProvider.System, Commit);

    public async ValueTask DisposeAsync()
    {
        await _table.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Commit_DurableButAnswerLost_IsWrittenOnce()
    {
        _commits.Enqueue(CommitThenFail);

        var result = await _table.WriteAsync("p", [new TableWrite.Insert("r", "1"), new TableWrite.Insert("s", "1")]);

        Assert.Equal(WriteOutcome.Written, result.Outcome);
        Assert.Equal((await _table.ReadAsync("p", "r"))!.ETag, result.ETags[0]);
        Assert.Equal((await _table.ReadAsync("p", "s"))!.ETag, result.ETags[1]);
        Assert.Equal(2, await OutboxCountAsync());
    }

    [Fact]
    public async Task Commit_DurableDeleteButAnswerLost_IsWritten()
    {
        var etag = (await _table.WriteAsync("p", [new TableWrite.Insert("r", "1")])).ETags[0];
        _commits.Enqueue(CommitThenFail);

        var result = await _table.WriteAsync("p", [new TableWrite.Delete("r", etag)]);

        Assert.Equal(WriteOutcome.Written, result.Outcome);
        Assert.Equal("", Assert.Single(result.ETags));
    }

    [Fact]
    public async Task Commit_FailedBeforeItTookEffect_IsAppliedAnew()
    {
        _commits.Enqueue(Fail);

        var result = await _table.WriteAsync("p", [new TableWrite.Insert("r", "1")]);

        Assert.Equal(WriteOutcome.Written, result.Outcome);
        Assert.Equal((await _table.ReadAsync("p", "r"))!.ETag, Assert.Single(result.ETags));
        Assert.Equal(1, await OutboxCountAsync());
    }

    [Fact]
    public async Task Commit_FailedOnAConflict_IsAConflict()
    {
        await _table.WriteAsync("p", [new TableWrite.Insert("r", "1")]);
        _commits.Enqueue(Fail);

        var result = await _table.WriteAsync("p", [new TableWrite.Insert("r", "2")]);

        Assert.Equal((WriteOutcome.Conflict, "r"), (result.Outcome, result.ConflictingRow));
    }

    [Fact]
    public async Task Commit_FailsTwice_IsUnknownAndTheTableGoesOn()
    {
        _commits.Enqueue(Fail);
        _commits.Enqueue(Fail);

        var result = await _table.WriteAsync("p", [new TableWrite.Insert("r", "1")]);

        Assert.Equal(WriteOutcome.Unknown, result.Outcome);
        Assert.Empty(result.ETags);
        Assert.Equal(WriteOutcome.Written, (await _table.WriteAsync("p", [new TableWrite.Insert("s", "1")])).Outcome);
        Assert.Null(await _table.ReadAsync("p", "r"));
    }

    [Fact]
    public async Task Commit_DurableButLostTwice_IsUnknownThoughStored()
    {
        _commits.Enqueue(CommitThenFail);
        _commits.Enqueue(CommitThenFail);

        Assert.Equal(WriteOutcome.Unknown, (await _table.WriteAsync("p", [new TableWrite.Insert("r", "1")])).Outcome);
        Assert.NotNull(await _table.ReadAsync("p", "r"));
    }

    private void Commit(SqliteStatements statements)
    {
        if (_commits.TryDequeue(out var commit)) commit(statements);
        else statements.Commit();
    }

    private static void CommitThenFail(SqliteStatements statements)
    {
        statements.Commit();
        throw Lost;
    }

    private static void Fail(SqliteStatements statements) => throw Lost;

    private async Task<int> OutboxCountAsync() => (await SqliteOutbox.ReadAsync(_folder.File("state.db"), 0, 100)).Length;
}
