using System.Text;

namespace Failover.Simulator.Stores;

/// <summary>A store and the region it stands in.</summary>
public sealed record StoreSpec(string Name, string Region);

/// <summary>A commit that was found in a store.</summary>
public sealed record FoundCommit(int Epoch, int Slot, CommitDocument Document);

/// <summary>How to corrupt a file.</summary>
/// <param name="FileName">The file's name within the checkpoint; null for the commit's first.</param>
/// <param name="KeepModificationTime">Whether the file looks untouched from outside. Its size stays the same in any case.</param>
public sealed record Corruption(string? FileName = null, bool KeepModificationTime = true);

/// <summary>
/// The stores of all regions, as directories, and everybody's mounts of them, as symbolic links that can be cut one by one. Owners of mounts are the silos
/// (<see cref="SiloOwner"/>) and each region (for its trainers). Thread-safe.
/// </summary>
public sealed class StoreWorld
{
    /// <summary>The owner of the silos' mounts.</summary>
    public const string SiloOwner = "silo";

    /// <summary>What URIs of stores begin with in the trainers' environment.</summary>
    public const string UriPrefix = "file:///failover-stores/";

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Owner, string Store), HashSet<string>> _cuts = [];
    private readonly Dictionary<string, StoreSpec> _stores;
    private readonly string _root;

    /// <summary>Makes the stores and mounts below <paramref name="root"/>, all of them healed. Stores that are there already keep what they hold.</summary>
    public StoreWorld(string root, IReadOnlyCollection<StoreSpec> stores, IReadOnlyCollection<string> regions)
    {
        _root = Path.GetFullPath(root);
        _stores = stores.ToDictionary(s => s.Name, StringComparer.Ordinal);
        Owners = [SiloOwner, .. regions.Union(stores.Select(s => s.Region), StringComparer.Ordinal)];
        foreach (var store in stores)
        {
            Directory.CreateDirectory(StorePath(store.Name));
            File.WriteAllBytes(Path.Combine(StorePath(store.Name), StoreMount.MarkerName), Encoding.UTF8.GetBytes(store.Name));
        }

        foreach (var owner in Owners)
        {
            Directory.CreateDirectory(Path.Combine(_root, "mounts", owner));
            foreach (var store in stores)
            {
                _cuts[(owner, store.Name)] = [];
                Apply(owner, store.Name);
            }
        }
    }

    /// <summary>All stores.</summary>
    public IReadOnlyCollection<StoreSpec> Stores => _stores.Values;

    /// <summary>All owners of mounts.</summary>
    public IReadOnlyList<string> Owners { get; }

    /// <summary>The store's own directory, past every mount.</summary>
    public string StorePath(string store) => Path.Combine(_root, "stores", Known(store).Name);

    /// <summary>Where an owner finds a store.</summary>
    public string MountPath(string owner, string store) => Path.Combine(_root, "mounts", owner, Known(store).Name);

    /// <summary>An owner's mount of a store.</summary>
    public StoreMount Mount(string owner, string store) => new(MountPath(owner, store), store);

    /// <summary>Takes a trainer's URI apart into its owner's mount and the path within the store. Throws <see cref="ArgumentException"/> on any other URI.</summary>
    public (StoreMount Mount, string Path) Resolve(string owner, string uri)
    {
        var parts = uri.StartsWith(UriPrefix, StringComparison.Ordinal) ? uri[UriPrefix.Length..].TrimEnd('/').Split('/', 2) : [];
        return parts.Length == 2 && _stores.ContainsKey(parts[0])
            ? (Mount(owner, parts[0]), parts[1])
            : throw new ArgumentException($"'{uri}' is not {UriPrefix}<a known store>/<path>.", nameof(uri));
    }

    /// <summary>Cuts one mount for a <paramref name="reason"/>. It heals when every reason is gone, so that faults may overlap. Repeating it changes nothing.</summary>
    public void Cut(string owner, string store, string reason = "cut") => Change(owner, store, r => r.Add(reason));

    /// <summary>Takes a reason away again.</summary>
    public void Heal(string owner, string store, string reason = "cut") => Change(owner, store, r => r.Remove(reason));

    /// <summary>True while the owner cannot reach the store.</summary>
    public bool IsCut(string owner, string store)
    {
        lock (_lock) return _cuts[(owner, store)].Count > 0;
    }

    /// <summary>The store is out of everybody's reach.</summary>
    public void PowerOffStore(string store) => ForMounts((_, s) => s.Name == store, (o, s) => Cut(o, s, "power"));

    /// <summary>The store is back.</summary>
    public void PowerOnStore(string store) => ForMounts((_, s) => s.Name == store, (o, s) => Heal(o, s, "power"));

    /// <summary>All stores of a region are out of everybody's reach.</summary>
    public void PowerOffRegion(string region) => ForMounts((_, s) => s.Region == region, (o, s) => Cut(o, s, "power"));

    /// <summary>The region's stores are back.</summary>
    public void PowerOnRegion(string region) => ForMounts((_, s) => s.Region == region, (o, s) => Heal(o, s, "power"));

    /// <summary>The region is cut off, alive: inside, its trainers reach its own stores; nobody reaches across.</summary>
    public void PartitionRegion(string region) => ForMounts((o, s) => (o == region) != (s.Region == region), (o, s) => Cut(o, s, $"partition {region}"));

    /// <summary>The partition is over.</summary>
    public void HealRegion(string region) => ForMounts((o, s) => (o == region) != (s.Region == region), (o, s) => Heal(o, s, $"partition {region}"));

    /// <summary>A run's commits in a store, by epoch and slot.</summary>
    public IReadOnlyList<FoundCommit> ListCommits(string store, string tenant, string uid) =>
        [.. from slot in StoreLayout.Slots(RunPath(store, tenant, uid), tenant, uid)
            let document = CommitSlot.Parse(File.ReadAllBytes(slot.Path)).Commit
            where document is not null
            select new FoundCommit(slot.Epoch, slot.Slot, document)];

    /// <summary>Flips bytes in a file of the run's newest commit. The path of the file, or null where the run has no commit in that store, or its file is gone.</summary>
    public string? CorruptNewestCommit(string store, string tenant, string uid, Corruption? how = null) =>
        ListCommits(store, tenant, uid) is [.., var newest] ? Corrupt(RunPath(store, tenant, uid), newest.Document, how ?? new()) : null;

    /// <summary>Flips bytes in a file of a given commit. The path of the file, or null where the store has no such commit, or its file is gone.</summary>
    public string? CorruptCommit(string store, string tenant, string uid, int epoch, int slot, Corruption? how = null) =>
        ListCommits(store, tenant, uid).FirstOrDefault(c => c.Epoch == epoch && c.Slot == slot) is { } found
            ? Corrupt(RunPath(store, tenant, uid), found.Document, how ?? new())
            : null;

    /// <summary>
    /// An owner's mount of a store hangs, as a hard mount of a server that is gone does: whoever looks at it waits in the kernel, and no token ends that. Other faults of the
    /// mount must wait until <see cref="Unstall"/>.
    /// </summary>
    public void Stall(string owner, string store)
    {
        lock (_lock)
        {
            var folder = StalledPath(owner, store);
            Directory.CreateDirectory(folder);
            // The marker is what everybody looks at first.
            var pipe = Path.Combine(folder, StoreMount.MarkerName);
            File.Delete(pipe);
            LibC.MakePipe(pipe);
            Link(owner, store, folder);
        }
    }

    /// <summary>Ends <see cref="Stall"/>: who waits goes on, late, with the store that is there then.</summary>
    public void Unstall(string owner, string store)
    {
        lock (_lock)
        {
            Apply(owner, store);
            var pipe = Path.Combine(StalledPath(owner, store), StoreMount.MarkerName);
            // For reading as well, so that it never waits; what is written is there for one who waits, and the others see the file's end.
            using var release = new FileStream(pipe, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            // Who followed the link before it was changed, and comes to the marker only now, is not held.
            var marker = Path.Combine(Path.GetDirectoryName(pipe)!, $"{StoreMount.TemporaryPrefix}{store}");
            File.WriteAllText(marker, store);
            LibC.Rename(marker, pipe);
            release.Write(Encoding.UTF8.GetBytes(store));
            release.Flush();
        }
    }

    private static string? Corrupt(string runPath, CommitDocument commit, Corruption how)
    {
        var file = commit.Files.FirstOrDefault(f => how.FileName is null || Path.GetFileName(f.Path) == how.FileName);
        if (file is null) return null;
        var path = Path.Combine(runPath, file.Path);
        try
        {
            var modified = File.GetLastWriteTimeUtc(path);
            Flip(path);
            if (how.KeepModificationTime) File.SetLastWriteTimeUtc(path, modified);
            return path;
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            // Pruned, or set aside as bad, since its commit was listed: a fault that came too late strikes nothing.
            return null;
        }
    }

    /// <summary>In place, as a disk does it: a hard link to the file is struck as well.</summary>
    private static void Flip(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        stream.Position = stream.Length / 2;
        var flipped = (byte)~stream.ReadByte();
        stream.Position = stream.Length / 2;
        stream.WriteByte(flipped);
        stream.Flush(flushToDisk: true);
    }

    private void ForMounts(Func<string, StoreSpec, bool> which, Action<string, string> action)
    {
        foreach (var owner in Owners)
            foreach (var store in Stores)
                if (which(owner, store)) action(owner, store.Name);
    }

    private void Change(string owner, string store, Func<HashSet<string>, bool> change)
    {
        lock (_lock)
        {
            if (change(_cuts[(owner, store)])) Apply(owner, store);
        }
    }

    private void Apply(string owner, string store)
    {
        var link = MountPath(owner, store);
        if (_cuts[(owner, store)].Count > 0)
        {
            File.Delete(link); // Removes the link, never what it points to.
            return;
        }

        Link(owner, store, StorePath(store));
    }

    // Made beside and renamed over, so that nobody sees a link to nowhere.
    private void Link(string owner, string store, string target)
    {
        var fresh = Path.Combine(_root, "mounts", $"{StoreMount.TemporaryPrefix}{owner}-{store}");
        File.Delete(fresh);
        File.CreateSymbolicLink(fresh, target);
        LibC.Rename(fresh, MountPath(owner, store));
    }

    private string StalledPath(string owner, string store) => Path.Combine(_root, "stalled", $"{owner}-{store}");

    private string RunPath(string store, string tenant, string uid) => Path.Combine(StorePath(store), tenant, uid);

    private StoreSpec Known(string store) => _stores.TryGetValue(store, out var spec) ? spec : throw new ArgumentException($"There is no store '{store}'.", nameof(store));
}
