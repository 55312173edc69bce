using System.Collections.Immutable;

namespace Failover.Domain.Placement;

/// <summary>
/// Decides for all runs without a place at once. Greedy in several orders, the best of which is improved by exchanges; nothing is preempted, and who has a home stays there. The
/// same problem gives the same plan, in whatever order its parts are listed.
/// </summary>
public static class Placer
{
    /// <summary>
    /// The plan, sound by <see cref="PlanChecker"/>. Throws <see cref="ArgumentException"/> for a problem or a policy whose parts are out of range,
    /// double or unknown.
    /// </summary>
    public static PlacementPlan Place(PlacementProblem problem, PlacementPolicy policy)
    {
        PlacementDoor.Check(problem, policy);
        var instance = new PlacementInstance(problem, policy);
        var search = GreedySearch.Best(instance);
        search.Improve(policy.ImprovementTrials);

        var moves = ImmutableArray.CreateBuilder<PlannedMove>();
        var unplaced = ImmutableArray.CreateBuilder<UnplacedRun>();
        var stays = ImmutableArray.CreateBuilder<PlannedStay>();
        var reasons = new PlacementReasons(instance, problem, search);
        for (var run = 0; run < instance.Runs.Length; run++)
        {
            var uid = instance.Runs[run].Uid;
            if (instance.HomeOfRun[run] >= 0)
                stays.Add(new PlannedStay(uid, instance.StayValue[run]));
            else if (search.PlaceOf(run) is { } place)
                moves.Add(instance.MoveTo(place));
            else
                unplaced.Add(new UnplacedRun(uid, reasons.For(run)));
        }

        return new PlacementPlan(problem.SnapshotVersion, moves.ToImmutable(), unplaced.ToImmutable(), checked(search.Value + instance.StayValue.Sum())) { Stays = stays.ToImmutable() };
    }
}
