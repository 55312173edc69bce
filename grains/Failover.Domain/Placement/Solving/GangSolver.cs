namespace Failover.Domain.Placement.Solving;

/// <summary>
/// Places all runs at once, and proves how near that is to the best: a feasible plan at once; prices, which give a bound; plans made by them; then large
/// steps until the budget is spent. Small problems are solved to the end. The same problem, options and <see cref="WorkBudget"/> give the same plan anywhere.
/// </summary>
public static class GangSolver
{
    /// <summary>
    /// The best plan found within the budget, with its bound. At least the first feasible plan is always made, whatever the budget. Throws
    /// <see cref="ArgumentException"/> for an earlier plan that does not fit the problem.
    /// </summary>
    public static GangPlan Solve(GangProblem problem, ISolveBudget budget, GangSolveOptions? options = null)
    {
        options ??= new GangSolveOptions();
        if (!options.Plan.IsEmpty && (options.Plan.Length != problem.Runs || options.Plan.Any(bin => bin < -1 || bin >= problem.Bins)))
            throw new ArgumentException("The earlier plan is of another problem.", nameof(options));
        return options.StrictTiers ? SolveTiers(problem, budget, options) : new SolveRun(problem, budget, options).Solve();
    }

    /// <summary>Tier by tier, each within what those above have left: whatever that costs the tiers below.</summary>
    private static GangPlan SolveTiers(GangProblem problem, ISolveBudget budget, GangSolveOptions options)
    {
        var state = new PlanState(problem);
        long bound = 0, work = 0;
        var prices = new Prices(problem);
        var tiers = Enumerable.Range(0, problem.Runs).Select(run => (int)problem.Tier[run]).Distinct().OrderDescending().ToArray();
        for (var i = 0; i < tiers.Length; i++)
        {
            var share = new ShareOfBudget(budget, work, (i + 1.0) / tiers.Length);
            var plan = new SolveRun(problem.Rest(state, tiers[i]), share, options).Solve();
            for (var run = 0; run < problem.Runs; run++)
            {
                if (plan.BinOf[run] >= 0)
                    state.Move(run, problem.Find(run, plan.BinOf[run]));
            }

            state.Keep();
            bound += plan.Bound;
            work += plan.Work;
            prices = plan.Prices;
        }

        return new GangPlan([.. state.Seats.ToArray().Select(seat => seat.Bin)], state.Value, bound, prices, work);
    }

    /// <summary>The budget up to a share of it, as if it began where it is.</summary>
    private sealed class ShareOfBudget(ISolveBudget budget, long workBefore, double end) : ISolveBudget
    {
        private readonly double begin = budget.Spent(workBefore);

        public double Spent(long work) => end <= begin ? 1 : (budget.Spent(workBefore + work) - begin) / (end - begin);
    }
}
