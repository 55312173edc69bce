using System.Collections.Concurrent;
using System.Collections.Immutable;
using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;

namespace Failover.Chaos.Mutants;

/// <summary>All stores, each altered.</summary>
internal sealed class AlteredStores(ICheckpointStores inner, Func<ICheckpointStore, ICheckpointStore> alter) : ICheckpointStores
{
    public ICheckpointStore Get(string store) => alter(inner.Get(store));
}

/// <summary>A store as it is; mutants override what they spoil.</summary>
internal class AlteredStore(ICheckpointStore inner) : ICheckpointStore
{
    public string Name => inner.Name;

    protected ICheckpointStore Inner => inner;

    public Task<ImmutableArray<RawSlot>> ListSlotsAsync(RunRoot run, int epoch, int limit = 100_000, CancellationToken cancellationToken = default) =>
        inner.ListSlotsAsync(run, epoch, limit, cancellationToken);

    public virtual Task<string?> CreateSlotAsync(RunRoot run, int epoch, int slot, string content, CancellationToken cancellationToken = default) =>
        inner.CreateSlotAsync(run, epoch, slot, content, cancellationToken);

    public Task<StoredFile?> StatAsync(RunRoot run, string path, CancellationToken cancellationToken = default) => inner.StatAsync(run, path, cancellationToken);

    public Task<HashedFile?> HashAsync(RunRoot run, string path, CancellationToken cancellationToken = default) => inner.HashAsync(run, path, cancellationToken);

    public virtual Task<CopyOutcome> CopyFromAsync(
        ICheckpointStore source, RunRoot run, CommitFile file, ByteRate rate, CancellationToken cancellationToken = default) =>
        inner.CopyFromAsync(source is AlteredStore altered ? altered.Inner : source, run, file, rate, cancellationToken);

    public Task SetAsideAsync(RunRoot run, string path, CancellationToken cancellationToken = default) => inner.SetAsideAsync(run, path, cancellationToken);

    public Task<int> CleanAsync(RunRoot run, CancellationToken cancellationToken = default) => inner.CleanAsync(run, cancellationToken);

    public virtual Task<bool> PinAsync(RunRoot run, int forEpoch, CommitRef commit, Commit document, CancellationToken cancellationToken = default) =>
        inner.PinAsync(run, forEpoch, commit, document, cancellationToken);

    public Task UnpinAsync(RunRoot run, int forEpoch, CancellationToken cancellationToken = default) => inner.UnpinAsync(run, forEpoch, cancellationToken);

    public virtual Task<ImmutableDictionary<string, string>> ReadHeartbeatsAsync(string member, CancellationToken cancellationToken = default) =>
        inner.ReadHeartbeatsAsync(member, cancellationToken);

    public virtual Task TouchCanaryAsync(string site, string content, CancellationToken cancellationToken = default) =>
        inner.TouchCanaryAsync(site, content, cancellationToken);
}

/// <summary>Seals nothing.</summary>
internal sealed class UnsealingStore(ICheckpointStore inner) : AlteredStore(inner)
{
    public override async Task<string?> CreateSlotAsync(RunRoot run, int epoch, int slot, string content, CancellationToken cancellationToken = default) =>
        SlotContent.Parse(content) is SlotContent.Seal ? null : await base.CreateSlotAsync(run, epoch, slot, content, cancellationToken);
}

/// <summary>Pins nothing.</summary>
internal sealed class UnpinningStore(ICheckpointStore inner) : AlteredStore(inner)
{
    public override Task<bool> PinAsync(RunRoot run, int forEpoch, CommitRef commit, Commit document, CancellationToken cancellationToken = default) =>
        Task.FromResult(true);
}

/// <summary>Copies nothing from other stores.</summary>
internal sealed class UncopyingStore(ICheckpointStore inner) : AlteredStore(inner)
{
    public override Task<CopyOutcome> CopyFromAsync(
        ICheckpointStore source, RunRoot run, CommitFile file, ByteRate rate, CancellationToken cancellationToken = default) =>
        Task.FromResult(CopyOutcome.SourceMissing);
}

/// <summary>What a store's heartbeats were when they were last read: kept apart from the store, which is altered anew each time that it is asked for.</summary>
internal sealed class HeartbeatMemory
{
    private readonly ConcurrentDictionary<(string Store, string Member), ImmutableDictionary<string, string>> _last = new();

    public ImmutableDictionary<string, string> Last(string store, string member) => _last.GetValueOrDefault((store, member), ImmutableDictionary<string, string>.Empty);

    public void Keep(string store, string member, ImmutableDictionary<string, string> heartbeats) => _last[(store, member)] = heartbeats;
}

/// <summary>Has its canary answered always, and its heartbeats read as they were where the store does not show them.</summary>
internal sealed class CanaryAlwaysStore(ICheckpointStore inner, HeartbeatMemory memory) : AlteredStore(inner)
{
    public override async Task TouchCanaryAsync(string site, string content, CancellationToken cancellationToken = default)
    {
        try
        {
            await base.TouchCanaryAsync(site, content, cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            // The guard that is taken away: nobody is told.
        }
    }

    public override async Task<ImmutableDictionary<string, string>> ReadHeartbeatsAsync(string member, CancellationToken cancellationToken = default)
    {
        try
        {
            var heartbeats = await base.ReadHeartbeatsAsync(member, cancellationToken);
            memory.Keep(Name, member, heartbeats);
            return heartbeats;
        }
        catch (StoreUnavailableException)
        {
            return memory.Last(Name, member);
        }
    }
}

/// <summary>Shows no heartbeat newer than the last one that was read while the member's API answered, as if runs behind a silent API could not live.</summary>
internal sealed class ProgressIgnoredStore(ICheckpointStore inner, HeartbeatMemory memory, AnswerNotes notes) : AlteredStore(inner)
{
    public override async Task<ImmutableDictionary<string, string>> ReadHeartbeatsAsync(string member, CancellationToken cancellationToken = default)
    {
        var heartbeats = await base.ReadHeartbeatsAsync(member, cancellationToken);
        if (notes.Answers(member))
            memory.Keep(Name, member, heartbeats);
        return memory.Last(Name, member);
    }
}
