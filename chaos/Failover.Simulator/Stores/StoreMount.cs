using System.Text;

namespace Failover.Simulator.Stores;

/// <summary>The store is not behind this path: the mount is cut, or another store is mounted there. Nothing is known about what the store holds.</summary>
public sealed class StoreUnreachableException : IOException
{
    /// <summary>Without a message.</summary>
    public StoreUnreachableException() { }

    /// <summary>With a message.</summary>
    public StoreUnreachableException(string message) : base(message) { }

    /// <summary>With a message and a cause.</summary>
    public StoreUnreachableException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>Moments within a create at which a writer can die and leave a torn state behind.</summary>
public enum WriteMoment
{
    /// <summary>Half the bytes are in the temporary file.</summary>
    HalfWritten,

    /// <summary>The temporary file is whole and synced, and has no other name yet.</summary>
    BeforeLink,

    /// <summary>The name exists; the folder is not synced and the temporary name is still there.</summary>
    AfterLink,
}

/// <summary>
/// One owner's mount of a store: every path is relative to the store, every operation goes through the link anew and fails while it is cut
/// (<see cref="StoreUnreachableException"/> or another <see cref="IOException"/>), and no operation makes the mount itself.
/// </summary>
public sealed class StoreMount(string path, string store)
{
    /// <summary>The file at a store's root that holds the store's name.</summary>
    public const string MarkerName = ".failover-store";

    /// <summary>Names that begin so are half-made; readers pass over them.</summary>
    public const string TemporaryPrefix = ".tmp-";

    /// <summary>The store's name.</summary>
    public string Store { get; } = store;

    /// <summary>
    /// The store's directory as it is mounted now; throws unless the right store is. What is absent there is absent from the store, whatever happens to the
    /// mount meanwhile: a link that is cut during a read must not look like a store without commits.
    /// </summary>
    public string Check()
    {
        string root, name;
        try
        {
            root = Directory.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
            name = File.ReadAllText(Path.Combine(root, MarkerName), Encoding.UTF8).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnreachableException($"store {Store} is not mounted at {path}", e);
        }

        return name == Store ? root : throw new StoreUnreachableException($"{path} holds store {name}, not {Store}");
    }

    /// <summary>
    /// Creates a whole, durable file if its name is free, with the folders above it; false where the name is taken. <paramref name="moment"/> is awaited in
    /// between and may throw, as a killed process would stop: what was done until then stays as it is.
    /// </summary>
    public async ValueTask<bool> TryCreateAsync(string name, ReadOnlyMemory<byte> content, Func<WriteMoment, ValueTask>? moment = null)
    {
        var target = Below(path, name);
        var folder = MakeFolders(name);
        var temporary = Path.Combine(folder, $"{TemporaryPrefix}{Guid.NewGuid():N}");
        // Synchronous on purpose: .NET would only move each small write to another thread.
        using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0))
        {
            file.Write(content.Span[..(content.Length / 2)]);
            if (moment is not null) await moment(WriteMoment.HalfWritten);
            file.Write(content.Span[(content.Length / 2)..]);
            file.Flush(flushToDisk: true);
        }

        if (moment is not null) await moment(WriteMoment.BeforeLink);
        var created = LibC.Link(temporary, target);
        if (moment is not null) await moment(WriteMoment.AfterLink);
        // Synced even where the name was taken: whoever made it may have died before its own sync, and we are about to rely on it.
        LibC.SyncDirectory(folder);
        File.Delete(temporary);
        return created;
    }

    /// <summary>Replaces a file as a whole; readers see the old content or the new. Not synced: for heartbeats, which nobody needs after a crash.</summary>
    public void Replace(string name, ReadOnlySpan<byte> content)
    {
        var target = Below(path, name);
        var temporary = Path.Combine(MakeFolders(name), $"{TemporaryPrefix}{Guid.NewGuid():N}");
        using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0)) file.Write(content);
        LibC.Rename(temporary, target);
    }

    /// <summary>Reads a file; null where there is none in a store that is reachable.</summary>
    public byte[]? TryRead(string name)
    {
        var file = Below(Check(), name);
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The names in a folder, in ordinal order, temporary ones left out; empty where a reachable store has no such folder.</summary>
    public IReadOnlyList<string> List(string folder)
    {
        var directory = Below(Check(), folder);
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(directory).Select(e => Path.GetFileName(e)!)
                .Where(n => !n.StartsWith(TemporaryPrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>Deletes a file, and its folder if that was the last one in it. A file that is gone already is no fault.</summary>
    public void Delete(string name)
    {
        Check();
        var target = Below(path, name);
        var folder = Path.GetDirectoryName(target)!;
        if (!File.Exists(target)) return;
        File.Delete(target);
        LibC.RemoveDirectory(folder);
    }

    private string MakeFolders(string name)
    {
        Check();
        var folder = path;
        foreach (var segment in name.Split('/').SkipLast(1))
        {
            folder = Path.Combine(folder, segment);
            if (Directory.Exists(folder)) continue;
            LibC.MakeDirectory(folder);
            LibC.SyncDirectory(Path.GetDirectoryName(folder)!);
        }

        return folder;
    }

    private static string Below(string root, string name)
    {
        // A commit's paths come from a file that anyone may have written.
        if (name.Length == 0 || name.Contains('\\') || name.Contains('\0') || name.Split('/').Any(s => s is "" or "." or ".."))
            throw new ArgumentException($"'{name}' is not a path below a store.", nameof(name));
        return Path.Combine(root, name);
    }
}
