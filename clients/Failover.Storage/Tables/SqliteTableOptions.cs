namespace Failover.Storage.Tables;

/// <summary>Where the SQLite table lives, and its limits.</summary>
public sealed record SqliteTableOptions
{
    /// <summary>The fewest outbox rows that may be kept: more than one group of writes makes, so that a lost answer can be looked up there.</summary>
    public const int OutboxRowsMin = 10_000;

    /// <summary>The database file, made when absent; its folder must be there. Beside it lie <c>-wal</c> and <c>-shm</c>, which belong to it.</summary>
    public required string Path { get; init; }

    /// <summary>Outbox rows kept, the newest; from <see cref="OutboxRowsMin"/>.</summary>
    public int OutboxRowsMax { get; init; } = 200_000;

    /// <summary>How long to wait for another process that holds the file's lock, in whole seconds from 1, before the table counts as unavailable.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);
}
