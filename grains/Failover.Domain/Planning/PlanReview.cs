using System.Collections.Immutable;
using Failover.Domain.Migration;
using Failover.Domain.Placement;

namespace Failover.Domain.Planning;

/// <summary>A move that does not hold any more, and why.</summary>
public sealed record RejectedMove(string RunUid, string Reason);

/// <summary>A plan held against the rows as they are now.</summary>
/// <param name="Plan">What of it still holds. Its value and its bound are those of the plan as it was made.</param>
/// <param name="Rejected">Moves that don't, by uid: the next pass plans these runs anew.</param>
public sealed record ReviewedPlan(PlacementPlan Plan, ImmutableArray<RejectedMove> Rejected);

/// <summary>
/// Time passed while the plan was made: runs went on, members changed, GPUs were promised. What no longer holds is given up; the rest is acted upon.
/// </summary>
public static class PlanReview
{
    /// <summary>The most valuable moves are held against what is free first, so that what is left of a plan is the best part of it.</summary>
    public static ReviewedPlan Of(PosedPlan posed, PlacementPlan plan, PlannerInput now, PlanningPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(posed);
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Moves.IsEmpty || ReferenceEquals(posed.Input, now))
            return new ReviewedPlan(plan, []);
        var runs = now.Runs.ToDictionary(run => run.Uid);
        // What a run distrusts, or is refused by, may have changed as well.
        var builder = new ProblemBuilder(now, policy);
        var problem = builder.Build(posed.Candidates.Values.Select(candidate => candidate with { Run = runs.GetValueOrDefault(candidate.Run.Uid, candidate.Run) }), builder.Room());
        var rows = new Rows(problem, policy.Placement, plan);
        var members = now.Members.ToDictionary(member => member.Name);
        var rejected = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var move in plan.Moves.OrderByDescending(move => move.Value).ThenBy(move => move.RunUid, StringComparer.Ordinal))
        {
            // A live run that is to migrate is looked at by whoever moves it.
            if (posed.Candidates.TryGetValue(move.RunUid, out var candidate) && Changed(candidate.Run, runs.GetValueOrDefault(move.RunUid), now.Now, members, policy) is { } change)
                rejected.Add(move.RunUid, change);
            else if (rows.Refuse(move) is { } refusal)
                rejected.Add(move.RunUid, refusal);
        }

        return new ReviewedPlan(Without(plan, rejected), [.. rejected.Select(move => new RejectedMove(move.Key, move.Value))]);
    }

    private static string? Changed(RunState then, RunState? run, DateTimeOffset now, Dictionary<string, Members.MemberState> members, PlanningPolicy policy)
    {
        if (run is null || run.Step != RunStep.Waiting)
            return "it waits no more";
        if ((run.EpochNumber, run.Moves) != (then.EpochNumber, then.Moves))
            return "it has moved since";
        var home = run.Epoch is { } epoch ? members.GetValueOrDefault(epoch.Target.Member) : null;
        return Candidacy.Of(run, home, now, policy).Standing is Standing.Free or Standing.WithPermit ? null : "it is not to be placed any more";
    }

    private static PlacementPlan Without(PlacementPlan plan, SortedDictionary<string, string> rejected) => rejected.Count == 0 ? plan : plan with
    {
        Moves = plan.Moves.RemoveAll(move => rejected.ContainsKey(move.RunUid)),
        Preempted =
        [
            .. plan.Preempted.Select(run => run with { For = run.For.RemoveAll(rejected.ContainsKey) }).Where(run => !run.For.IsEmpty),
        ],
    };

    /// <summary>What is free now, and what the moves that were let through have taken of it.</summary>
    private sealed class Rows
    {
        private readonly PlacementInstance instance;
        private readonly Occupancy occupancy;
        private readonly Dictionary<string, int> indexOf;

        public Rows(PlacementProblem problem, PlacementPolicy policy, PlacementPlan plan)
        {
            PlacementDoor.Check(problem, policy);
            instance = new PlacementInstance(problem, policy);
            occupancy = new Occupancy(instance);
            indexOf = instance.Runs.Index().ToDictionary(run => run.Item.Uid, run => run.Index);
            foreach (var uid in plan.Preempted.Select(run => run.RunUid).Concat(plan.Moves.Select(move => move.RunUid)))
            {
                // Who has a home still, and is to leave it.
                if (indexOf.TryGetValue(uid, out var run) && instance.HomeOfRun[run] >= 0)
                    occupancy.Leave(run);
            }
        }

        /// <summary>Why the move is not possible any more; null: it is, and has taken its share.</summary>
        public string? Refuse(PlannedMove move)
        {
            if (!indexOf.TryGetValue(move.RunUid, out var run))
                return "it is no longer to be placed";
            foreach (var place in instance.Candidates[run].Where(place => instance.TargetOf(place) == move.Target).Take(1))
            {
                if (!occupancy.FitsBin(place))
                    return $"{move.Target.Member} has no room for it any more";
                if (!occupancy.FitsIngest(place))
                    return $"no more can be brought into {move.Target.Region} for now";
                if (!occupancy.FitsSpread(place))
                    return $"its group may have no more GPUs in {move.Target.Region}";
                occupancy.Add(place);
                return null;
            }

            return $"{move.Target.Member} is no longer a place for it";
        }
    }
}
