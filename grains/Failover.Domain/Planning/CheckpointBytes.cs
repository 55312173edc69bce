using System.Collections.Immutable;
using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;

namespace Failover.Domain.Planning;

/// <summary>
/// What is known, without asking the stores, of a run's newest checkpoint: an estimate to weigh places by. What is staged in the end is decided from a
/// survey.
/// </summary>
internal static class CheckpointBytes
{
    /// <summary>The stores that hold the newest commit that can be had; empty where there is nothing to bring.</summary>
    public static ImmutableArray<string> Holders(RunState run, Func<string, bool> isLost)
    {
        var tips = run.Tips.Where(tip => InChain(run, tip.Commit) && !run.BadCopies.Contains(new BadCopy(tip.Store, tip.Commit))).ToArray();
        // A lost region's stores may answer or not: what is held elsewhere is what one can count on.
        var sound = tips.Where(tip => !isLost(tip.Store)).ToArray();
        if (sound.Length == 0)
            sound = tips;
        if (sound.Length == 0)
            return run.Epoch is { } epoch ? [epoch.Target.Store] : [];
        var newest = sound.Max(tip => (tip.Commit.Epoch, tip.Commit.Commit));
        return [.. sound.Where(tip => (tip.Commit.Epoch, tip.Commit.Commit) == newest).Select(tip => tip.Store)];
    }

    /// <summary>Its bytes: as the last move saw them, else as the user expects.</summary>
    public static double Size(RunState run) =>
        run.Move is { CommitBytes: > 0 } move ? move.CommitBytes
        : run.LastMove is { CommitBytes: > 0 } last ? last.CommitBytes
        : run.Spec.Checkpoints.SizeGigabytesExpected * 1e9;

    /// <summary>
    /// Whether no cut since has left the commit behind. Within the chain, and only there, (epoch, slot) is its order.
    /// </summary>
    private static bool InChain(RunState run, CommitRef commit) =>
        run.Past.Where(past => past.Number >= commit.Epoch)
            .All(past => past.CutAt is { } cut && (commit.Epoch, commit.Commit).CompareTo((cut.Epoch, cut.Commit)) <= 0);
}
