using Failover.Domain.Checkpoints;
using Failover.Domain.Fleet;

namespace Failover.Domain.Migration;

/// <summary>What of a run would be lost if the region that it trains in went now, its stores with it.</summary>
/// <param name="Outside">The newest commit that is known to be whole in another region; <see langword="null"/> where none is, and the loss is everything.</param>
/// <param name="Steps">Steps seen since that commit, committed or not; 0 or more.</param>
/// <param name="Age">Since when the newest commit outside is that one; zero where nothing would be lost, and since the run was submitted where there is none.</param>
public sealed record Rpo(CommitRef? Outside, long Steps, TimeSpan Age)
{
    /// <summary>By what the run was told of its stores; <see langword="null"/> for a run that trains nowhere, and has nothing to lose to a region.</summary>
    public static Rpo? Of(RunState run, FleetSpec fleet)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(fleet);
        if (run.IsTombstone || run.Epoch is not { } epoch)
            return null;
        var step = Math.Max(epoch.Progress?.Step ?? epoch.ResumeStep, epoch.ResumeStep);
        var newest = run.Tips
            .Where(tip => fleet.FindStore(tip.Store) is { } store && store.Region != epoch.Target.Region)
            .Aggregate((StoreTip?)null, (best, tip) => best is null || tip.Commit.IsAfter(best.Commit) ? tip : best);
        if (newest is null)
            return new Rpo(null, step, run.Now - run.SubmittedAt);
        var steps = Math.Max(0, step - newest.Step);
        return new Rpo(newest.Commit, steps, steps == 0 ? TimeSpan.Zero : run.Now - newest.At);
    }
}
