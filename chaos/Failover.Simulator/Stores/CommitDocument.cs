using System.Text.Json;

namespace Failover.Simulator.Stores;

/// <summary>Names a commit by its epoch (1 or more) and its slot (0 or more).</summary>
public sealed record CommitRef(int Epoch, int Commit)
{
    /// <summary>As in a provenance: <c>e2/7</c>.</summary>
    public override string ToString() => $"e{Epoch}/{Commit}";
}

/// <summary>One file of a commit: its path below the run's root, its size in bytes, its SHA-256 in lower-case hex.</summary>
public sealed record CommitFile(string Path, long SizeBytes, string Sha256);

/// <summary>What a commit slot holds, as docs/schemas/commit.schema.json has it.</summary>
public sealed record CommitDocument
{
    /// <summary>The only schema there is.</summary>
    public const string SchemaName = "failover.dev/commit/v1";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Always <see cref="SchemaName"/>.</summary>
    public string Schema { get; init; } = SchemaName;

    /// <summary>The run's uid.</summary>
    public required string Run { get; init; }

    /// <summary>The epoch, 1 or more.</summary>
    public required int Epoch { get; init; }

    /// <summary>The attempt within the epoch, 0 or more.</summary>
    public required int Attempt { get; init; }

    /// <summary>Optimiser steps finished since the run's beginning.</summary>
    public required long Step { get; init; }

    /// <summary>The commit before this one in the lineage; null for the first of all.</summary>
    public required CommitRef? Parent { get; init; }

    /// <summary>What the attempt started from; null on a fresh start.</summary>
    public required CommitRef? ResumedFrom { get; init; }

    /// <summary>The attempt's nonce, 16 hex digits.</summary>
    public required string Nonce { get; init; }

    /// <summary>64 hex digits, see <c>Provenance</c>.</summary>
    public required string Provenance { get; init; }

    /// <summary>The checkpoint's files, 1 to 10,000.</summary>
    public required IReadOnlyList<CommitFile> Files { get; init; }

    /// <summary>The document as UTF-8 JSON.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    /// <summary>Reads a document; null where it is none that this version knows.</summary>
    public static CommitDocument? TryParse(ReadOnlySpan<byte> content)
    {
        try
        {
            var document = JsonSerializer.Deserialize<CommitDocument>(content, Json);
            return document is { Schema: SchemaName, Files: not null } ? document : null;
        }
        catch (JsonException)
        {
            return null; // The answer for everything that is not a commit.
        }
    }
}

/// <summary>The content of a commit slot: a seal, a commit, or (both unset) something that is neither.</summary>
public sealed record CommitSlot(bool IsSealed, CommitDocument? Commit)
{
    /// <summary>Reads a slot. A slot is a seal when it begins with <c>SEALED</c>; the rest of a seal is for people.</summary>
    public static CommitSlot Parse(ReadOnlySpan<byte> content) =>
        content.StartsWith("SEALED"u8) ? new(true, null) : new(false, CommitDocument.TryParse(content));
}
