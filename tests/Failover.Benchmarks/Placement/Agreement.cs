using System.Diagnostics;
using System.Globalization;
using Failover.Domain.Placement.Solving;

namespace Failover.Benchmarks.Placement;

/// <summary>Two provers of the optimum, side by side: ours, and CP-SAT.</summary>
internal static class Agreement
{
    /// <summary>By when a small problem is to be proven.</summary>
    private const double Deadline = 0.25;

    /// <summary>0: both prove every instance, and agree. Alone: ours proves every instance.</summary>
    public static int Run(int count, double secondsMax, bool alone, bool processorTime, TextWriter output)
    {
        var times = new List<double>();
        var wrong = 0;
        // The first solve is spent on the compiler.
        GangSolver.Solve(Generator.Make("F-200x20-r0.95-s1").Build(), new WallClockBudget(1));
        for (var seed = 1; seed <= count; seed++)
        {
            var name = NameOf(seed);
            var problem = Generator.Make(name).Build();
            var processor = ProcessorBudget.Now;
            var clock = Stopwatch.StartNew();
            var plan = GangSolver.Solve(problem, processorTime ? new ProcessorBudget(secondsMax) : new WallClockBudget(secondsMax));
            var seconds = processorTime ? ProcessorBudget.Now - processor : clock.Elapsed.TotalSeconds;
            times.Add(seconds);
            if (seconds > Deadline)
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {seconds * 1e3:0} ms to the proof, gap {plan.Gap:0.0000 %}, {problem.Candidates} candidates"));
            var sound = plan.Proven && GangChecker.Check(problem, plan.BinOf.AsSpan(), plan.Value).IsEmpty;
            if (alone ? sound : sound && Confirms(problem, name, plan, secondsMax, output))
                continue;
            wrong++;
        }

        times.Sort();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{count - wrong} of {count} {(alone ? "proven" : "agree")}; to the proof: median {times[count / 2] * 1e3:0.0} ms, 95 % {times[count * 95 / 100] * 1e3:0.0} ms, worst {times[^1] * 1e3:0.0} ms"));
        return wrong == 0 ? 0 : 1;
    }

    /// <summary>Sizes up to 200 runs and 20 clusters, half of them at the largest.</summary>
    private static string NameOf(int seed)
    {
        var runs = seed % 2 == 0 ? 200 : 20 + (seed * 37 % 180);
        var clusters = seed % 2 == 0 ? 20 : 5 + (seed * 13 % 16);
        var ratio = (seed % 3) switch { 0 => "0.75", 1 => "0.95", _ => "1.2" };
        return $"F-{runs}x{clusters}-r{ratio}-s{seed}";
    }

    private static bool Confirms(GangProblem problem, string name, GangPlan plan, double secondsMax, TextWriter output)
    {
        var other = OrTools.CpSat(problem, secondsMax, 2);
        if (other.Optimal && plan.Value == (long)Math.Round(other.Value))
            return true;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {plan.Value} (bound {plan.Bound}), CP-SAT {other.Value} (bound {other.Bound})"));
        return false;
    }
}
