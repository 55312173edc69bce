using System.Diagnostics;
using System.Globalization;
using Failover.Domain.Placement.Solving;

namespace Failover.Benchmarks.Placement;

/// <summary>Two provers of the optimum, side by side: ours, and CP-SAT.</summary>
internal static class Agreement
{
    private const double SecondsMax = 20;

    /// <summary>0: they agree on every instance.</summary>
    public static int Run(int count, TextWriter output)
    {
        var times = new List<double>();
        var wrong = 0;
        for (var seed = 1; seed <= count; seed++)
        {
            // Sizes up to 200 runs and 20 clusters, half of them at the largest.
            var runs = seed % 2 == 0 ? 200 : 20 + (seed * 37 % 180);
            var clusters = seed % 2 == 0 ? 20 : 5 + (seed * 13 % 16);
            var ratio = seed % 3 == 0 ? "0.75" : seed % 3 == 1 ? "0.95" : "1.2";
            var name = $"F-{runs}x{clusters}-r{ratio}-s{seed}";
            var problem = Generator.Make(name).Build();
            var clock = Stopwatch.StartNew();
            var plan = GangSolver.Solve(problem, new WallClockBudget(SecondsMax));
            times.Add(clock.Elapsed.TotalMilliseconds);
            var other = OrTools.CpSat(problem, SecondsMax, 2);
            if (plan.Proven && other.Optimal && plan.Value == (long)Math.Round(other.Value) && GangChecker.Check(problem, plan.BinOf.AsSpan(), plan.Value).IsEmpty)
                continue;
            wrong++;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {plan.Value} (bound {plan.Bound}), CP-SAT {other.Value} (bound {other.Bound})"));
        }

        times.Sort();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{count - wrong} of {count} agree; to the proof: median {times[count / 2]:0.0} ms, 95 % {times[count * 95 / 100]:0.0} ms, worst {times[^1]:0.0} ms"));
        return wrong == 0 ? 0 : 1;
    }
}
