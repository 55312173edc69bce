using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Threading.Channels;
using Failover.Abstractions.State;
using Microsoft.Data.Sqlite;

namespace Failover.Storage.Tables;

/// <summary>
/// The conditional table in one SQLite file. What is acknowledged survives kill -9 and power loss (WAL, synchronous=FULL; both read back at the start).
/// Several processes may open the same file: conditional writes protect them from each other. Every write is also appended to an outbox in the same
/// transaction (<see cref="SqliteOutbox"/>).
/// </summary>
/// <remarks>
/// A cancelled write throws <see cref="OperationCanceledException"/> only while it is certain that nothing of it is stored; later cancellations are ignored.
/// Batches beyond <see cref="TableLimits"/> throw <see cref="ArgumentException"/>.
/// </remarks>
public sealed class SqliteConditionalTable : IConditionalTable, IAsyncDisposable
{
    // Reads block their threads, too. Four keep a slow scan from holding up the others, and take few of the pool's threads.
    private const int ReadersMax = 4;

    // A page bounds how long a reader is held, and how much is in memory.
    private const int PageRows = 256;

    private readonly string _path;
    private readonly SqliteWriter _writer;
    private readonly Channel<SqliteConnection> _readers = Channel.CreateBounded<SqliteConnection>(ReadersMax);
    private readonly string _instance = RandomNumberGenerator.GetHexString(16, lowercase: true);
    private long _writes;
    private int _disposed;

    private SqliteConditionalTable(SqliteTableOptions options, TimeProvider time, Action<SqliteStatements> commit)
    {
        _path = options.Path;
        var writing = SqliteFile.OpenWriter(options, time);
        var reading = new List<SqliteConnection>();
        try
        {
            while (reading.Count < ReadersMax) reading.Add(SqliteFile.OpenReader(options.Path, options.BusyTimeout));
        }
        catch
        {
            reading.ForEach(static connection => connection.Dispose());
            writing.Dispose();
            throw;
        }

        foreach (var connection in reading) _readers.Writer.TryWrite(connection);
        _writer = new SqliteWriter(new SqliteStatements(writing, options.OutboxRowsMax, time), options.Path, commit);
    }

    /// <summary>
    /// Opens the file, or makes it. Blocks; meant for a process's start. Throws <see cref="InvalidOperationException"/> where a pragma does not hold, the
    /// schema is newer than this build, or the file is something else's; <see cref="TableUnavailableException"/> where it can't be opened.
    /// </summary>
    public static SqliteConditionalTable Open(SqliteTableOptions options, TimeProvider time) => Open(options, time, static statements => statements.Commit());

    internal static SqliteConditionalTable Open(SqliteTableOptions options, TimeProvider time, Action<SqliteStatements> commit)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        if (options.Path.Length == 0) throw new ArgumentException("Path is empty.", nameof(options));
        if (options.OutboxRowsMax < SqliteTableOptions.OutboxRowsMin)
            throw new ArgumentException($"OutboxRowsMax is {options.OutboxRowsMax}; at least {SqliteTableOptions.OutboxRowsMin} are needed.", nameof(options));
        if (options.BusyTimeout < TimeSpan.FromSeconds(1)) throw new ArgumentException($"BusyTimeout is {options.BusyTimeout}; at least 1 s is needed.", nameof(options));
        try
        {
            return new SqliteConditionalTable(options, time, commit);
        }
        catch (SqliteException exception)
        {
            throw SqliteFile.Translate(exception, options.Path);
        }
    }

    /// <inheritdoc/>
    public Task<TableRow?> ReadAsync(string partition, string row, CancellationToken cancellationToken = default)
    {
        TableLimits.CheckKey(partition, nameof(partition));
        TableLimits.CheckKey(row, nameof(row));
        return WithReaderAsync(connection => Find(connection, partition, row), cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<TableRow> RangeAsync(
        string partition, string? fromRow = null, string? toRow = null, int limit = int.MaxValue, CancellationToken cancellationToken = default)
    {
        TableLimits.CheckKey(partition, nameof(partition));
        TableLimits.CheckBound(fromRow, nameof(fromRow));
        TableLimits.CheckBound(toRow, nameof(toRow));
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        return PagesAsync(partition, fromRow ?? "", toRow, limit, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<WriteResult> WriteAsync(string partition, ImmutableArray<TableWrite> writes, CancellationToken cancellationToken = default)
    {
        TableLimits.CheckKey(partition, nameof(partition));
        TableLimits.CheckWrites(writes);
        var writer = $"{_instance}-{Interlocked.Increment(ref _writes)}";
        return _writer.WriteAsync(new TableBatch(partition, writes, writer, cancellationToken));
    }

    /// <summary>Writes what is queued, waits for reads, and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;

        await _writer.DisposeAsync();
        for (var closed = 0; closed < ReadersMax; closed++) (await _readers.Reader.ReadAsync()).Dispose();
        _readers.Writer.Complete();
    }

    private async IAsyncEnumerable<TableRow> PagesAsync(
        string partition, string fromRow, string? toRow, int limit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var from = fromRow;
        var inclusive = true;
        while (limit > 0)
        {
            var wanted = Math.Min(limit, PageRows);
            var (start, including) = (from, inclusive);
            var page = await WithReaderAsync(connection => Page(connection, partition, start, including, toRow, wanted), cancellationToken);
            foreach (var row in page) yield return row;
            if (page.Count < wanted) yield break;

            limit -= page.Count;
            from = page[^1].Row;
            inclusive = false;
        }
    }

    private async Task<T> WithReaderAsync<T>(Func<SqliteConnection, T> read, CancellationToken cancellationToken)
    {
        SqliteConnection connection;
        try
        {
            connection = await _readers.Reader.ReadAsync(cancellationToken);
        }
        catch (ChannelClosedException exception)
        {
            throw new ObjectDisposedException($"The table {_path} is closed.", exception);
        }

        try
        {
            return await Task.Run(() => read(connection), CancellationToken.None);
        }
        catch (SqliteException exception)
        {
            throw SqliteFile.Translate(exception, _path);
        }
        finally
        {
            _readers.Writer.TryWrite(connection);
        }
    }

    private static TableRow? Find(SqliteConnection connection, string partition, string row)
    {
        using var command = connection.CreateCommand();
        command.CommandText = """SELECT "row", etag, writer, payload FROM record WHERE "partition" = $partition AND "row" = $row""";
        command.Parameters.AddWithValue("$partition", partition);
        command.Parameters.AddWithValue("$row", row);
        using var reader = command.ExecuteReader();
        return reader.Read() ? Row(reader, partition) : null;
    }

    private static List<TableRow> Page(SqliteConnection connection, string partition, string from, bool inclusive, string? to, int limit)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            $"""
            SELECT "row", etag, writer, payload FROM record
            WHERE "partition" = $partition AND "row" {(inclusive ? ">=" : ">")} $from {(to is null ? "" : """AND "row" < $to""")}
            ORDER BY "row" LIMIT $limit
            """;
        command.Parameters.AddWithValue("$partition", partition);
        command.Parameters.AddWithValue("$from", from);
        command.Parameters.AddWithValue("$limit", limit);
        if (to is not null) command.Parameters.AddWithValue("$to", to);
        using var reader = command.ExecuteReader();
        var rows = new List<TableRow>();
        while (reader.Read()) rows.Add(Row(reader, partition));
        return rows;
    }

    private static TableRow Row(SqliteDataReader reader, string partition) =>
        new(partition, reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3));
}
