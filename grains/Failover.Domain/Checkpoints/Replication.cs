using System.Collections.Immutable;

namespace Failover.Domain.Checkpoints;

/// <summary>
/// Limits of one pass: <paramref name="SlotsMax"/> and <paramref name="BytesMax"/> are what is copied at most (one commit at the least), and only the newest
/// <paramref name="CommitsKept"/> commits of the chain have their files copied: older ones are there to be named, not to be resumed from.
/// </summary>
public sealed record ReplicationLimits(int SlotsMax = 1_000, long BytesMax = long.MaxValue, int CommitsKept = 4);

/// <summary>One slot to copy, after its commit's files where <paramref name="Files"/> says so.</summary>
public sealed record ReplicaCopy(CommitRef Slot, Commit Commit, bool Files);

/// <summary>What of a run's chain a replica lacks.</summary>
public static class Replication
{
    /// <summary>
    /// What to copy from one store to another, oldest first, so that a slot never comes before an older one. Slots stay dense: those that don't count, and those whose files
    /// the source has no more (or has corrupt), are copied as slots alone. Nothing beyond the chain is copied: no seal, and nothing that a cut epoch went on to write.
    /// Empty where either store was not listed, or the chain is disputed.
    /// </summary>
    public static ImmutableArray<ReplicaCopy> Plan(LineageChain chain, StoreSurvey source, StoreSurvey replica, ReplicationLimits limits)
    {
        if (chain.Disputed || source.Outcome != SurveyOutcome.Listed || replica.Outcome != SurveyOutcome.Listed)
            return [];
        var last = chain.Commits.GroupBy(link => link.Ref.Epoch).ToDictionary(epoch => epoch.Key, epoch => epoch.Max(link => link.Ref.Commit));
        var kept = chain.Commits.TakeLast(limits.CommitsKept).Select(link => link.Ref).ToHashSet();
        var there = replica.Slots.ToDictionary(slot => slot.Ref);
        var plan = ImmutableArray.CreateBuilder<ReplicaCopy>();
        var bytes = 0L;
        foreach (var slot in source.Slots.OrderBy(slot => slot.Epoch).ThenBy(slot => slot.Slot))
        {
            if (slot.Commit is not { } commit || !last.TryGetValue(slot.Epoch, out var end) || slot.Slot > end)
                continue;
            var files = kept.Contains(slot.Ref) && IsGood(slot) && !(there.TryGetValue(slot.Ref, out var copy) && IsGood(copy));
            if (!files && there.ContainsKey(slot.Ref))
                continue;
            if (plan.Count == limits.SlotsMax || (files && bytes > 0 && commit.SizeBytes > limits.BytesMax - bytes))
                break;
            plan.Add(new ReplicaCopy(slot.Ref, commit, files));
            bytes += files ? commit.SizeBytes : 0;
        }
        return plan.ToImmutable();
    }

    private static bool IsGood(SlotEntry slot) => slot.Health is CopyHealth.Verified or CopyHealth.Unverified;
}

/// <summary>
/// What would be lost if a region went now: the newest commit that has a verified copy outside it, and the steps and bytes committed since. <paramref name="Outside"/> is null
/// where there is none, and the loss is everything.
/// </summary>
public sealed record Rpo(CommitRef? Outside, long Steps, long Bytes)
{
    /// <summary>
    /// Weighs the chain against the copies outside. <paramref name="outside"/> are surveys of stores in other regions; those not listed hold nothing that one can count on.
    /// <paramref name="step"/> is the newest step known, committed or not.
    /// </summary>
    public static Rpo Of(LineageChain chain, IEnumerable<StoreSurvey> outside, long step)
    {
        var safe = outside
            .Where(store => store.Outcome == SurveyOutcome.Listed)
            .SelectMany(store => store.Slots)
            .Where(slot => slot is { IsSeal: false, Health: CopyHealth.Verified })
            .Select(slot => slot.Ref)
            .ToHashSet();
        var bytes = 0L;
        foreach (var link in chain.Commits.Reverse())
        {
            if (safe.Contains(link.Ref))
                return new Rpo(link.Ref, Math.Max(0, step - link.Commit.Step), bytes);
            bytes += link.Commit.SizeBytes;
        }
        return new Rpo(null, step, bytes);
    }
}
