using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Failover.Domain.Checkpoints;

/// <summary>One file of a commit. <paramref name="Path"/> is relative to the run's root; <paramref name="Sha256"/> is 64 lower-case hex digits.</summary>
public sealed record CommitFile(string Path, long SizeBytes, string Sha256);

/// <summary>A commit document, as docs/trainer-contract.md defines it.</summary>
public sealed record Commit
{
    /// <summary>The only schema there is so far.</summary>
    public const string SchemaV1 = "failover.dev/commit/v1";

    /// <summary>Always <see cref="SchemaV1"/>.</summary>
    [JsonRequired]
    public string Schema { get; init; } = SchemaV1;

    /// <summary>The run's uid.</summary>
    [JsonPropertyName("run")]
    public required string RunUid { get; init; }

    /// <summary>From 1.</summary>
    public required int Epoch { get; init; }

    /// <summary>From 0, within the epoch.</summary>
    public required int Attempt { get; init; }

    /// <summary>Finished optimiser steps since the run's beginning.</summary>
    public required long Step { get; init; }

    /// <summary>The commit before this one in the lineage; <see langword="null"/> for the first of all.</summary>
    public required CommitRef? Parent { get; init; }

    /// <summary>What the attempt started from; <see langword="null"/> on a fresh start.</summary>
    public required CommitRef? ResumedFrom { get; init; }

    /// <summary>16 lower-case hex digits, drawn once an attempt.</summary>
    public required string Nonce { get; init; }

    /// <summary>64 lower-case hex digits; see <c>Provenance</c>.</summary>
    public required string Provenance { get; init; }

    /// <summary>1 to 10,000 files.</summary>
    public required ImmutableArray<CommitFile> Files { get; init; }

    /// <summary>The bytes of all files.</summary>
    [JsonIgnore]
    public long SizeBytes => Files.Sum(file => file.SizeBytes);

    /// <summary>Whether two documents say the same, file by file.</summary>
    public bool SaysTheSameAs(Commit other) =>
        ReferenceEquals(this, other) || (this with { Files = [] } == other with { Files = [] } && Files.SequenceEqual(other.Files));
}
