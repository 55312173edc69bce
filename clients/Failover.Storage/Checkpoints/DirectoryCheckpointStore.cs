using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;

namespace Failover.Storage.Checkpoints;

/// <summary>
/// A checkpoint store in a folder that silos and trainers mount (NFS, Lustre, a local disk): anything with atomic <c>link</c> and <c>fsync</c>. Linux only.
/// </summary>
public sealed class DirectoryCheckpointStore : ICheckpointStore
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Flushed so often that no flush has so much to write that it looks like a store that hangs.</summary>
    private const long FlushEveryBytes = 64L << 20;

    /// <summary>Far more than a heartbeat or a canary needs; whoever writes to the store can't make us read gigabytes.</summary>
    private const int NoteBytesMax = 1 << 16;

    private const string SetAside = ".bad-";
    private const string Partial = ".part-";

    private readonly StoreFolder _folder;
    private readonly KeyedLock _copies = new();
    private readonly StoreOptions _options;
    private readonly TimeProvider _time;

    /// <summary>A store by its name in the fleet file, mounted at <paramref name="path"/>.</summary>
    public DirectoryCheckpointStore(string name, string path, StoreOptions options, TimeProvider time)
    {
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException("Directory stores need Linux: link(2), fsync(2) and statx(2).");
        (Name, _options, _time) = (name, options, time);
        _folder = new StoreFolder(name, path, new StoreGate(name, options, time));
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>Makes a new store: the folder, and the marker that tells it from an empty mount point.</summary>
    public static void Initialize(string path, string name) => StoreFolder.Initialize(path, name);

    /// <inheritdoc/>
    public Task<ImmutableArray<RawSlot>> ListSlotsAsync(RunRoot run, int epoch, int limit = 100_000, CancellationToken cancellationToken = default) =>
        _folder.RunAsync(
            () =>
            {
                var folder = $"{run}/{StoreLayout.Commits(epoch)}";
                var numbers = _folder.Names(folder).Select(Number).OfType<int>().Order().ToList();
                // Slots are dense: a hole means that the listing is not whole.
                if (numbers.Where((number, i) => number != i).Any())
                    throw new StoreUnavailableException($"{Name}: the listing of {folder} breaks off: a slot before {numbers[^1]} is not in it");
                return numbers.Take(limit).Select(slot => new RawSlot(slot, ReadSlot($"{folder}/{slot}"))).ToImmutableArray();
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<string?> CreateSlotAsync(RunRoot run, int epoch, int slot, string content, CancellationToken cancellationToken = default) =>
        _folder.RunAsync(
            () =>
            {
                var path = $"{run}/{StoreLayout.Slot(epoch, slot)}";
                return _folder.Create(path, Encoding.UTF8.GetBytes(content)) ? null : (string?)ReadSlot(path);
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<StoredFile?> StatAsync(RunRoot run, string path, CancellationToken cancellationToken = default) =>
        _folder.RunAsync(() => Stat($"{run}/{path}"), cancellationToken);

    /// <inheritdoc/>
    public Task<HashedFile?> HashAsync(RunRoot run, string path, CancellationToken cancellationToken = default)
    {
        var pulse = new Pulse();
        return _folder.RunAsync(() => HashCoreAsync($"{run}/{path}", pulse, cancellationToken), pulse, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<CopyOutcome> CopyFromAsync(
        ICheckpointStore source, RunRoot run, CommitFile file, ByteRate rate, CancellationToken cancellationToken = default)
    {
        if (source is not DirectoryCheckpointStore from)
            throw new ArgumentException($"{Name} can only copy from other directories.", nameof(source));
        // Whoever wants the same file finds it there.
        using var turn = await _copies.EnterAsync($"{run}/{file.Path}", cancellationToken);
        var there = await HashAsync(run, file.Path, cancellationToken);
        if (there is not null)
            return Matches(there, file) ? CopyOutcome.Copied : CopyOutcome.TargetCorrupt;
        var stat = await from.StatAsync(run, file.Path, cancellationToken);
        if (stat is null)
            return CopyOutcome.SourceMissing;
        if (stat.SizeBytes != file.SizeBytes)
            return CopyOutcome.SourceCorrupt;
        var throttle = ByteThrottle.Of(rate, _time);
        var pulse = new Pulse();
        // The source is asked step by step, through its own gate: where it hangs, it is the source that is out of reach, and this store goes on.
        return await _folder.RunAsync(() => CopyCoreAsync(from, run, file, throttle, pulse, cancellationToken), pulse, cancellationToken);
    }

    /// <inheritdoc/>
    public Task SetAsideAsync(RunRoot run, string path, CancellationToken cancellationToken = default) =>
        _folder.RunAsync(
            () =>
            {
                // A pin is a name of its own for the same content, and keeps it.
                var from = _folder.Resolve($"{run}/{path}");
                if (File.Exists(from))
                    File.Move(from, Path.Combine(Path.GetDirectoryName(from)!, $"{SetAside}{Guid.NewGuid():N}"));
                return true;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<int> CleanAsync(RunRoot run, CancellationToken cancellationToken = default)
    {
        var pulse = new Pulse();
        return _folder.RunAsync(
            () =>
            {
                var path = _folder.Resolve(run.ToString());
                if (PosixFiles.Stat(path).Kind != PosixFiles.Kind.Folder)
                    return Task.FromResult(0);
                var before = _time.GetUtcNow().UtcDateTime - _options.LeftoverAge;
                var every = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
                var removed = 0;
                foreach (var name in Directory.EnumerateFiles(path, ".*", every))
                {
                    pulse.Beat();
                    // What somebody still writes to is younger.
                    if (!IsLeftover(Path.GetFileName(name)) || File.GetLastWriteTimeUtc(name) >= before)
                        continue;
                    File.Delete(name);
                    removed++;
                }
                return Task.FromResult(removed);
            },
            pulse,
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> PinAsync(RunRoot run, int forEpoch, CommitRef commit, Commit document, CancellationToken cancellationToken = default) =>
        _folder.RunAsync(
            () =>
            {
                var pin = $"{run}/{StoreLayout.Pin(forEpoch)}";
                // Files first, the slot last: a trainer that finds the slot finds all of it.
                foreach (var path in document.Files.Select(file => file.Path).Append(StoreLayout.Slot(commit.Epoch, commit.Commit)))
                {
                    if (Stat($"{run}/{path}") is null)
                        return false;
                    var folder = _folder.MakeFolders(FolderOf($"{pin}/{path}"));
                    LinkAnew(_folder.Resolve($"{run}/{path}"), _folder.Resolve($"{pin}/{path}"));
                    PosixFiles.FlushFolder(folder);
                }
                return true;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task UnpinAsync(RunRoot run, int forEpoch, CancellationToken cancellationToken = default) =>
        _folder.RunAsync(
            () =>
            {
                var path = _folder.Resolve($"{run}/{StoreLayout.Pin(forEpoch)}");
                if (Directory.Exists(path))
                    Directory.Delete(path, recursive: true);
                return true;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<ImmutableDictionary<string, string>> ReadHeartbeatsAsync(string member, CancellationToken cancellationToken = default) =>
        _folder.RunAsync(
            () =>
            {
                var folder = StoreLayout.Heartbeats(member);
                // One that is a link, or is taken away while we look, must not hide the others.
                return _folder.Names(folder)
                    .Select(name => (Name: name, Content: Stat($"{folder}/{name}") is null ? null : ReadNote($"{folder}/{name}")))
                    .Where(heartbeat => heartbeat.Content is not null)
                    .ToImmutableDictionary(heartbeat => heartbeat.Name, heartbeat => heartbeat.Content!);
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task TouchCanaryAsync(string site, string content, CancellationToken cancellationToken = default) =>
        _folder.RunAsync(
            () =>
            {
                var path = StoreLayout.Canary(site);
                var folder = _folder.MakeFolders(FolderOf(path));
                var temporary = Path.Combine(folder, $".tmp-{Guid.NewGuid():N}");
                File.WriteAllText(temporary, content);
                File.Move(temporary, _folder.Resolve(path), overwrite: true);
                return ReadNote(path) == content ? true : throw new StoreUnavailableException($"{Name}: the canary reads other than it was written");
            },
            cancellationToken);

    private static bool IsLeftover(string name) =>
        name.StartsWith(SetAside, StringComparison.Ordinal) || name.StartsWith(Partial, StringComparison.Ordinal) || name.StartsWith(StoreFolder.Temporary, StringComparison.Ordinal);

    private static bool Matches(HashedFile hashed, CommitFile file) => hashed.Sha256 == file.Sha256 && hashed.Stat.SizeBytes == file.SizeBytes;

    private static string FolderOf(string path) => path[..path.LastIndexOf('/')];

    /// <summary>The slot of that name; null for what is no slot, as an editor or a file system may leave behind.</summary>
    private static int? Number(string name) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number.ToString(CultureInfo.InvariantCulture) == name ? number : null;

    private string ReadSlot(string relative) => _folder.ReadText(relative, CommitDocument.LengthMax);

    /// <summary>Null where it is not there any more.</summary>
    private string? ReadNote(string relative)
    {
        try
        {
            return _folder.ReadText(relative, NoteBytesMax);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>A link or a device in a commit's path is no file of it.</summary>
    private StoredFile? Stat(string relative)
    {
        if (_folder.Find(relative) is not { } path)
            return null;
        var found = PosixFiles.Stat(path);
        return found.Kind == PosixFiles.Kind.File ? new StoredFile(found.SizeBytes, found.ETag) : null;
    }

    private async Task<HashedFile?> HashCoreAsync(string relative, Pulse pulse, CancellationToken cancellationToken)
    {
        if (Stat(relative) is not { } before)
            return null;
        await using var stream = new FileStream(_folder.Resolve(relative), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[(int)Math.Clamp(before.SizeBytes, 1, BufferBytes)];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            hash.AppendData(buffer, 0, read);
            pulse.Beat();
        }
        var digest = Convert.ToHexStringLower(hash.GetHashAndReset());
        return Stat(relative) == before
            ? new HashedFile(digest, before)
            : throw new StoreUnavailableException($"{Name}: {relative} changed while it was read");
    }

    private async Task<CopyOutcome> CopyCoreAsync(
        DirectoryCheckpointStore source, RunRoot run, CommitFile file, ByteThrottle throttle, Pulse pulse, CancellationToken cancellationToken)
    {
        var relative = $"{run}/{file.Path}";
        var folder = _folder.MakeFolders(FolderOf(relative));
        var partial = _folder.Resolve($"{FolderOf(relative)}/{PartialName(file)}");
        await using (var from = await pulse.WaitAsync(source.OpenSourceAsync(relative, cancellationToken)))
        await using (var to = new FileStream(partial, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            var resumed = to.Length > 0;
            var digest = await TransferAsync(source, from, to, throttle, pulse, cancellationToken);
            if (digest != file.Sha256 && resumed)
            {
                // What an earlier go left may be torn: only a copy made in one go says that the source is at fault.
                to.SetLength(0);
                to.Position = 0;
                digest = await TransferAsync(source, from, to, throttle, pulse, cancellationToken);
            }
            // What was read counts only if it was the source to the end, and not an empty mount point.
            await pulse.WaitAsync(source._folder.RunAsync(() => true, cancellationToken));
            if (digest != file.Sha256)
            {
                File.Delete(partial);
                return CopyOutcome.SourceCorrupt;
            }
            to.Flush(flushToDisk: true);
        }
        var isOurs = PosixFiles.Link(partial, _folder.Resolve(relative));
        PosixFiles.FlushFolder(folder);
        File.Delete(partial);
        // Somebody else's file took the name meanwhile.
        return isOurs || (await HashCoreAsync(relative, pulse, cancellationToken) is { } there && Matches(there, file)) ? CopyOutcome.Copied : CopyOutcome.TargetCorrupt;
    }

    /// <summary>Where a copy grows until it is whole. Of the path too: files of the same content may lie side by side.</summary>
    private static string PartialName(CommitFile file) =>
        $"{Partial}{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{file.Sha256} {file.Path}")))}";

    private Task<FileStream> OpenSourceAsync(string relative, CancellationToken cancellationToken) => _folder.RunAsync(
        () => new FileStream(_folder.Resolve(relative), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0), cancellationToken);

    /// <summary>
    /// Goes on where an earlier go broke off: what is there is hashed again, which is cheaper than reading it across regions. The SHA-256 of all that is there in the end.
    /// </summary>
    private static async Task<string> TransferAsync(
        DirectoryCheckpointStore source, FileStream from, FileStream to, ByteThrottle throttle, Pulse pulse, CancellationToken cancellationToken)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferBytes];
        int read;
        while ((read = await to.ReadAsync(buffer, cancellationToken)) > 0)
        {
            digest.AppendData(buffer, 0, read);
            pulse.Beat();
        }
        var unflushed = 0L;
        await pulse.WaitAsync(source._folder.StepAsync(() => from.Position = Math.Min(to.Position, from.Length), cancellationToken));
        while ((read = await pulse.WaitAsync(source._folder.StepAsync(() => from.Read(buffer), cancellationToken))) > 0)
        {
            await pulse.WaitAsync(throttle.TakeAsync(read, cancellationToken));
            digest.AppendData(buffer, 0, read);
            await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            unflushed += read;
            if (unflushed < FlushEveryBytes)
                continue;
            to.Flush(flushToDisk: true);
            unflushed = 0;
            pulse.Beat();
        }
        return Convert.ToHexStringLower(digest.GetHashAndReset());
    }

    /// <summary>A pin that an earlier try left may be of a copy that was set aside since; the name is made to mean the present file.</summary>
    private static void LinkAnew(string existing, string name)
    {
        if (PosixFiles.Link(existing, name) || PosixFiles.Stat(existing).ETag == PosixFiles.Stat(name).ETag)
            return;
        File.Delete(name);
        PosixFiles.Link(existing, name);
    }
}
