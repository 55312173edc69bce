using System.Security.Cryptography;
using Failover.Abstractions.State;
using Microsoft.Data.Sqlite;

namespace Failover.Storage.Tables;

/// <summary>Opens the database file: its pragmas, read back, and its schema.</summary>
internal static class SqliteFile
{
    /// <summary>The schema that this build writes.</summary>
    public const int SchemaVersion = 1;

    private const string Tables =
        """
        CREATE TABLE installation(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE record(
          "partition" TEXT NOT NULL, "row" TEXT NOT NULL, etag TEXT NOT NULL, writer TEXT NOT NULL, payload TEXT NOT NULL,
          PRIMARY KEY("partition", "row"));
        CREATE TABLE outbox(
          seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, "partition" TEXT NOT NULL, "row" TEXT NOT NULL, etag TEXT NOT NULL,
          writer TEXT NOT NULL, op TEXT NOT NULL CHECK(op IN ('insert', 'replace', 'delete')), payload TEXT NULL);
        """;

    /// <summary>The connection that writes; makes the file and its schema when absent.</summary>
    public static SqliteConnection OpenWriter(SqliteTableOptions options, TimeProvider time)
    {
        var connection = Open(options.Path, SqliteOpenMode.ReadWriteCreate, options.BusyTimeout);
        try
        {
            Execute(connection, "PRAGMA journal_mode = WAL");
            Execute(connection, "PRAGMA synchronous = FULL");
            Execute(connection, "PRAGMA foreign_keys = ON");
            Require(connection, options.Path, "journal_mode", "wal");
            Require(connection, options.Path, "synchronous", "2");
            Require(connection, options.Path, "foreign_keys", "1");
            // Ranges rely on the order of UTF-8 bytes.
            Require(connection, options.Path, "encoding", "UTF-8");
            EnsureSchema(connection, options.Path, time);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>A connection that only reads a file which is there.</summary>
    public static SqliteConnection OpenReader(string path, TimeSpan busyTimeout) => Open(path, SqliteOpenMode.ReadOnly, busyTimeout);

    /// <summary>Runs a statement that takes no parameters; its first value, if any.</summary>
    public static string? Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar()?.ToString();
    }

    /// <summary>What is told of SQLite's answer. Errors in our own statements are bugs, and stay what they are.</summary>
    public static Exception Translate(SqliteException exception, string path) =>
        exception.SqliteErrorCode is SQLitePCL.raw.SQLITE_ERROR or SQLitePCL.raw.SQLITE_MISUSE
            ? exception
            : new TableUnavailableException($"The table {path} can't: {exception.Message}", exception);

    private static SqliteConnection Open(string path, SqliteOpenMode mode, TimeSpan busyTimeout)
    {
        // The library retries a busy file by itself until its command time-out, which is in seconds and must not outlast SQLite's own.
        var seconds = Math.Max(1, (int)busyTimeout.TotalSeconds);
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = seconds,
        }.ToString());
        try
        {
            connection.Open();
            var milliseconds = seconds * 1000;
            Execute(connection, $"PRAGMA busy_timeout = {milliseconds}");
            Require(connection, path, "busy_timeout", $"{milliseconds}");
            return connection;
        }
        catch (SqliteException exception)
        {
            connection.Dispose();
            throw Translate(exception, path);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Require(SqliteConnection connection, string path, string pragma, string expected)
    {
        var actual = Execute(connection, $"PRAGMA {pragma}");
        if (!string.Equals(actual, expected, StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidOperationException(
                $"The table {path} does not start: PRAGMA {pragma} is {actual ?? "unknown"} and must be {expected}, or acknowledged writes could be lost.");
        }
    }

    /// <summary>In one transaction, since two processes may start at once. Where it throws, closing the connection rolls it back.</summary>
    private static void EnsureSchema(SqliteConnection connection, string path, TimeProvider time)
    {
        Execute(connection, "BEGIN IMMEDIATE");
        if (Execute(connection, "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' LIMIT 1") is null) CreateSchema(connection, time);
        CheckSchema(connection, path);
        Execute(connection, "COMMIT");
    }

    private static void CreateSchema(SqliteConnection connection, TimeProvider time)
    {
        Execute(connection, Tables);
        using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO installation(key, value) VALUES ('schemaVersion', $schema), ('id', $id), ('createdAt', $at)";
        command.Parameters.AddWithValue("$schema", $"{SchemaVersion}");
        command.Parameters.AddWithValue("$id", RandomNumberGenerator.GetHexString(32, lowercase: true));
        command.Parameters.AddWithValue("$at", time.GetUtcNow().UtcDateTime.ToString("O"));
        command.ExecuteNonQuery();
    }

    private static void CheckSchema(SqliteConnection connection, string path)
    {
        if (Execute(connection, "SELECT name FROM sqlite_schema WHERE name = 'installation'") is null)
            throw new InvalidOperationException($"{path} is a database of something else: it has no installation table. Name another file.");

        var stored = Execute(connection, "SELECT value FROM installation WHERE key = 'schemaVersion'");
        if (!int.TryParse(stored, out var version) || version < 1)
            throw new InvalidOperationException($"{path} has the schema version {stored ?? "none"}, which is no version.");

        if (version > SchemaVersion)
        {
            throw new InvalidOperationException(
                $"{path} has schema {version}, and this build knows schemas up to {SchemaVersion}. Start a build that is at least as new as the one that wrote it.");
        }
    }
}
