using System.Collections.Immutable;
using Failover.Domain.Placement.Solving;

namespace Failover.Domain.Placement;

/// <summary>A plan of the solver, with what the next solve may begin from.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Prices">For the next.</param>
/// <param name="Candidates">Pairs of run and bin that were weighed.</param>
/// <param name="Work">What it took, in the steps of <see cref="WorkBudget"/>.</param>
public sealed record SolvedPlan(PlacementPlan Plan, SolvePrices Prices, int Candidates, long Work);

/// <summary>
/// Decides for all runs at once, those with a home included, by <see cref="GangSolver"/>, and proves how much better any other plan could be. The same problem, prices, seed and
/// <see cref="WorkBudget"/> give the same plan, in whatever order the problem's parts are listed.
/// </summary>
public static class SolverPlacer
{
    /// <summary>
    /// The best plan found within the budget, sound by <see cref="PlanChecker"/>; at least a first feasible one. Throws <see cref="ArgumentException"/> for a problem or a policy
    /// whose parts are out of range, double or unknown, and what the budget throws.
    /// </summary>
    public static SolvedPlan Solve(PlacementProblem problem, PlacementPolicy policy, ISolveBudget budget, SolvePrices? prices = null, long seed = 1)
    {
        PlacementDoor.Check(problem, policy);
        var instance = new PlacementInstance(problem, policy);
        var map = new SolverMap(instance);
        var options = new GangSolveOptions { Seed = seed, StrictTiers = policy.StrictTiers, Prices = prices?.For(instance, map) };
        var solved = GangSolver.Solve(map.Problem, budget, options);
        var (bins, value) = Filled(map.Problem, solved);
        var gang = solved with { BinOf = bins, Value = value };
        return new SolvedPlan(PlanOf(problem, instance, map, gang), new SolvePrices(instance, map, solved.Prices), map.Problem.Candidates, solved.Work);
    }

    /// <summary>
    /// Whoever would still fit is put in, who is at home first, the most valuable first: a budget that ends early leaves such gaps, and nobody is to be preempted, or to wait, for nothing.
    /// </summary>
    private static (ImmutableArray<int> BinOf, long Value) Filled(GangProblem problem, GangPlan plan)
    {
        var state = new PlanState(problem);
        for (var run = 0; run < problem.Runs; run++)
        {
            if (plan.BinOf[run] >= 0)
                state.Move(run, problem.Find(run, plan.BinOf[run]));
        }

        var without = Enumerable.Range(0, problem.Runs).Where(run => plan.BinOf[run] < 0)
            .Select(run => (Run: run, Places: Enumerable.Range(problem.Start[run], problem.UsableEnd[run] - problem.Start[run]).OrderByDescending(place => problem.ValueOf[place]).ToArray()))
            .Where(one => one.Places.Length > 0)
            .OrderBy(one => problem.Home[one.Run] < 0).ThenByDescending(one => problem.ValueOf[one.Places[0]]).ThenBy(one => one.Run);
        foreach (var (run, places) in without)
        {
            foreach (var place in places.Where(place => state.Fits(run, place)).Take(1))
                state.Move(run, place);
        }

        return ([.. state.Seats.ToArray().Select(seat => seat.Bin)], state.Value);
    }

    private static PlacementPlan PlanOf(PlacementProblem problem, PlacementInstance instance, SolverMap map, GangPlan gang)
    {
        var moves = ImmutableArray.CreateBuilder<PlannedMove>();
        var stays = ImmutableArray.CreateBuilder<PlannedStay>();
        var unplaced = ImmutableArray.CreateBuilder<UnplacedRun>();
        var places = new Candidate?[instance.Runs.Length];
        var reasons = new SolverReasons(problem, instance, map, gang);
        for (var run = 0; run < instance.Runs.Length; run++)
        {
            var (bin, home) = (gang.BinOf[run], instance.HomeOfRun[run]);
            if (bin >= 0 && bin == home)
                stays.Add(new PlannedStay(instance.Runs[run].Uid, instance.StayValue[run]));
            else if (bin >= 0)
                moves.Add(instance.MoveTo((places[run] = map.PlaceIn(run, bin)).Value) with { RunnerUp = reasons.RunnerUpOf(run) });
            else if (home < 0)
                unplaced.Add(new UnplacedRun(instance.Runs[run].Uid, reasons.For(run)));
        }

        var value = checked(moves.Sum(move => move.Value) + stays.Sum(stay => stay.Value));
        return new PlacementPlan(problem.SnapshotVersion, moves.ToImmutable(), unplaced.ToImmutable(), value)
        {
            Stays = stays.ToImmutable(),
            Preempted = Preemption.Of(instance, places, gang.BinOf),
            Bound = Math.Max(value, map.TrueBound(gang.Bound)),
            Engine = PlacementEngine.Solver,
        };
    }
}
