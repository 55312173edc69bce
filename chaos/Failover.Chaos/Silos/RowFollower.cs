using System.Text.Json;
using Failover.Abstractions.State;
using Failover.Chaos.Checking;
using Failover.Storage.Tables;

namespace Failover.Chaos.Silos;

/// <summary>The rows that a silo wrote, by kind, in the order of the tables' sequence.</summary>
public sealed record RowsWritten(
    IReadOnlyList<StoredWrite<StoredRun>> Runs, IReadOnlyList<StoredWrite<StoredMember>> Members, IReadOnlyList<StoredWrite<StoredBrake>> Brakes);

/// <summary>
/// Follows the tables' outbox, read-only, from the file of a silo that writes on, is dead, or has never run. Used by one task at a time; what it has read may
/// be taken by any.
/// </summary>
public sealed class RowFollower(string dataFolder)
{
    private const int Batch = 1000;

    private readonly Lock _lock = new();
    private readonly List<OutboxEntry> _entries = [];
    private readonly List<StoredWrite<StoredRun>> _runs = [];
    private readonly List<StoredWrite<StoredMember>> _members = [];
    private readonly List<StoredWrite<StoredBrake>> _brakes = [];
    private long _read;

    /// <summary>All that was read so far.</summary>
    public RowsWritten Rows
    {
        get
        {
            lock (_lock)
                return new RowsWritten([.. _runs], [.. _members], [.. _brakes]);
        }
    }

    /// <summary>All entries that were read so far.</summary>
    public IReadOnlyList<OutboxEntry> Entries
    {
        get
        {
            lock (_lock)
                return [.. _entries];
        }
    }

    /// <summary>Reads what is new. False where the tables can't be read at the moment.</summary>
    public async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        if (TablePath() is not { } path)
            return false;
        try
        {
            while (await SqliteOutbox.ReadAsync(path, _read, Batch, cancellationToken) is { IsEmpty: false } entries)
            {
                lock (_lock)
                {
                    foreach (var entry in entries)
                        Take(entry);
                }
                _read = entries[^1].Seq;
            }
            return true;
        }
        catch (TableUnavailableException)
        {
            // A silo is just making the file, or was killed while it did.
            return false;
        }
    }

    /// <summary>Sorts entries into rows by what their payloads say they are.</summary>
    public static RowsWritten Sort(IEnumerable<OutboxEntry> entries)
    {
        var follower = new RowFollower("");
        foreach (var entry in entries)
            follower.Take(entry);
        return follower.Rows;
    }

    // The folder is the silo's own; the table is the one file there that ends so.
    private string? TablePath() => Directory.Exists(dataFolder) ? Directory.EnumerateFiles(dataFolder, "*.db").Order(StringComparer.Ordinal).FirstOrDefault() : null;

    private void Take(OutboxEntry entry)
    {
        _entries.Add(entry);
        if (entry.Payload is not { } payload)
            return;
        switch (KindOf(payload))
        {
            case "run":
                _runs.Add(new(entry.Seq, entry.At, StoredRows.Parse<StoredRun>(payload)));
                break;
            case "member":
                _members.Add(new(entry.Seq, entry.At, StoredRows.Parse<StoredMember>(payload)));
                break;
            case "brake":
                _brakes.Add(new(entry.Seq, entry.At, StoredRows.Parse<StoredBrake>(payload)));
                break;
            default:
                break; // Membership, reminders, indexes: nothing is judged by them.
        }
    }

    private static string? KindOf(string payload)
    {
        try
        {
            using var document = JsonDocument.Parse(payload);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("kind", out var kind)
                && kind.ValueKind == JsonValueKind.String ? kind.GetString() : null;
        }
        catch (JsonException)
        {
            return null; // A row of Orleans' own need not be JSON.
        }
    }
}
