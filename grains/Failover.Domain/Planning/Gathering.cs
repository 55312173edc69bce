using Failover.Domain.Migration;

namespace Failover.Domain.Planning;

/// <summary>The runs of a region are displaced one member after the other. The first ones wait a moment for the rest, so that all are placed together.</summary>
public static class Gathering
{
    /// <summary>
    /// How much longer to wait: while the last run was displaced less than <see cref="PlanningPolicy.GatherFor"/> ago, and the first less than <see cref="PlanningPolicy.GatherMax"/>.
    /// Only failovers that no plan has looked at yet are waited for; zero where there are none.
    /// </summary>
    public static TimeSpan HoldFor(IEnumerable<PosedRun> candidates, DateTimeOffset now, PlanningPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var fresh = candidates.Where(candidate => candidate is { Cause: MoveCause.Failover, Run.Waiting.Reason: WaitReason.Displaced })
            .Select(candidate => candidate.Run.StepSince).ToArray();
        if (fresh.Length == 0)
            return TimeSpan.Zero;
        var quiet = fresh.Max() + policy.GatherFor;
        var latest = fresh.Min() + policy.GatherMax;
        var until = quiet < latest ? quiet : latest;
        return until > now ? until - now : TimeSpan.Zero;
    }
}
