using System.Collections.Concurrent;
using System.Collections.Immutable;
using Failover.Abstractions.Grains;
using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using Failover.Domain.Runs;
using Failover.Grains.Effects;
using Failover.Grains.State;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failover.Grains.Observers;

/// <summary>
/// Looks after what runs commit: reads each new commit through once, copies it to the run's replicas (files, then slots), and tells the run what each store holds. What it
/// copies is only ever of the chain, so nothing that a cut epoch adds gets about.
/// </summary>
internal sealed partial class Custodian(
    ICheckpointStores stores,
    StateReader rows,
    CommitStager stager,
    LineageSurveyor surveyor,
    VerificationRecords verifications,
    IGrainFactory grains,
    FleetBook fleets,
    RunPolicy policy,
    IOptions<ObserverOptions> options,
    TimeProvider time,
    ILogger<Custodian> logger) : BackgroundService
{
    private readonly ConcurrentDictionary<string, Task> _busy = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _cleaned = new();
    private readonly SemaphoreSlim _turns = new(options.Value.CustodyParallel);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Periodically.RunAsync(options.Value.CustodyInterval, time, BeginAllAsync, LogFailed, stoppingToken);
        await Task.WhenAll(_busy.Values);
    }

    public override void Dispose()
    {
        _turns.Dispose();
        base.Dispose();
    }

    /// <summary>Looks after every run once; for tests.</summary>
    internal async Task LookAfterAllAsync(CancellationToken cancellationToken)
    {
        await BeginAllAsync(cancellationToken);
        await Task.WhenAll(_busy.Values);
    }

    /// <summary>Each run that nobody looks after now is looked after, a few at a time. One that takes long, as copying terabytes does, holds up no other.</summary>
    private async Task BeginAllAsync(CancellationToken cancellationToken)
    {
        foreach (var run in await rows.ReadRunsAsync(cancellationToken))
        {
            if (run is { IsTombstone: false, Epoch: { } epoch } && (run.StageAhead is not null || HasStore(epoch.Target.Store)) && !_busy.ContainsKey(run.Uid))
                Begin(run.Uid, cancellationToken);
        }
    }

    private void Begin(string uid, CancellationToken cancellationToken)
    {
        // Known before it can end, so that its end is not missed.
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _busy[uid] = begun.Task;
        _ = TakeTurnAsync();

        async Task TakeTurnAsync()
        {
            try
            {
                await GuardAsync(uid, cancellationToken);
            }
            finally
            {
                _busy.TryRemove(uid, out _);
                begun.SetResult();
            }
        }
    }

    private async Task GuardAsync(string uid, CancellationToken cancellationToken)
    {
        try
        {
            await _turns.WaitAsync(cancellationToken);
            try
            {
                // As it is by now, not as it was when it began to wait.
                if (await rows.ReadRunAsync(uid, cancellationToken) is { IsTombstone: false, Epoch: not null } run)
                    await LookAfterAsync(run, cancellationToken);
            }
            finally
            {
                _turns.Release();
            }
        }
        catch (StoreUnavailableException)
        {
            // The store that it commits to is out of reach. Its lag grows, and shows; the next look tries again.
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way to end it.
        }
        catch (Exception failure)
        {
            // One run that can't be looked after must not keep the others from it, whatever it is; the next look tries again.
            LogFailed(failure.Message);
        }
    }

    private async Task LookAfterAsync(RunState run, CancellationToken cancellationToken)
    {
        var epoch = run.Epoch!;
        // First: its own store may be what was lost.
        if (run.StageAhead is { } ahead && HasStore(ahead.Store))
            await StageAheadAsync(run, ahead.Store, cancellationToken);
        if (!HasStore(epoch.Target.Store))
            return;
        var own = stores.Get(epoch.Target.Store);
        var (chain, strayed) = await OwnCommitsAsync(run, own, cancellationToken);
        if (strayed is not null)
            await TellStrayedAsync(run, strayed);
        if (chain.LastOrDefault() is { } newest)
            await TellProgressAsync(run, newest);
        var verified = await VerifyAsync(run, own, chain, cancellationToken);
        if (verified is not null)
            await TellTipAsync(run, own.Name, verified, verified.Ref.Commit + 1);
        await ReplicateAsync(run, chain, verified, cancellationToken);
        await CleanAsync(run, cancellationToken);
    }

    /// <summary>
    /// A run that waits for others to leave a place has its newest checkpoint brought there meanwhile, from whichever store can give it; an older one where none can.
    /// </summary>
    private async Task StageAheadAsync(RunState run, string toStore, CancellationToken cancellationToken)
    {
        foreach (var copies in KnownCopies.NewestFirst(run).GroupBy(tip => tip.Commit))
        {
            if (copies.Any(tip => tip.Store == toStore))
                return;
            foreach (var copy in copies.Where(tip => HasStore(tip.Store)))
            {
                if (!await TryStageAsync(run, copy, toStore, cancellationToken))
                    continue;
                var at = time.GetUtcNow();
                await TellAsync(run, new RunEvent.TipAdvanced(at, run.EpochNumber, new StoreTip(toStore, copy.Commit, copy.Step, at), run.Epoch!.OwnCommits));
                return;
            }
        }
    }

    private async Task<bool> TryStageAsync(RunState run, StoreTip copy, string toStore, CancellationToken cancellationToken)
    {
        try
        {
            return (await stager.BringAsync(run, copy.Commit, copy.Store, toStore, cancellationToken)).Outcome == CopyOutcome.Copied;
        }
        catch (StoreUnavailableException)
        {
            // Another store may have it; if it is the target that is out of reach, the next look tries again.
            return false;
        }
    }

    private bool HasStore(string name) => fleets.Current.FindStore(name) is not null;

    /// <summary>Once in a while, of every store that is known to hold some of the run: what is left of copies lies where they were made to.</summary>
    private async Task CleanAsync(RunState run, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (now - _cleaned.GetOrAdd(run.Uid, now) < options.Value.CleanInterval)
            return;
        _cleaned[run.Uid] = now;
        var names = run.Tips.Select(tip => tip.Store).Concat(NamedReplicas(run)).Prepend(run.Epoch!.Target.Store).Where(name => fleets.Current.FindStore(name) is not null);
        foreach (var name in names.Distinct(StringComparer.Ordinal))
        {
            try
            {
                var removed = await stores.Get(name).CleanAsync(EffectActions.Root(run), cancellationToken);
                if (removed > 0)
                    LogCleaned(run.Uid, removed, name);
            }
            catch (StoreUnavailableException)
            {
                // Its leftovers can wait.
            }
        }
    }

    /// <summary>The commits of the current epoch that count, and the newest that does not because its trainer broke the contract.</summary>
    private static async Task<(ImmutableArray<ChainLink> Chain, Anomaly? Strayed)> OwnCommitsAsync(RunState run, ICheckpointStore own, CancellationToken cancellationToken)
    {
        var slots = await own.ListSlotsAsync(EffectActions.Root(run), run.EpochNumber, cancellationToken: cancellationToken);
        var entries = slots.Select(slot => new SlotEntry(
            run.EpochNumber, slot.Slot, (SlotContent.Parse(slot.Content) as SlotContent.CommitSlot)?.Commit, CopyHealth.Unverified));
        var chain = Lineage.Chain(run.Past, run.Epoch, entries);
        return ([.. chain.Commits.Where(link => link.Ref.Epoch == run.EpochNumber)], chain.Anomalies.LastOrDefault(anomaly => anomaly.Strayed is not null));
    }

    /// <summary>The newest commit whose files are as it says, by hash; those that are known to be are not read again.</summary>
    private async Task<ChainLink?> VerifyAsync(RunState run, ICheckpointStore own, ImmutableArray<ChainLink> chain, CancellationToken cancellationToken)
    {
        await ForgeriesAsync(run, own, chain, cancellationToken);
        foreach (var link in chain.Reverse().Take(options.Value.CustodyDepth))
        {
            var health = await surveyor.HealthAsync(own, EffectActions.Root(run), link.Ref, link.Commit, cancellationToken);
            if (health == CopyHealth.Verified)
                return link;
            if (health != CopyHealth.Unverified)
                continue;
            var (outcome, detail) = await stager.BringAsync(run, link.Ref, own.Name, own.Name, cancellationToken);
            if (outcome == CopyOutcome.Copied)
                return link;
            LogBadCommit(run.Uid, link.Ref.ToString(), own.Name, detail ?? outcome.ToString());
        }
        return null;
    }

    /// <summary>A commit whose provenance is not what its history gives is not what it says it is, whatever its files hash to: as bad as a corrupt one.</summary>
    private async Task ForgeriesAsync(RunState run, ICheckpointStore own, ImmutableArray<ChainLink> chain, CancellationToken cancellationToken)
    {
        var root = EffectActions.Root(run);
        // The epoch's first commit hangs on one of an earlier epoch, which is looked up until a commit of this one is known to be good.
        var parent = run.Epoch is { OwnCommits: 0, ResumeFrom: { } from } && !chain.IsEmpty && await LineageSurveyor.ReadCommitAsync(own, root, from, cancellationToken) is { } document
            ? new ChainLink(from, document)
            : null;
        foreach (var link in Provenance.Broken(parent is null ? chain : [parent, .. chain]).Where(broken => broken.Epoch == run.EpochNumber))
        {
            if (await verifications.ReadAsync(root, own.Name, link, cancellationToken) is { Corrupt: true })
                continue;
            await verifications.WriteAsync(root, own.Name, link, Verification.Bad, cancellationToken);
            LogBadCommit(run.Uid, link.ToString(), own.Name, "its provenance does not follow from its parent's");
        }
    }

    private async Task ReplicateAsync(RunState run, ImmutableArray<ChainLink> chain, ChainLink? verified, CancellationToken cancellationToken)
    {
        var reached = false;
        var named = NamedReplicas(run);
        foreach (var replica in named)
            reached |= await CopyToAsync(run, chain, verified, replica, cancellationToken);
        // While none of the stores that it names can be reached, another region's stands in: one copy outside is what the run is promised.
        if (!reached && StandIn(run, named) is { } other)
            await CopyToAsync(run, chain, verified, other, cancellationToken);
    }

    private async Task<bool> CopyToAsync(
        RunState run, ImmutableArray<ChainLink> chain, ChainLink? verified, string replica, CancellationToken cancellationToken)
    {
        try
        {
            var epoch = run.Epoch!;
            if (epoch.ResumeFrom is { } resumed && epoch.OwnCommits < policy.OwnCommitsToUnpin)
                await CopyAsync(run, resumed, epoch.ResumeStep, replica, cancellationToken);
            var known = run.Tips.FirstOrDefault(tip => tip.Store == replica)?.Commit;
            var due = chain.Where(link => verified is not null && link.Ref.Commit <= verified.Ref.Commit && (known?.Epoch != epoch.Number || link.Ref.Commit > known.Value.Commit));
            foreach (var link in due.TakeLast(options.Value.CustodyDepth))
            {
                // One that is bad where it was made may still copy without a fault: its files are what it says, and its history is not.
                if (await surveyor.HealthAsync(stores.Get(epoch.Target.Store), EffectActions.Root(run), link.Ref, link.Commit, cancellationToken) != CopyHealth.Corrupt)
                    await CopyAsync(run, link.Ref, link.Commit.Step, replica, cancellationToken);
            }
            return true;
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }

    private async Task CopyAsync(RunState run, CommitRef commit, long step, string replica, CancellationToken cancellationToken)
    {
        var (outcome, _) = await stager.BringAsync(run, commit, run.Epoch!.Target.Store, replica, cancellationToken);
        if (outcome != CopyOutcome.Copied)
            return;
        var known = run.Tips.FirstOrDefault(tip => tip.Store == replica);
        if (known is null || commit.IsAfter(known.Commit))
            await TellAsync(run, new RunEvent.TipAdvanced(time.GetUtcNow(), run.EpochNumber, new StoreTip(replica, commit, step, time.GetUtcNow()), run.Epoch.OwnCommits));
    }

    private ImmutableArray<string> NamedReplicas(RunState run) =>
        [.. run.Spec.Checkpoints.Replicas.Prepend(run.Spec.Checkpoints.Store).Where(store => store != run.Epoch!.Target.Store && fleets.Current.FindStore(store) is not null).Distinct(StringComparer.Ordinal)];

    private string? StandIn(RunState run, ImmutableArray<string> named)
    {
        var others = fleets.Current with { Stores = [.. fleets.Current.Stores.Where(store => !named.Contains(store.Name))] };
        return ReplicaChoice.For(run.Spec, others, run.Epoch!.Target.Region)?.Name;
    }

    private Task TellTipAsync(RunState run, string store, ChainLink newest, int ownCommits)
    {
        var known = run.Tips.FirstOrDefault(tip => tip.Store == store);
        return known?.Commit == newest.Ref && run.Epoch!.OwnCommits == ownCommits
            ? Task.CompletedTask
            : TellAsync(run, new RunEvent.TipAdvanced(
                time.GetUtcNow(), run.EpochNumber, new StoreTip(store, newest.Ref, newest.Commit.Step, time.GetUtcNow()), ownCommits));
    }

    private Task TellProgressAsync(RunState run, ChainLink newest)
    {
        var commit = newest.Commit;
        if (run.Epoch!.Progress is { } known && (known.Attempt > commit.Attempt || (known.Attempt == commit.Attempt && known.Step >= commit.Step)))
            return Task.CompletedTask;
        var progress = new Progress(run.EpochNumber, commit.Attempt, commit.Step, commit.ResumedFrom, time.GetUtcNow());
        return TellAsync(run, new RunEvent.Progressed(time.GetUtcNow(), progress, ProgressKind.Commit));
    }

    /// <summary>Only a run that is taken to be well has to be told; any other is being replaced already.</summary>
    private Task TellStrayedAsync(RunState run, Anomaly strayed)
    {
        if (run.Step is not (RunStep.Launching or RunStep.Verifying or RunStep.Running))
            return Task.CompletedTask;
        var commit = strayed.Strayed!;
        var progress = new Progress(run.EpochNumber, commit.Attempt, commit.Step, commit.ResumedFrom, time.GetUtcNow());
        return TellAsync(run, new RunEvent.Progressed(time.GetUtcNow(), progress, ProgressKind.Commit, strayed.Text));
    }

    private Task TellAsync(RunState run, RunEvent happened) => grains.GetGrain<IRunGrain>(run.Uid).ApplyAsync(happened);

    [LoggerMessage(Level = LogLevel.Error, Message = "Run {Uid}: commit {Commit} in {Store} is bad: {Detail}")]
    private partial void LogBadCommit(string uid, string commit, string store, string detail);

    [LoggerMessage(Level = LogLevel.Information, Message = "Run {Uid}: {Removed} old leftovers removed from {Store}")]
    private partial void LogCleaned(string uid, int removed, string store);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Looking after checkpoints broke off and will be repeated: {Reason}")]
    private partial void LogFailed(string reason);
}
