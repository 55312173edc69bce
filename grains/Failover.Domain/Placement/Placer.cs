using System.Collections.Immutable;

namespace Failover.Domain.Placement;

/// <summary>
/// Decides for all runs without a place at once. Greedy in several orders, the best of which is improved by exchanges; nothing is preempted. The same
/// problem gives the same plan, in whatever order its parts are listed.
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
        var reasons = new PlacementReasons(instance, problem, search);
        for (var run = 0; run < instance.Runs.Length; run++)
        {
            var uid = instance.Runs[run].Uid;
            if (search.PlaceOf(run) is { } place)
                moves.Add(new PlannedMove(uid, instance.TargetOf(place), place.Value, place.IngestBytes));
            else
                unplaced.Add(new UnplacedRun(uid, reasons.For(run)));
        }

        return new PlacementPlan(problem.SnapshotVersion, moves.ToImmutable(), unplaced.ToImmutable(), search.Value);
    }
}
