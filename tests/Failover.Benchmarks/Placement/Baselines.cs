using Failover.Domain.Placement.Solving;

namespace Failover.Benchmarks.Placement;

/// <summary>What today's systems do, given ideal preemption: runs one by one, no joint view.</summary>
internal static class Baselines
{
    public static (string Name, Func<GangProblem, PlanState> Make)[] All { get; } =
    [
        ("first fit by priority", problem => Place(problem, ByPriority(problem), bestValue: false)),
        ("score by priority", problem => Place(problem, ByPriority(problem), bestValue: true)),
        ("value, big first", GreedyPlan.ByValue),
    ];

    private static IEnumerable<int> ByPriority(GangProblem problem) =>
        Enumerable.Range(0, problem.Runs).OrderByDescending(run => problem.Tier[run]).ThenByDescending(run => problem.Gpus[run]).ThenBy(run => run);

    private static PlanState Place(GangProblem problem, IEnumerable<int> order, bool bestValue)
    {
        var plan = new PlanState(problem);
        foreach (var run in order)
        {
            var chosen = -1;
            for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
            {
                if ((chosen < 0 || (bestValue && problem.ValueOf[place] > problem.ValueOf[chosen])) && plan.Fits(run, place))
                    chosen = place;
            }

            plan.Move(run, chosen);
        }

        return plan;
    }
}
