using System.Collections.Immutable;
using Failover.Domain.Checkpoints;

namespace Failover.Abstractions.Ports;

/// <summary>Finds the checkpoint stores of the fleet file by name.</summary>
public interface ICheckpointStores
{
    /// <summary>The store; throws <see cref="ArgumentException"/> for a name that the fleet file does not list.</summary>
    ICheckpointStore Get(string store);
}

/// <summary>
/// One region's checkpoint store: create-if-absent, listing, and nothing that overwrites. Every method throws <see cref="StoreUnavailableException"/> when
/// the store does not answer or answers short (I4), and never creates the store itself. <c>RunRoot</c> is <c>{tenant}/{uid}</c>.
/// </summary>
public interface ICheckpointStore
{
    /// <summary>Its name in the fleet file.</summary>
    string Name { get; }

    /// <summary>The slots of an epoch, in order, dense from 0; at most <paramref name="limit"/>. Empty where there are none. Content is not interpreted.</summary>
    Task<ImmutableArray<RawSlot>> ListSlotsAsync(RunRoot run, int epoch, int limit = 100_000, CancellationToken cancellationToken = default);

    /// <summary>Creates a slot if absent, durably; <see langword="null"/> when created, else the content that was there first.</summary>
    Task<string?> CreateSlotAsync(RunRoot run, int epoch, int slot, string content, CancellationToken cancellationToken = default);

    /// <summary>What is there under a file's path, without reading it; <see langword="null"/> where nothing is.</summary>
    Task<StoredFile?> StatAsync(RunRoot run, string path, CancellationToken cancellationToken = default);

    /// <summary>Reads a file through and hashes it; <see langword="null"/> where nothing is. The stat is the one that held before and after.</summary>
    Task<HashedFile?> HashAsync(RunRoot run, string path, CancellationToken cancellationToken = default);

    /// <summary>
    /// Copies a file from another store, if absent here, hashing on the way; the file appears whole or not at all, and only if size and hash are
    /// those of <paramref name="file"/>. A file that is here already is hashed instead. Resumable: a second call goes on where the first broke off.
    /// </summary>
    Task<CopyOutcome> CopyFromAsync(ICheckpointStore source, RunRoot run, CommitFile file, ByteRate rate, CancellationToken cancellationToken = default);

    /// <summary>Replaces a file found corrupt: moves it aside so that a good copy can take its name. Never a file that is pinned.</summary>
    Task SetAsideAsync(RunRoot run, string path, CancellationToken cancellationToken = default);

    /// <summary>Removes what earlier tries and bad copies of a run left behind, once it is old; answers how many files. Never touches what counts.</summary>
    Task<int> CleanAsync(RunRoot run, CancellationToken cancellationToken = default);

    /// <summary>
    /// Pins a commit for an epoch: its document and its files appear under <c>pins/e{forEpoch}/</c>, sharing content with the originals, and outlive their
    /// deletion. False where a file is missing. Repeating it is harmless.
    /// </summary>
    Task<bool> PinAsync(RunRoot run, int forEpoch, CommitRef commit, Commit document, CancellationToken cancellationToken = default);

    /// <summary>Removes the pin of an epoch, if there is one.</summary>
    Task UnpinAsync(RunRoot run, int forEpoch, CancellationToken cancellationToken = default);

    /// <summary>All heartbeats under a member's prefix, as written; file name (the run's uid) to content. One listing.</summary>
    Task<ImmutableDictionary<string, string>> ReadHeartbeatsAsync(string member, CancellationToken cancellationToken = default);

    /// <summary>Writes and reads back our canary of a site: shows that the store takes writes and shows them to readers.</summary>
    Task TouchCanaryAsync(string site, string content, CancellationToken cancellationToken = default);
}

/// <summary>A run's folder in a store.</summary>
public readonly record struct RunRoot(string Tenant, string Uid)
{
    /// <summary><c>{tenant}/{uid}</c>.</summary>
    public override string ToString() => $"{Tenant}/{Uid}";
}

/// <summary>A slot as stored.</summary>
public sealed record RawSlot(int Slot, string Content);

/// <summary>A file's size and an ETag that changes with its content (for a directory: inode, size and modification time).</summary>
public sealed record StoredFile(long SizeBytes, string ETag);

/// <summary>A file that was read through: its SHA-256 in lower-case hex, and the stat it holds for.</summary>
public sealed record HashedFile(string Sha256, StoredFile Stat);

/// <summary>What became of a copy.</summary>
public enum CopyOutcome
{
    /// <summary>It is there, with the right content.</summary>
    Copied,

    /// <summary>The source has no such file.</summary>
    SourceMissing,

    /// <summary>The source's content is not what the commit says.</summary>
    SourceCorrupt,

    /// <summary>The target had a file of that name with other content.</summary>
    TargetCorrupt,
}

/// <summary>A limit on bytes a second, shared by all that copy with it; 0 is none.</summary>
public sealed record ByteRate(long BytesPerSecond);

/// <summary>The store did not answer, or refused. Nothing is known of what it did.</summary>
public sealed class StoreUnavailableException : Exception
{
    /// <summary>An exception that says nothing more.</summary>
    public StoreUnavailableException() { }

    /// <summary>An exception that says what was tried.</summary>
    public StoreUnavailableException(string message) : base(message) { }

    /// <summary>An exception that says what was tried, and what came back.</summary>
    public StoreUnavailableException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>Whether the store answered, and denied us.</summary>
    public bool Denied { get; init; }
}
