using System.Collections.Concurrent;
using System.Collections.Immutable;
using Failover.Abstractions.State;
using Microsoft.Extensions.Logging;

namespace Failover.Grains.State;

/// <summary>A row that can't be read: its partition, its key, and why.</summary>
public sealed record UnreadableRow(string Partition, string Row, string Reason);

/// <summary>
/// The stored rows that this silo could not read when it last tried. Each version of one is logged once. What they stand for is left as it is, by everybody: neither moved, nor swept, nor
/// dropped from a member's promises. Empty after a start. Thread-safe.
/// </summary>
public sealed partial class UnreadableRows(ILogger<UnreadableRows> logger)
{
    private readonly ConcurrentDictionary<(string Partition, string Row), (string ETag, string Reason)> _known = new();

    /// <summary>All of them, in order.</summary>
    public ImmutableArray<UnreadableRow> All =>
    [
        .. _known.Select(row => new UnreadableRow(row.Key.Partition, row.Key.Row, row.Value.Reason))
            .OrderBy(row => row.Partition, StringComparer.Ordinal).ThenBy(row => row.Row, StringComparer.Ordinal),
    ];

    /// <summary>One could not be read.</summary>
    internal void Note(TableRow row, string reason)
    {
        var before = _known.GetValueOrDefault((row.Partition, row.Row)).ETag;
        _known[(row.Partition, row.Row)] = (row.ETag, reason);
        if (before != row.ETag)
            LogUnreadable(row.Partition, row.Row, row.WriterId, reason);
    }

    /// <summary>One was read, or is gone.</summary>
    internal void Clear(string partition, string row)
    {
        if (_known.TryRemove((partition, row), out _))
            LogReadable(partition, row);
    }

    /// <summary>A whole partition was read: of its rows no others can't be.</summary>
    internal void Keep(string partition, ImmutableHashSet<string> unreadable)
    {
        foreach (var (known, row) in _known.Keys.Where(key => key.Partition == partition && !unreadable.Contains(key.Row)).ToList())
            Clear(known, row);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The row {Row} of {Partition}, written by {Writer}, can't be read, and what it stands for is left as it is until it can: {Reason}")]
    private partial void LogUnreadable(string partition, string row, string writer, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The row {Row} of {Partition} can be read again, or is gone")]
    private partial void LogReadable(string partition, string row);
}
