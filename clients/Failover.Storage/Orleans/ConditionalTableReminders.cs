using System.Collections.Immutable;
using Failover.Abstractions.State;
using Orleans.Storage;

namespace Failover.Storage.Orleans;

/// <summary>
/// Orleans' reminder table over the conditional table: partition <c>reminders</c>, row <c>{hash, 8 hex digits}/{grain}/{name}</c>, the last two escaped. Since the
/// hash comes first, a silo's share of the ring is one range, or two where it wraps around, and no scan reads beyond it.
/// </summary>
internal sealed class ConditionalTableReminders(IConditionalTable table) : IReminderTable
{
    private const string Partition = "reminders";

    // Each conflict means that another upsert of the same reminder got through; more than a few at once is a bug elsewhere.
    private const int UpsertTriesMax = 50;

    public Task<ReminderTableData> ReadRows(GrainId grainId)
    {
        var prefix = GrainPrefix(grainId);
        // '0' comes right after the '/' that ends the prefix.
        return ReadAsync([(prefix, $"{prefix.AsSpan(0, prefix.Length - 1)}0")]);
    }

    public Task<ReminderTableData> ReadRows(uint begin, uint end) => ReadAsync(Ranges(begin, end));

    public async Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName) =>
        await table.ReadAsync(Partition, Key(grainId, reminderName)) is { } row ? Entry(row) : null;

    public async Task<string?> UpsertRow(ReminderEntry entry)
    {
        var key = Key(entry.GrainId, entry.ReminderName);
        var payload = StateJson.Write(ReminderRecord.From(entry));
        for (var tries = 0; tries < UpsertTriesMax; tries++)
        {
            var current = await table.ReadAsync(Partition, key);
            var result = await table.WriteAsync(
                Partition, [current is null ? new TableWrite.Insert(key, payload) : new TableWrite.Replace(key, payload, current.ETag)]);
            if (result.Outcome == WriteOutcome.Written) return result.ETags[0];
            if (result.Outcome == WriteOutcome.Unknown) throw Unknown(key);
        }

        throw new InconsistentStateException($"The reminder {key} was changed by somebody else {UpsertTriesMax} times in a row.");
    }

    public async Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag)
    {
        var key = Key(grainId, reminderName);
        var result = await table.WriteAsync(Partition, [new TableWrite.Delete(key, eTag)]);
        return result.Outcome == WriteOutcome.Unknown ? throw Unknown(key) : result.Outcome == WriteOutcome.Written;
    }

    public async Task TestOnlyClearTable()
    {
        await foreach (var row in table.RangeAsync(Partition))
            await table.WriteAsync(Partition, [new TableWrite.Delete(row.Row, row.ETag)]);
    }

    /// <summary>The ranges of keys whose hash lies in (begin, end], all around the ring where begin is not below end.</summary>
    private static ImmutableArray<(string? From, string? To)> Ranges(uint begin, uint end)
    {
        (string?, string?) upTo = (null, Above(end));
        if (begin < end) return [(Above(begin), Above(end))];
        return Above(begin) is { } above ? [upTo, (above, null)] : [upTo];
    }

    /// <summary>The least key whose hash is above; <see langword="null"/> where none is.</summary>
    private static string? Above(uint hash) => hash == uint.MaxValue ? null : $"{hash + 1:x8}";

    private static string GrainPrefix(GrainId grainId) => $"{grainId.GetUniformHashCode():x8}/{Uri.EscapeDataString(grainId.ToString())}/";

    private static string Key(GrainId grainId, string reminderName) => GrainPrefix(grainId) + Uri.EscapeDataString(reminderName);

    private static ReminderEntry Entry(TableRow row) => StateJson.Read<ReminderRecord>(row.Payload).ToEntry(row.ETag);

    private static StorageUnknownException Unknown(string key) => new($"Whether the reminder {key} was written is unknown.");

    private async Task<ReminderTableData> ReadAsync(ImmutableArray<(string? From, string? To)> ranges)
    {
        var entries = new List<ReminderEntry>();
        foreach (var (from, to) in ranges)
        {
            await foreach (var row in table.RangeAsync(Partition, from, to)) entries.Add(Entry(row));
        }

        return new ReminderTableData(entries);
    }
}

/// <summary>A reminder as stored; times are UTC.</summary>
internal sealed record ReminderRecord(string GrainId, string Name, DateTimeOffset StartAt, TimeSpan Period) : IStoredRecord
{
    public string Kind { get; init; } = "reminder";

    public int SchemaVersion { get; init; } = 1;

    public static ReminderRecord From(ReminderEntry entry)
    {
        // Orleans means UTC where it says nothing.
        var start = entry.StartAt.Kind == DateTimeKind.Unspecified ? DateTime.SpecifyKind(entry.StartAt, DateTimeKind.Utc) : entry.StartAt.ToUniversalTime();
        return new ReminderRecord(entry.GrainId.ToString(), entry.ReminderName, new DateTimeOffset(start), entry.Period);
    }

    public ReminderEntry ToEntry(string etag) => new()
    {
        GrainId = global::Orleans.Runtime.GrainId.Parse(GrainId),
        ReminderName = Name,
        StartAt = StartAt.UtcDateTime,
        Period = Period,
        ETag = etag,
    };
}
