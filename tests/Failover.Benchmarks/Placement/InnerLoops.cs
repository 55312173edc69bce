using BenchmarkDotNet.Attributes;
using Failover.Domain.Placement.Solving;

namespace Failover.Benchmarks.Placement;

/// <summary>The loops in which a solve spends its time: a pricing pass, an exact choice for one bin, and a linear relaxation.</summary>
[MemoryDiagnoser]
public class InnerLoops
{
    private readonly BinChoice choice = new(Rounding.Feasible);
    private readonly long[] capacity = [2_010, 2_010, 2_010, 2_000];
    private GangProblem problem = null!;
    private PriceAscent ascent = null!;
    private DualSimplex simplex = null!;
    private (int Gpus, int Level, long Profit)[] gangs = [];

    /// <summary>Makes the data.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        problem = Generator.Make("F-20000x200-r0.95-s1").Build();
        ascent = new PriceAscent(problem, null);
        var small = Generator.Make("F-500x20-r0.95-s1").Build();
        simplex = new DualSimplex(new LinearRows(small, Enumerable.Repeat((sbyte)-1, small.Candidates).ToArray()));
        var random = new SeededRandom(1);
        gangs =
        [
            .. Enumerable.Range(0, 100).Select(_ => random.Below(4) is var level && level == 3 ? (Gpus: 8 * (1 + random.Below(30)), Level: 3) : (Gpus: 1 << level, Level: level))
                .Select(gang => (gang.Gpus, gang.Level, Profit: gang.Gpus * (30L + random.Below(60))))
                .OrderBy(gang => BinKnapsack.Order(gang.Gpus, gang.Level)),
        ];
    }

    /// <summary>All candidates of 20,000 runs once.</summary>
    [Benchmark]
    public double PricingPass()
    {
        ascent.Pass(0);
        return ascent.Bound;
    }

    /// <summary>A hundred gangs for 2,010 GPUs.</summary>
    [Benchmark]
    public long ChooseOneBin()
    {
        choice.Clear();
        foreach (var (gpus, level, profit) in gangs)
            choice.Add(gpus, level, profit);
        return choice.Choose(capacity);
    }

    /// <summary>From where no row binds to the best of the relaxation of 500 runs.</summary>
    [Benchmark]
    public bool SolveRelaxation()
    {
        simplex.Reset();
        return simplex.Solve(double.NegativeInfinity, _ => false) == DualSimplex.Outcome.Optimal;
    }
}
