using System.Collections.Immutable;
using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;
using Microsoft.Extensions.Options;

namespace Failover.Grains.Effects;

/// <summary>Lists what every store that may matter holds of a run's lineage, and how its newest commits' files are.</summary>
internal sealed class LineageSurveyor(
    ICheckpointStores stores, FleetBook fleets, VerificationRecords verifications, IOptions<EffectOptions> options, TimeProvider time)
{
    public async Task<LineageSurvey> SurveyAsync(RunState run, CancellationToken cancellationToken)
    {
        var surveys = await Task.WhenAll(StoresOf(run).Select(store => SurveyStoreAsync(run, store, cancellationToken)));
        return new LineageSurvey([.. surveys]);
    }

    /// <summary>The document in a slot; <see langword="null"/> where there is no commit.</summary>
    public static async Task<Commit?> ReadCommitAsync(ICheckpointStore store, RunRoot run, CommitRef commit, CancellationToken cancellationToken)
    {
        var slots = await store.ListSlotsAsync(run, commit.Epoch, cancellationToken: cancellationToken);
        var raw = slots.FirstOrDefault(slot => slot.Slot == commit.Commit);
        return raw is not null && SlotContent.Parse(raw.Content) is SlotContent.CommitSlot slot ? slot.Commit : null;
    }

    /// <summary>How a commit's files are in a store, without reading them.</summary>
    public async Task<CopyHealth> HealthAsync(ICheckpointStore store, RunRoot run, CommitRef name, Commit commit, CancellationToken cancellationToken)
    {
        var verified = await verifications.ReadAsync(run, store.Name, name, cancellationToken);
        var all = true;
        foreach (var file in commit.Files)
        {
            var stat = await store.StatAsync(run, file.Path, cancellationToken);
            if (stat is null)
                return CopyHealth.Missing;
            if (stat.SizeBytes != file.SizeBytes)
                return CopyHealth.Corrupt;
            all &= verified is not null && verified.ETags.TryGetValue(file.Path, out var etag) && etag == stat.ETag;
        }
        if (all)
            return CopyHealth.Verified;
        return verified is { Corrupt: true } ? CopyHealth.Corrupt : CopyHealth.Unverified;
    }

    /// <summary>Every store that an epoch of the run committed to or that holds a replica, and the target's.</summary>
    private static ImmutableArray<string> StoresOf(RunState run)
    {
        var names = run.Past.Select(past => past.Target.Store)
            .Concat(run.Tips.Select(tip => tip.Store))
            .Concat(run.Spec.Checkpoints.Replicas)
            .Append(run.Spec.Checkpoints.Store);
        if (run.Epoch is { } epoch)
            names = names.Append(epoch.Target.Store);
        if (run.Move is { } move)
            names = names.Append(move.Target.Store);
        return [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    private async Task<StoreSurvey> SurveyStoreAsync(RunState run, string name, CancellationToken cancellationToken)
    {
        if (fleets.Current.FindStore(name) is null)
            return new StoreSurvey(name, SurveyOutcome.Unreachable, [], "the fleet file does not list it");
        try
        {
            var slots = await StoreLimit.WithinAsync(name, options.Value.StoreTimeout, time, token => SlotsAsync(run, stores.Get(name), token), cancellationToken);
            return new StoreSurvey(name, SurveyOutcome.Listed, slots);
        }
        catch (StoreUnavailableException unavailable)
        {
            return new StoreSurvey(name, unavailable.Denied ? SurveyOutcome.Denied : SurveyOutcome.Unreachable, [], unavailable.Message);
        }
    }

    private async Task<ImmutableArray<SlotEntry>> SlotsAsync(RunState run, ICheckpointStore store, CancellationToken cancellationToken)
    {
        var slots = ImmutableArray.CreateBuilder<SlotEntry>();
        foreach (var epoch in run.Past.Select(past => past.Number).Append(run.EpochNumber).Where(number => number > 0))
        {
            foreach (var raw in await store.ListSlotsAsync(EffectActions.Root(run), epoch, cancellationToken: cancellationToken))
                slots.Add(Entry(epoch, raw));
        }
        await LookAtFilesAsync(store, run, slots, cancellationToken);
        return slots.ToImmutable();
    }

    /// <summary>A slot that can't be read as either is treated as an empty commit that nothing follows: it never counts, and nothing after it.</summary>
    private static SlotEntry Entry(int epoch, RawSlot raw) => SlotContent.Parse(raw.Content) switch
    {
        SlotContent.CommitSlot commit => new SlotEntry(epoch, raw.Slot, commit.Commit, CopyHealth.Missing),
        SlotContent.Seal => new SlotEntry(epoch, raw.Slot, null, CopyHealth.Missing),
        _ => new SlotEntry(epoch, raw.Slot, null, CopyHealth.Corrupt),
    };

    private async Task LookAtFilesAsync(
        ICheckpointStore store, RunState run, ImmutableArray<SlotEntry>.Builder slots, CancellationToken cancellationToken)
    {
        var chain = Lineage.Chain(run.Past, run.Epoch, slots).Commits;
        var wanted = chain.TakeLast(options.Value.SurveyDepth).Select(link => link.Ref).ToHashSet();
        for (var i = 0; i < slots.Count; i++)
        {
            var entry = slots[i];
            if (entry.Commit is { } commit && wanted.Contains(entry.Ref))
                slots[i] = entry with { Health = await HealthAsync(store, EffectActions.Root(run), entry.Ref, commit, cancellationToken) };
        }
    }
}
