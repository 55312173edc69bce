using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;
using Failover.Domain.Fleet;
using Failover.Storage.Checkpoints;

namespace Failover.Grains.Tests.Doubles;

/// <summary>Directory stores <c>east</c>, <c>west</c> and <c>north</c>, each behind a mount that can be cut, and a trainer's hand to write into them.</summary>
internal sealed class StoreWorld : ICheckpointStores, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("failover-grains-");
    private readonly DirectoryCheckpointStores _stores;

    public StoreWorld()
    {
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "mounts"));
        foreach (var store in Samples.Stores)
        {
            DirectoryCheckpointStore.Initialize(RootOf(store), store);
            Heal(store);
        }
        Fleet = Samples.Fleet(MountOf);
        _stores = new DirectoryCheckpointStores(new FleetBook(Fleet), new StoreOptions(), TimeProvider.System);
    }

    public FleetSpec Fleet { get; }

    /// <summary>Comes between a sealer and a store, just before a slot is created.</summary>
    public Func<ICheckpointStore, Task>? BeforeSlot { get; set; }

    /// <summary>Comes before a store, by its name, lists slots; one that never ends has it hang, whatever its token says.</summary>
    public Func<string, CancellationToken, Task>? BeforeList { get; set; }

    public ICheckpointStore Get(string store) => BeforeSlot is null && BeforeList is null ? _stores.Get(store) : new MeddledStore(_stores.Get(store), BeforeSlot, BeforeList);

    public void Cut(string store) => File.Delete(MountOf(store));

    public void Heal(string store) => File.CreateSymbolicLink(MountOf(store), RootOf(store));

    private const string Nonce = "0123456789abcdef";

    private readonly ConcurrentDictionary<(string Uid, CommitRef Commit), string> _provenances = new();

    /// <summary>Commits as a trainer does: a file, then the slot.</summary>
    public async Task<Commit> CommitAsync(string store, string uid, int epoch, int slot, CommitRef? resumedFrom = null, string? provenance = null)
    {
        var name = new CommitRef(epoch, slot);
        var parent = slot == 0 ? resumedFrom : new CommitRef(epoch, slot - 1);
        var path = PathOf(name);
        Write(store, uid, path, $"weights of {name}");
        var commit = new Commit
        {
            RunUid = uid,
            Epoch = epoch,
            Attempt = 0,
            Step = StepOf(name),
            Parent = parent,
            ResumedFrom = resumedFrom,
            Nonce = Nonce,
            Provenance = _provenances[(uid, name)] = provenance ?? Provenance.Compute(uid, parent is { } before ? _provenances.GetValueOrDefault((uid, before)) : null, epoch, 0, Nonce, resumedFrom, StepOf(name)),
            Files = [new CommitFile(path, $"weights of {name}".Length, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"weights of {name}"))))],
        };
        Assert.Null(await _stores.Get(store).CreateSlotAsync(RootOfRun(uid), epoch, slot, CommitDocument.Write(commit)));
        return commit;
    }

    public static long StepOf(CommitRef commit) => (commit.Epoch * 1_000) + ((commit.Commit + 1) * 10);

    public static string PathOf(CommitRef commit) => $"e{commit.Epoch}/a0/{StepOf(commit)}/weights.bin";

    public static RunRoot RootOfRun(string uid) => new(Samples.Tenant, uid);

    public void Write(string store, string uid, string path, string content, TimeSpan age = default)
    {
        var file = Path.Combine(RootOf(store), Samples.Tenant, uid, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
        File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file) - age);
    }

    public string? Read(string store, string uid, string path)
    {
        var file = Path.Combine(RootOf(store), Samples.Tenant, uid, path);
        return File.Exists(file) ? File.ReadAllText(file) : null;
    }

    /// <summary>What each slot of an epoch is, in order.</summary>
    public async Task<ImmutableArray<string>> SlotsAsync(string store, string uid, int epoch) =>
        [.. (await _stores.Get(store).ListSlotsAsync(RootOfRun(uid), epoch)).Select(slot => SlotContent.Parse(slot.Content) is SlotContent.CommitSlot commit ? $"step {commit.Commit.Step}" : "seal")];

    public void Dispose() => _folder.Delete(recursive: true);

    private string RootOf(string store) => Path.Combine(_folder.FullName, "stores", store);

    private string MountOf(string store) => Path.Combine(_folder.FullName, "mounts", store);
}

/// <summary>A store in which something happens just before a slot is created, or before slots are listed.</summary>
internal sealed class MeddledStore(ICheckpointStore inner, Func<ICheckpointStore, Task>? beforeSlot, Func<string, CancellationToken, Task>? beforeList) : ICheckpointStore
{
    public string Name => inner.Name;

    private ICheckpointStore Inner => inner;

    public async Task<string?> CreateSlotAsync(RunRoot run, int epoch, int slot, string content, CancellationToken cancellationToken = default)
    {
        if (beforeSlot is not null)
            await beforeSlot(inner);
        return await inner.CreateSlotAsync(run, epoch, slot, content, cancellationToken);
    }

    public async Task<ImmutableArray<RawSlot>> ListSlotsAsync(RunRoot run, int epoch, int limit = 100_000, CancellationToken cancellationToken = default)
    {
        if (beforeList is not null)
            await beforeList(Name, cancellationToken);
        return await inner.ListSlotsAsync(run, epoch, limit, cancellationToken);
    }

    public Task<StoredFile?> StatAsync(RunRoot run, string path, CancellationToken cancellationToken = default) => inner.StatAsync(run, path, cancellationToken);

    public Task<HashedFile?> HashAsync(RunRoot run, string path, CancellationToken cancellationToken = default) => inner.HashAsync(run, path, cancellationToken);

    public Task<CopyOutcome> CopyFromAsync(ICheckpointStore source, RunRoot run, CommitFile file, ByteRate rate, CancellationToken cancellationToken = default) =>
        inner.CopyFromAsync(source is MeddledStore meddled ? meddled.Inner : source, run, file, rate, cancellationToken);

    public Task<int> CleanAsync(RunRoot run, CancellationToken cancellationToken = default) => inner.CleanAsync(run, cancellationToken);

    public Task SetAsideAsync(RunRoot run, string path, CancellationToken cancellationToken = default) => inner.SetAsideAsync(run, path, cancellationToken);

    public Task<bool> PinAsync(RunRoot run, int forEpoch, CommitRef commit, Commit document, CancellationToken cancellationToken = default) =>
        inner.PinAsync(run, forEpoch, commit, document, cancellationToken);

    public Task UnpinAsync(RunRoot run, int forEpoch, CancellationToken cancellationToken = default) => inner.UnpinAsync(run, forEpoch, cancellationToken);

    public Task<ImmutableDictionary<string, string>> ReadHeartbeatsAsync(string member, CancellationToken cancellationToken = default) =>
        inner.ReadHeartbeatsAsync(member, cancellationToken);

    public Task TouchCanaryAsync(string site, string content, CancellationToken cancellationToken = default) => inner.TouchCanaryAsync(site, content, cancellationToken);
}
