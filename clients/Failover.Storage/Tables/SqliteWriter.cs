using System.Threading.Channels;
using Failover.Abstractions.State;
using Microsoft.Data.Sqlite;

namespace Failover.Storage.Tables;

/// <summary>
/// The one thread that writes: SQLite's calls block, and would hold up the grains' scheduler. Batches that wait together share a transaction, and so an
/// fsync (group commit); each is atomic by a savepoint of its own, and none is answered before the transaction is durable.
/// </summary>
internal sealed class SqliteWriter : IAsyncDisposable
{
    // Beyond this many callers wait for a place: memory stays bounded, and so does the time that a queued write is old.
    private const int QueueMax = 1024;

    // Enough to share an fsync among all that wait in practice. Times the writes of a batch it must stay below OutboxRowsMin (see Settle).
    private const int GroupMax = 64;

    private readonly Channel<TableBatch> _queue = Channel.CreateBounded<TableBatch>(new BoundedChannelOptions(QueueMax) { SingleReader = true });
    private readonly SqliteStatements _statements;
    private readonly Action<SqliteStatements> _commit;
    private readonly string _path;
    private readonly Thread _thread;

    /// <param name="statements">Owned from here on.</param>
    /// <param name="path">For messages.</param>
    /// <param name="commit">How a transaction is committed; tests lose answers here.</param>
    public SqliteWriter(SqliteStatements statements, string path, Action<SqliteStatements> commit)
    {
        _statements = statements;
        _path = path;
        _commit = commit;
        _thread = new Thread(Run) { IsBackground = true, Name = "failover-table-writer" };
        _thread.Start();
    }

    public async Task<WriteResult> WriteAsync(TableBatch batch)
    {
        try
        {
            await _queue.Writer.WriteAsync(batch, batch.Cancellation);
        }
        catch (ChannelClosedException exception)
        {
            throw new ObjectDisposedException($"The table {_path} is closed.", exception);
        }

#pragma warning disable VSTHRD003 // The answer comes from a thread that waits for no caller, so that awaiting it can't deadlock.
        return await batch.Answer.Task;
#pragma warning restore VSTHRD003
    }

    /// <summary>Writes what is queued, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await Task.Run(_thread.Join);
    }

    private void Run()
    {
        var group = new List<TableBatch>(GroupMax);
        try
        {
            // The thread is ours alone, so that it may block.
            while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                group.Clear();
                while (group.Count < GroupMax && _queue.Reader.TryRead(out var batch))
                {
                    // A batch is withdrawn only here, while it is certain that nothing of it is stored.
                    if (batch.Cancellation.IsCancellationRequested) batch.Answer.SetCanceled(batch.Cancellation);
                    else group.Add(batch);
                }

                if (group.Count > 0) Write(group);
            }
        }
        finally
        {
            _statements.Dispose();
        }
    }

    private void Write(List<TableBatch> group)
    {
        WriteResult[] results;
        try
        {
            _statements.Begin();
            results = [.. group.Select(_statements.Apply)];
        }
        catch (Exception exception)
        {
            // COMMIT was not reached: nothing is stored.
            Fail(group, exception);
            return;
        }

        try
        {
            _commit(_statements);
        }
        catch (SqliteException)
        {
            Settle(group);
            return;
        }
        catch (Exception exception)
        {
            Fail(group, exception);
            return;
        }

        Answer(group, results);
    }

    /// <summary>
    /// After a COMMIT that failed the group may be stored or not; even if it can't be read now, a recovery of the log could still bring it back. A second
    /// transaction decides: what the outbox holds by writer id was stored; the rest is applied anew, over the log's doubtful frames. If that fails too,
    /// nobody knows.
    /// </summary>
    private void Settle(List<TableBatch> group)
    {
        WriteResult[] results;
        try
        {
            _statements.Abandon();
            _statements.Begin();
            results = [.. group.Select(batch => _statements.FindWritten(batch) ?? _statements.Apply(batch))];
            _commit(_statements);
        }
        catch (SqliteException)
        {
            // Told to the callers as Unknown (I4).
            results = [.. group.Select(static _ => new WriteResult(WriteOutcome.Unknown, []))];
            TryAbandon();
        }
        catch (Exception exception)
        {
            Fail(group, exception);
            return;
        }

        Answer(group, results);
    }

    private void Fail(List<TableBatch> group, Exception exception)
    {
        TryAbandon();
        var told = exception is SqliteException sqlite ? SqliteFile.Translate(sqlite, _path) : exception;
        foreach (var batch in group) batch.Answer.SetException(told);
    }

    private void TryAbandon()
    {
        try
        {
            _statements.Abandon();
        }
        catch (SqliteException)
        {
            // The callers are told of the first failure. If the transaction is still open, the next BEGIN fails and tells the next ones.
        }
    }

    private static void Answer(List<TableBatch> group, WriteResult[] results)
    {
        for (var i = 0; i < group.Count; i++) group[i].Answer.SetResult(results[i]);
    }
}
