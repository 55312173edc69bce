using System.Collections.Immutable;
using System.Globalization;
using Failover.Abstractions.State;
using Microsoft.Data.Sqlite;

namespace Failover.Storage.Tables;

/// <summary>
/// A row that was written, in the order of commits. <paramref name="Op"/> is <c>insert</c>, <c>replace</c> or <c>delete</c>; <paramref name="ETag"/> is the
/// new one (of a delete: the one deleted), <paramref name="Payload"/> the new text (of a delete: none).
/// </summary>
public sealed record OutboxEntry(long Seq, DateTimeOffset At, string Partition, string Row, string ETag, string Writer, string Op, string? Payload);

/// <summary>Reads what a table wrote, from its file, also while a silo writes on.</summary>
public static class SqliteOutbox
{
    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The entries with a sequence above <paramref name="afterSeq"/>, in order, at most <paramref name="limit"/> (from 1). Sequences rise, and gaps mean
    /// nothing, but a first entry above <paramref name="afterSeq"/> + 1 may mean that older ones were pruned. Throws
    /// <see cref="TableUnavailableException"/> when the file is absent, can't be read, or has no outbox.
    /// </summary>
    public static Task<ImmutableArray<OutboxEntry>> ReadAsync(string path, long afterSeq, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNegative(afterSeq);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return Task.Run(() => Read(path, afterSeq, limit), cancellationToken);
    }

    /// <summary>The sequence of the newest entry; 0 where there is none. Throws as <see cref="ReadAsync"/> does.</summary>
    public static Task<long> LastAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Task.Run(
            () =>
            {
                using var connection = SqliteFile.OpenReader(path, BusyTimeout);
                try
                {
                    using var command = connection.CreateCommand();
                    command.CommandText = "SELECT coalesce(max(seq), 0) FROM outbox";
                    return (long)command.ExecuteScalar()!;
                }
                catch (SqliteException exception)
                {
                    throw SqliteFile.Translate(exception, path);
                }
            },
            cancellationToken);
    }

    private static ImmutableArray<OutboxEntry> Read(string path, long afterSeq, int limit)
    {
        using var connection = SqliteFile.OpenReader(path, BusyTimeout);
        try
        {
            if (SqliteFile.Execute(connection, "SELECT name FROM sqlite_schema WHERE name = 'outbox'") is null)
                throw new TableUnavailableException($"{path} has no outbox: it is another database, or its table is just being made.");

            using var command = connection.CreateCommand();
            command.CommandText =
                """
                SELECT seq, at, "partition", "row", etag, writer, op, payload FROM outbox WHERE seq > $after ORDER BY seq LIMIT $limit
                """;
            command.Parameters.AddWithValue("$after", afterSeq);
            command.Parameters.AddWithValue("$limit", limit);
            using var reader = command.ExecuteReader();
            var entries = ImmutableArray.CreateBuilder<OutboxEntry>();
            while (reader.Read())
            {
                entries.Add(new OutboxEntry(
                    reader.GetInt64(0),
                    DateTimeOffset.ParseExact(reader.GetString(1), "O", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
                    reader.GetString(2),
                    reader.GetString(3),
                    reader.GetString(4),
                    reader.GetString(5),
                    reader.GetString(6),
                    reader.IsDBNull(7) ? null : reader.GetString(7)));
            }

            return entries.ToImmutable();
        }
        catch (SqliteException exception)
        {
            throw SqliteFile.Translate(exception, path);
        }
    }
}
