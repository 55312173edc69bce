using System.Diagnostics;
using Failover.Domain.Placement.Solving;
using Google.OrTools.LinearSolver;
using Google.OrTools.Sat;

namespace Failover.Benchmarks.Placement;

/// <summary>The same problem for OR-Tools' engines: the rows that the instances have, which are the solver's as well.</summary>
internal static class OrTools
{
    /// <summary>A share of the value: HiGHS stops where a better plan is no better than by that.</summary>
    private const double HighsTolerance = 1e-4;

    /// <summary>What an engine found: a plan's value (0: none), and a bound (infinite: none).</summary>
    public sealed record Answer(string Engine, double Seconds, double Value, double Bound, bool Optimal);

    public static Answer CpSat(GangProblem problem, double seconds, int workers)
    {
        var clock = Stopwatch.StartNew();
        var model = new CpModel();
        var take = new BoolVar[problem.Candidates];
        var rows = new Dictionary<long, (List<BoolVar> Variables, List<long> Needs)>();
        var gain = Google.OrTools.Sat.LinearExpr.NewBuilder();
        foreach (var (run, place) in Places(problem))
        {
            take[place] = model.NewBoolVar("");
            gain.AddTerm(take[place], problem.ValueOf[place]);
            foreach (var (row, need) in Rows(problem, run, place))
            {
                if (!rows.TryGetValue(row, out var parts))
                    rows.Add(row, parts = ([], []));
                parts.Variables.Add(take[place]);
                parts.Needs.Add(need);
            }
        }

        foreach (var (row, (variables, needs)) in rows)
            model.Add(Google.OrTools.Sat.LinearExpr.WeightedSum(variables, needs) <= Capacity(problem, row));
        model.Maximize(gain);
        var solver = new CpSolver { StringParameters = $"max_time_in_seconds:{seconds};num_workers:{workers}" };
        var status = solver.Solve(model);
        var found = status is CpSolverStatus.Optimal or CpSolverStatus.Feasible;
        return new Answer(
            "CP-SAT", clock.Elapsed.TotalSeconds, found ? solver.ObjectiveValue : 0, found ? solver.BestObjectiveBound : double.PositiveInfinity,
            status == CpSolverStatus.Optimal);
    }

    /// <summary><paramref name="engine"/>: HIGHS and SCIP solve in whole numbers; GLOP the relaxation, whose value is a bound.</summary>
    public static Answer Linear(GangProblem problem, string engine, double seconds)
    {
        var clock = Stopwatch.StartNew();
        using var solver = Google.OrTools.LinearSolver.Solver.CreateSolver(engine) ?? throw new InvalidOperationException($"OR-Tools has no {engine} here.");
        solver.SetTimeLimit((long)(seconds * 1_000));
        var whole = engine != "GLOP";
        var rows = new Dictionary<long, Google.OrTools.LinearSolver.Constraint>();
        using var objective = solver.Objective();
        objective.SetMaximization();
        foreach (var (run, place) in Places(problem))
        {
            var take = whole ? solver.MakeBoolVar("") : solver.MakeNumVar(0, 1, "");
            objective.SetCoefficient(take, problem.ValueOf[place]);
            foreach (var (row, need) in Rows(problem, run, place))
            {
                if (!rows.TryGetValue(row, out var constraint))
                    rows.Add(row, constraint = solver.MakeConstraint(double.NegativeInfinity, Capacity(problem, row), ""));
                constraint.SetCoefficient(take, need);
            }
        }

        var status = solver.Solve();
        var found = status is Solver.ResultStatus.OPTIMAL or Solver.ResultStatus.FEASIBLE;
        var value = found ? objective.Value() : 0;
        // HiGHS's own bound does not come through, nor can it be told to go on; where it ends, its value is the best but for its tolerance.
        var bound = engine == "SCIP" && found ? objective.BestBound()
            : status == Solver.ResultStatus.OPTIMAL ? value * (1 + (whole ? HighsTolerance : 0)) : double.PositiveInfinity;
        return new Answer(engine == "HIGHS" ? "HiGHS" : engine, clock.Elapsed.TotalSeconds, whole ? value : 0, bound, status == Solver.ResultStatus.OPTIMAL);
    }

    private static IEnumerable<(int Run, int Place)> Places(GangProblem problem)
    {
        for (var run = 0; run < problem.Runs; run++)
        {
            for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
                yield return (run, place);
        }
    }

    /// <summary>Rows by number: runs, then bins' levels, then ingest, then spread.</summary>
    private static IEnumerable<(long Row, long Need)> Rows(GangProblem problem, int run, int place)
    {
        yield return (run, 1);
        int bin = problem.BinOf[place];
        long bins = problem.Runs + ((long)bin * GangProblem.Levels);
        for (var level = 0; level <= problem.Level[run]; level++)
        {
            if (level == 0 || problem.Capacity[(bin * GangProblem.Levels) + level] < problem.Capacity[(bin * GangProblem.Levels) + level - 1])
                yield return (bins + level, problem.Gpus[run]);
        }

        long regions = problem.Runs + ((long)problem.Bins * GangProblem.Levels);
        if (problem.IngestOf[place] > 0)
            yield return (regions + problem.RegionOfBin[bin], problem.IngestOf[place]);
        if (problem.Group[run] >= 0)
            yield return (regions + problem.Regions + (problem.Group[run] * problem.Regions) + problem.RegionOfBin[bin], problem.Gpus[run]);
    }

    private static long Capacity(GangProblem problem, long row)
    {
        if ((row -= problem.Runs) < 0)
            return 1;
        if (row < problem.Capacity.Length)
            return problem.Capacity[row];
        row -= problem.Capacity.Length;
        return row < problem.Regions ? problem.Ingest[row] : problem.SpreadMax[row - problem.Regions];
    }
}
