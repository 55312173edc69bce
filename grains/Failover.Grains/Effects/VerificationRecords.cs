using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Failover.Abstractions.Ports;
using Failover.Abstractions.State;
using Failover.Domain.Checkpoints;

namespace Failover.Grains.Effects;

/// <summary>That a commit's files in a store were read through and found right, or not, and the ETags that this holds for: a failover compares these instead of
/// reading terabytes.</summary>
internal sealed record Verification : IStoredRecord
{
    public string Kind { get; init; } = "verification";

    public int SchemaVersion { get; init; } = 1;

    /// <summary>Of a copy that won't do.</summary>
    public static Verification Bad { get; } = new() { ETags = ImmutableDictionary<string, string>.Empty, Corrupt = true };

    /// <summary>By path; of the files that were found right.</summary>
    public required ImmutableDictionary<string, string> ETags { get; init; }

    /// <summary>A file's hash was not the commit's.</summary>
    public bool Corrupt { get; init; }
}

/// <summary>Keeps verifications in the conditional tables: partition <c>verified/{uid}</c>, row <c>{store}/e{epoch}/{commit}</c>.</summary>
internal sealed class VerificationRecords(IConditionalTable table)
{
    public async Task<Verification?> ReadAsync(RunRoot run, string store, CommitRef commit, CancellationToken cancellationToken)
    {
        var row = await table.ReadAsync(PartitionOf(run), RowOf(store, commit), cancellationToken);
        return row is null ? null : JsonSerializer.Deserialize<Verification>(row.Payload, StateJson.Options);
    }

    /// <summary>Stores what was found; a newer look at the same copy replaces an older one. Losing a race against another look is fine.</summary>
    public async Task WriteAsync(RunRoot run, string store, CommitRef commit, Verification verification, CancellationToken cancellationToken)
    {
        var payload = JsonSerializer.Serialize(verification, StateJson.Options);
        var row = await table.ReadAsync(PartitionOf(run), RowOf(store, commit), cancellationToken);
        if (row?.Payload == payload)
            return;
        TableWrite write = row is null
            ? new TableWrite.Insert(RowOf(store, commit), payload)
            : new TableWrite.Replace(RowOf(store, commit), payload, row.ETag);
        await table.WriteAsync(PartitionOf(run), [write], cancellationToken);
    }

    private static string PartitionOf(RunRoot run) => $"verified/{run.Uid}";

    private static string RowOf(string store, CommitRef commit) =>
        string.Create(CultureInfo.InvariantCulture, $"{store}/e{commit.Epoch:D10}/{commit.Commit:D10}");
}
