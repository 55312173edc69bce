using System.Collections.Concurrent;
using System.Collections.Immutable;
using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;
using Microsoft.Extensions.Options;

namespace Failover.Grains.Effects;

/// <summary>
/// Brings a commit into a store, whole and verified: only files that are not there yet, several at once, at a bounded rate, going on where an earlier go broke off.
/// </summary>
internal sealed class CommitStager(
    ICheckpointStores stores, LineageSurveyor surveyor, VerificationRecords verifications, IOptions<EffectOptions> options, TimeProvider time)
{
    private readonly ByteRate _rate = new(options.Value.StagingBytesPerSecond);

    public async Task<RunEvent> StageAsync(RunState run, RunEffect.Stage stage, CancellationToken cancellationToken)
    {
        var failures = new List<string>();
        foreach (var sourceName in stage.Sources)
        {
            try
            {
                var (outcome, detail) = await BringAsync(run, stage.Commit, sourceName, stage.ToStore, cancellationToken);
                switch (outcome)
                {
                    case CopyOutcome.Copied:
                        return new RunEvent.Staged(time.GetUtcNow(), stage.Id, Complete: true);
                    case CopyOutcome.SourceCorrupt or CopyOutcome.TargetCorrupt:
                        var bad = outcome == CopyOutcome.SourceCorrupt ? sourceName : stage.ToStore;
                        return new RunEvent.Staged(time.GetUtcNow(), stage.Id, Complete: false, bad, detail);
                    default:
                        failures.Add($"{sourceName}: {detail}");
                        break;
                }
            }
            catch (StoreUnavailableException unavailable) when (sourceName != stage.ToStore)
            {
                failures.Add($"{sourceName}: {unavailable.Message}");
            }
        }
        return new RunEvent.EffectFailed(time.GetUtcNow(), stage.Id, $"no store could give {stage.Commit}: {string.Join("; ", failures)}");
    }

    /// <summary>Files first, then the slots up to the commit, so that a slot in the target says that its files are there.</summary>
    internal async Task<(CopyOutcome Outcome, string? Detail)> BringAsync(
        RunState run, CommitRef name, string sourceName, string targetName, CancellationToken cancellationToken)
    {
        var (source, target) = (stores.Get(sourceName), stores.Get(targetName));
        var root = EffectActions.Root(run);
        var commit = await LineageSurveyor.ReadCommitAsync(source, root, name, cancellationToken);
        if (commit is null)
            return (CopyOutcome.SourceMissing, $"no commit {name}");
        if (await surveyor.HealthAsync(target, root, name, commit, cancellationToken) != CopyHealth.Verified)
        {
            var (outcome, detail) = await CopyFilesAsync(root, name, commit, source, target, cancellationToken);
            if (outcome != CopyOutcome.Copied)
                return (outcome, detail);
        }
        if (source.Name != target.Name)
            await CopySlotsAsync(root, name, source, target, cancellationToken);
        return (CopyOutcome.Copied, null);
    }

    private async Task<(CopyOutcome, string?)> CopyFilesAsync(
        RunRoot root, CommitRef name, Commit commit, ICheckpointStore source, ICheckpointStore target, CancellationToken cancellationToken)
    {
        var etags = new ConcurrentDictionary<string, string>();
        var bad = new ConcurrentQueue<(CopyOutcome Outcome, string Detail)>();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Value.StagingParallel, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(commit.Files, parallel, async (file, token) =>
        {
            var outcome = await CopyFileAsync(root, file, source, target, token);
            if (outcome != CopyOutcome.Copied)
                bad.Enqueue((outcome, $"{file.Path} is {(outcome == CopyOutcome.SourceMissing ? "missing" : "corrupt")}"));
            else if (await target.StatAsync(root, file.Path, token) is { } stat)
                etags[file.Path] = stat.ETag;
        });
        var corruptIn = bad.Any(b => b.Outcome == CopyOutcome.SourceCorrupt) ? source
            : bad.Any(b => b.Outcome == CopyOutcome.TargetCorrupt) ? target : null;
        if (corruptIn is not null)
        {
            await verifications.WriteAsync(root, corruptIn.Name, name, Verification.Bad, cancellationToken);
        }
        if (bad.TryDequeue(out var first))
            return first;
        await verifications.WriteAsync(root, target.Name, name, new Verification { ETags = etags.ToImmutableDictionary() }, cancellationToken);
        return (CopyOutcome.Copied, null);
    }

    private async Task<CopyOutcome> CopyFileAsync(
        RunRoot root, CommitFile file, ICheckpointStore source, ICheckpointStore target, CancellationToken cancellationToken)
    {
        if (source.Name == target.Name)
        {
            var hashed = await target.HashAsync(root, file.Path, cancellationToken);
            return hashed is null ? CopyOutcome.SourceMissing
                : hashed.Sha256 == file.Sha256 && hashed.Stat.SizeBytes == file.SizeBytes ? CopyOutcome.Copied : CopyOutcome.SourceCorrupt;
        }
        var outcome = await target.CopyFromAsync(source, root, file, _rate, cancellationToken);
        if (outcome != CopyOutcome.TargetCorrupt)
            return outcome;
        // A rotten copy in our own way: put it aside and take the good one.
        await target.SetAsideAsync(root, file.Path, cancellationToken);
        return await target.CopyFromAsync(source, root, file, _rate, cancellationToken);
    }

    private static async Task CopySlotsAsync(RunRoot root, CommitRef upTo, ICheckpointStore source, ICheckpointStore target, CancellationToken cancellationToken)
    {
        var there = (await target.ListSlotsAsync(root, upTo.Epoch, cancellationToken: cancellationToken)).Length;
        var slots = await source.ListSlotsAsync(root, upTo.Epoch, upTo.Commit + 1, cancellationToken);
        foreach (var slot in slots.Where(slot => slot.Slot >= there && slot.Slot <= upTo.Commit))
            await target.CreateSlotAsync(root, upTo.Epoch, slot.Slot, slot.Content, cancellationToken);
    }
}
