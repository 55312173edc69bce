using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Runs;

namespace Failover.Domain.Planning;

/// <summary>Which live runs may be asked to leave, and what each would lose by it.</summary>
internal static class Victims
{
    /// <summary>A run whose step has not risen for so many of its usual intervals is in doubt, and left alone.</summary>
    private const int SteppingIntervals = 3;

    private static readonly TimeSpan AtStakeMax = TimeSpan.FromDays(30);

    /// <summary>
    /// Whether the run may be preempted: it trains, undoubtedly, where new work may go, and was not preempted lately. What is in trouble, or whose member is, holds GPUs that nobody
    /// can promise to anybody else.
    /// </summary>
    public static bool Includes(RunState run, MemberState home, DateTimeOffset now, PlanningPolicy policy) =>
        run is { Step: RunStep.Running, Epoch: { GivenUp: null, Fenced: false, Ended: false } epoch }
        && MemberMachine.IsTarget(home).IsTarget
        && !(run.LastPreemptedAt + policy.Runs.PreemptPeriod > now)
        && !home.Stalled.Contains(new RunEpoch(run.Uid, epoch.Number))
        && !home.BrokenGangs.Any(gang => gang.RunUid == run.Uid && gang.Epoch == epoch.Number)
        && Steps(run, epoch, home, now);

    /// <summary>What it would throw away, as time of its whole gang: the work since its last commit, though it is asked for one more, and its next start.</summary>
    public static TimeSpan AtStake(RunState run, DateTimeOffset now, PlanningPolicy policy)
    {
        var epoch = run.Epoch!;
        var committed = run.Tips.Where(tip => tip.Commit.Epoch == epoch.Number).Select(tip => tip.At).Append(epoch.Since).Max();
        var lost = now > committed ? now - committed : TimeSpan.Zero;
        return lost + policy.Placement.StartUp < AtStakeMax ? lost + policy.Placement.StartUp : AtStakeMax;
    }

    /// <summary>Steps are only seen to rise by heartbeats; of other runs the member's word that they don't stall has to do.</summary>
    private static bool Steps(RunState run, EpochState epoch, MemberState home, DateTimeOffset now)
    {
        if (epoch.Progress is not { } progress)
            return false;
        if (run.Spec.Progress.By != ProgressKind.Heartbeat)
            return true;
        var usual = home.Paces.Where(pace => pace.RunUid == run.Uid && pace.Epoch == epoch.Number).Select(pace => pace.Usual).Append(run.Spec.Progress.HeartbeatInterval).Max();
        return now - progress.At <= SteppingIntervals * usual;
    }
}
