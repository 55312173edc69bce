using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;
using Failover.Storage.Checkpoints;
using Failover.Storage.Tests.Tables;
using Microsoft.Extensions.Time.Testing;

namespace Failover.Storage.Tests.Checkpoints;

/// <summary>Two stores, <c>east</c> and <c>west</c>, each seen through a mount that can be cut: a symbolic link that is removed.</summary>
internal sealed class MountedStores : IDisposable
{
    public static readonly RunRoot Run = new("tenant", "01jd2m7k3q8v5w9x0y1z2a3b4c");

    public static readonly ByteRate Unlimited = new(0);

    /// <summary>With patience for a busy machine, and little where a test waits it out.</summary>
    public static readonly StoreOptions Options = new() { Patience = TimeSpan.FromMinutes(1), PatienceInDoubt = TimeSpan.FromMinutes(1), BulkPatience = TimeSpan.FromMinutes(1) };

    private readonly TemporaryFolder _folder = new();

    public MountedStores(TimeProvider? time = null)
    {
        Directory.CreateDirectory(_folder.File("mounts"));
        foreach (var store in new[] { "east", "west" })
        {
            DirectoryCheckpointStore.Initialize(Root(store), store);
            Heal(store);
        }
        East = new DirectoryCheckpointStore("east", Mount("east"), Options, time ?? TimeProvider.System);
        West = new DirectoryCheckpointStore("west", Mount("west"), Options, time ?? TimeProvider.System);
    }

    public DirectoryCheckpointStore East { get; }

    public DirectoryCheckpointStore West { get; }

    public string Root(string store) => _folder.File($"stores/{store}");

    public string Mount(string store) => _folder.File($"mounts/{store}");

    public string Outside(string name) => _folder.File(name);

    public void Cut(string store) => File.Delete(Mount(store));

    public void Heal(string store) => File.CreateSymbolicLink(Mount(store), Root(store));

    /// <summary>A file in a store, as a trainer leaves it.</summary>
    public string Write(string store, string path, string content, RunRoot? run = null)
    {
        var file = Path.Combine(Root(store), (run ?? Run).ToString(), path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
        return file;
    }

    /// <summary>What a run's folder holds under a path; null where nothing is.</summary>
    public string? Read(string store, string path)
    {
        var file = Path.Combine(Root(store), Run.ToString(), path);
        return File.Exists(file) ? File.ReadAllText(file) : null;
    }

    /// <summary>All files of a store, half-made ones included, relative to it.</summary>
    public ImmutableArray<string> Files(string store) =>
        [.. Directory.EnumerateFiles(Root(store), "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Root(store), file)).Order(StringComparer.Ordinal)];

    public static CommitFile FileOf(string path, string content) =>
        new(path, Encoding.UTF8.GetByteCount(content), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content))));

    /// <summary>A commit of these files, in slot e1/0 of <paramref name="store"/>.</summary>
    public async Task<Commit> CommitAsync(string store, params (string Path, string Content)[] files)
    {
        foreach (var (path, content) in files)
            Write(store, path, content);
        var commit = new Commit
        {
            RunUid = Run.Uid,
            Epoch = 1,
            Attempt = 0,
            Step = 10,
            Parent = null,
            ResumedFrom = null,
            Nonce = "8f14e45fceea167a",
            Provenance = Provenance.Compute(Run.Uid, null, 1, 0, "8f14e45fceea167a", null, 10),
            Files = [.. files.Select(file => FileOf(file.Path, file.Content))],
        };
        await (store == "east" ? East : West).CreateSlotAsync(Run, 1, 0, CommitDocument.Write(commit));
        return commit;
    }

    public void Dispose() => _folder.Dispose();
}

/// <summary>Time that stands still, and says when somebody begins to wait for it.</summary>
internal sealed class WatchedTime : FakeTimeProvider
{
    private readonly Channel<bool> _waits = Channel.CreateUnbounded<bool>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        // The patience of a store's gate runs beside every question, and is nobody's wait.
        if (dueTime != MountedStores.Options.Patience)
            _waits.Writer.TryWrite(true);
        return timer;
    }

    public async Task SomebodyWaitsAsync() => await _waits.Reader.ReadAsync(TestContext.Current.CancellationToken);
}
