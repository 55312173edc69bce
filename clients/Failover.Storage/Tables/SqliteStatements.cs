using System.Collections.Immutable;
using System.Security.Cryptography;
using Failover.Abstractions.State;
using Microsoft.Data.Sqlite;

namespace Failover.Storage.Tables;

/// <summary>The statements of the one connection that writes, prepared once. Used by the writer's thread only.</summary>
internal sealed class SqliteStatements : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly TimeProvider _time;
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _save;
    private readonly SqliteCommand _undo;
    private readonly SqliteCommand _release;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _replace;
    private readonly SqliteCommand _delete;
    private readonly SqliteCommand _append;
    private readonly SqliteCommand _prune;
    private readonly SqliteCommand _written;

    public SqliteStatements(SqliteConnection connection, int outboxRowsMax, TimeProvider time)
    {
        _connection = connection;
        _time = time;
        _begin = Command("BEGIN IMMEDIATE");
        _commit = Command("COMMIT");
        _save = Command("SAVEPOINT batch");
        _undo = Command("ROLLBACK TO batch");
        _release = Command("RELEASE batch");
        _insert = Command(
            """INSERT INTO record("partition", "row", etag, writer, payload) VALUES ($partition, $row, $etag, $writer, $payload) ON CONFLICT DO NOTHING""",
            "$partition", "$row", "$etag", "$writer", "$payload");
        _replace = Command(
            """UPDATE record SET etag = $etag, writer = $writer, payload = $payload WHERE "partition" = $partition AND "row" = $row AND etag = $old""",
            "$partition", "$row", "$etag", "$writer", "$payload", "$old");
        _delete = Command("""DELETE FROM record WHERE "partition" = $partition AND "row" = $row AND etag = $old""", "$partition", "$row", "$old");
        _append = Command(
            """
            INSERT INTO outbox(at, "partition", "row", etag, writer, op, payload) VALUES ($at, $partition, $row, $etag, $writer, $op, $payload)
            """,
            "$at", "$partition", "$row", "$etag", "$writer", "$op", "$payload");
        _prune = Command($"DELETE FROM outbox WHERE seq <= (SELECT max(seq) FROM outbox) - {outboxRowsMax}");
        _written = Command("SELECT etag, op FROM outbox WHERE writer = $writer ORDER BY seq", "$writer");
    }

    /// <summary>Takes the file's write lock.</summary>
    public void Begin() => _begin.ExecuteNonQuery();

    /// <summary>Makes what was applied durable. An exception from here says nothing of what is stored.</summary>
    public void Commit()
    {
        _prune.ExecuteNonQuery();
        _commit.ExecuteNonQuery();
    }

    /// <summary>Ends a transaction that failed, unless SQLite has ended it already.</summary>
    public void Abandon()
    {
        if (SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle!) == 0) SqliteFile.Execute(_connection, "ROLLBACK");
    }

    /// <summary>Applies a batch within the transaction, or none of it.</summary>
    public WriteResult Apply(TableBatch batch)
    {
        _save.ExecuteNonQuery();
        var etags = ImmutableArray.CreateBuilder<string>(batch.Writes.Length);
        foreach (var write in batch.Writes)
        {
            var etag = Apply(batch, write);
            if (etag is null)
            {
                _undo.ExecuteNonQuery();
                _release.ExecuteNonQuery();
                return new WriteResult(WriteOutcome.Conflict, [], write.Row);
            }

            etags.Add(etag);
        }

        _release.ExecuteNonQuery();
        return new WriteResult(WriteOutcome.Written, etags.MoveToImmutable());
    }

    /// <summary>The result of a batch that an earlier transaction stored; <see langword="null"/> if none did. The outbox tells, of deletes too.</summary>
    public WriteResult? FindWritten(TableBatch batch)
    {
        _written.Parameters["$writer"].Value = batch.Writer;
        using var reader = _written.ExecuteReader();
        var etags = ImmutableArray.CreateBuilder<string>();
        while (reader.Read()) etags.Add(reader.GetString(1) == "delete" ? "" : reader.GetString(0));
        return etags.Count == 0 ? null : new WriteResult(WriteOutcome.Written, etags.ToImmutable());
    }

    public void Dispose()
    {
        foreach (var command in (SqliteCommand[])[_begin, _commit, _save, _undo, _release, _insert, _replace, _delete, _append, _prune, _written])
            command.Dispose();
        _connection.Dispose();
    }

    /// <summary>The new ETag (empty for a delete), or <see langword="null"/> where the condition does not hold.</summary>
    private string? Apply(TableBatch batch, TableWrite write)
    {
        var etag = RandomNumberGenerator.GetHexString(32, lowercase: true);
        switch (write)
        {
            case TableWrite.Insert insert:
                if (Run(_insert, batch.Partition, insert.Row, etag, batch.Writer, insert.Payload) == 0) return null;
                Append(batch, insert.Row, etag, "insert", insert.Payload);
                return etag;
            case TableWrite.Replace replace:
                if (Run(_replace, batch.Partition, replace.Row, etag, batch.Writer, replace.Payload, replace.ETag) == 0) return null;
                Append(batch, replace.Row, etag, "replace", replace.Payload);
                return etag;
            case TableWrite.Delete delete:
                if (Run(_delete, batch.Partition, delete.Row, delete.ETag) == 0) return null;
                Append(batch, delete.Row, delete.ETag, "delete", payload: null);
                return "";
            default:
                throw new InvalidOperationException($"{write.GetType()} is no known write.");
        }
    }

    private void Append(TableBatch batch, string row, string etag, string op, string? payload) =>
        Run(_append, _time.GetUtcNow().UtcDateTime.ToString("O"), batch.Partition, row, etag, batch.Writer, op, payload);

    private static int Run(SqliteCommand command, params ReadOnlySpan<string?> values)
    {
        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = (object?)values[i] ?? DBNull.Value;
        return command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<string> parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var parameter in parameters) command.Parameters.Add(parameter, SqliteType.Text);
        return command;
    }
}

/// <summary>A batch on its way to the file. <paramref name="Writer"/> names it in the rows and in the outbox.</summary>
internal sealed record TableBatch(string Partition, ImmutableArray<TableWrite> Writes, string Writer, CancellationToken Cancellation)
{
    /// <summary>Completed once the outcome is known, never before it is durable.</summary>
    public TaskCompletionSource<WriteResult> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
