using System.Text;
using Failover.Abstractions.Ports;

namespace Failover.Storage.Checkpoints;

/// <summary>
/// A store's root, which is a mount that may vanish at any moment. Its marker file tells the store from an empty mount point; nothing here ever makes the root or the marker, and
/// "not there" is believed only while the marker is.
/// </summary>
internal sealed class StoreFolder(string store, string root, StoreGate gate)
{
    /// <summary>Holds the store's name.</summary>
    public const string Marker = ".failover-store";

    /// <summary>How names begin of what is not whole yet.</summary>
    public const string Temporary = ".tmp-";

    public static void Initialize(string root, string store)
    {
        Directory.CreateDirectory(root);
        var marker = Path.Combine(root, Marker);
        if (File.Exists(marker) && File.ReadAllText(marker).Trim() is var other && other != store)
            throw new ArgumentException($"{root} is the store {other} already.", nameof(store));
        File.WriteAllText(marker, store);
    }

    /// <summary>Throws unless the store is there and is the right one.</summary>
    public void Demand()
    {
        string said;
        try
        {
            said = File.ReadAllText(Path.Combine(root, Marker)).Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unavailable(failure);
        }
        if (said != store)
            throw new StoreUnavailableException($"what is mounted for {store} says that it is {said}");
    }

    /// <summary>The full path; refuses what would leave the store, and links and devices on the way.</summary>
    public string Resolve(string relative) =>
        Find(relative) ?? throw new StoreUnavailableException($"{relative} leads through a link or a device in {store}") { Denied = true };

    /// <summary>
    /// The full path; null where it leads through a link or a device, which whoever writes to the store may have put there. Path components that are swapped for a link after
    /// this look are not noticed.
    /// </summary>
    public string? Find(string relative)
    {
        var path = root;
        foreach (var segment in relative.Split('/'))
        {
            if (segment is "" or "." or ".." || segment.Any(c => c == '\\' || char.IsControl(c)))
                throw new ArgumentException($"'{relative}' is not a plain relative path.", nameof(relative));
            path = Path.Combine(path, segment);
            if (PosixFiles.Stat(path).Kind == PosixFiles.Kind.Other)
                return null;
        }
        return path;
    }

    /// <summary>Makes a folder level by level, so that a root that is gone is not made anew.</summary>
    public string MakeFolders(string relative)
    {
        // Refuses links before anything is made, since making a folder where a link is would succeed.
        Resolve(relative);
        var path = root;
        foreach (var segment in relative.Split('/'))
        {
            var parent = path;
            path = Path.Combine(path, segment);
            if (PosixFiles.Stat(path).Kind == PosixFiles.Kind.Folder)
                continue;
            PosixFiles.MakeFolder(path);
            PosixFiles.FlushFolder(parent);
        }
        return path;
    }

    /// <summary>Creates a file whole and durable, if absent; false where the name exists.</summary>
    public bool Create(string relative, byte[] content)
    {
        var folder = MakeFolders(relative[..relative.LastIndexOf('/')]);
        var temporary = Path.Combine(folder, $"{Temporary}{Guid.NewGuid():N}");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }
            var created = PosixFiles.Link(temporary, Path.Combine(folder, Path.GetFileName(relative)));
            PosixFiles.FlushFolder(folder);
            return created;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>The names in a folder, without temporary ones; empty where the folder is not there.</summary>
    public IReadOnlyList<string> Names(string relative)
    {
        var path = Resolve(relative);
        if (PosixFiles.Stat(path).Kind != PosixFiles.Kind.Folder)
            return [];
        return [.. Directory.EnumerateFileSystemEntries(path).Select(Path.GetFileName).Where(name => !name!.StartsWith('.'))!];
    }

    /// <summary>Reads a file; of a longer one no more than a byte over <paramref name="lengthMax"/>, which is enough to see that it is too long.</summary>
    public string ReadText(string relative, int lengthMax)
    {
        using var stream = new FileStream(Resolve(relative), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var content = new byte[Math.Min(stream.Length, lengthMax + 1L)];
        var length = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        return Encoding.UTF8.GetString(content, 0, length);
    }

    /// <summary>Runs an operation off the caller's scheduler, between two looks at the marker; every failure of the file system is the store's.</summary>
    public async Task<T> RunAsync<T>(Func<T> operation, CancellationToken cancellationToken) =>
        await RunAsync(() => Task.FromResult(operation()), null, cancellationToken);

    /// <summary>A part of something longer, which looks at the marker itself.</summary>
    public Task<T> StepAsync<T>(Func<T> step, CancellationToken cancellationToken) => gate.AskAsync(() => Task.FromResult(Guarded(step)), null, cancellationToken);

    /// <summary>The same, of what may take long and shows that it goes on by its pulse.</summary>
    public Task<T> RunAsync<T>(Func<Task<T>> operation, Pulse? pulse, CancellationToken cancellationToken) => gate.AskAsync(
        async () =>
        {
            try
            {
                Demand();
                var result = await operation();
                Demand();
                return result;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw Unavailable(failure);
            }
        },
        pulse,
        cancellationToken);

    private T Guarded<T>(Func<T> step)
    {
        try
        {
            return step();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unavailable(failure);
        }
    }

    /// <summary>What a failure of the file system says of the store.</summary>
    public StoreUnavailableException Unavailable(Exception failure) =>
        new($"{store}: {failure.Message}", failure) { Denied = failure is UnauthorizedAccessException };
}
