using System.Collections.Immutable;
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
        var newest = Newest(run, isLost);
        return newest.IsEmpty && run.Epoch is { } epoch ? [epoch.Target.Store] : [.. newest.Select(tip => tip.Store)];
    }

    /// <summary>The copies of the newest commit that can be had; empty where none is known.</summary>
    public static ImmutableArray<StoreTip> Newest(RunState run, Func<string, bool> isLost)
    {
        var tips = KnownCopies.NewestFirst(run);
        // A lost region's stores may answer or not: what is held elsewhere is what one can count on.
        var sound = tips.RemoveAll(tip => isLost(tip.Store));
        if (sound.IsEmpty)
            sound = tips;
        return [.. sound.TakeWhile(tip => tip.Commit == sound[0].Commit)];
    }

    /// <summary>Its bytes: as the last move saw them, else as the user expects.</summary>
    public static double Size(RunState run) =>
        run.Move is { CommitBytes: > 0 } move ? move.CommitBytes
        : run.LastMove is { CommitBytes: > 0 } last ? last.CommitBytes
        : run.Spec.Checkpoints.SizeGigabytesExpected * 1e9;
}
