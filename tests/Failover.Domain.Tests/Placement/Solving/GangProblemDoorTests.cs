using Failover.Domain.Placement.Solving;

namespace Failover.Domain.Tests.Placement.Solving;

/// <summary>Hostile input: a clear error, or a clear result.</summary>
public sealed class GangProblemDoorTests
{
    /// <summary>What is added to a sound problem of one region, bin, group and run, and what the door says of it.</summary>
    public static TheoryData<string, string> Bad => new()
    {
        { "negative ingest", "ingest is 0 to 2^57" },
        { "ingest above the limit", "ingest is 0 to 2^57" },
        { "bin of no region", "there is no region 7" },
        { "more in large chunks than in small ones", "GPUs in larger chunks are 0 to those in smaller ones" },
        { "negative capacity", "GPUs in larger chunks are 0 to those in smaller ones" },
        { "negative spread", "GPUs a region are 0 to 2^40" },
        { "no GPUs", "GPUs are a multiple of 1 up to 2^24" },
        { "half a chunk", "GPUs are a multiple of 8 up to 2^24" },
        { "chunk of three", "GPUs together are 1, 2, 4 or 8, not 3" },
        { "tier four", "tier is 0 to 3, not 4" },
        { "no such group", "there is no group 9" },
        { "no such home", "there is no bin 9" },
        { "candidate in no bin", "there is no bin 9" },
        { "value above the limit", "a place is worth up to 2^44 either way" },
        { "value below the limit", "a place is worth up to 2^44 either way" },
        { "negative bytes", "what it brings in is 0 to 2^57" },
        { "the same bin twice", "run 0: a bin is listed twice" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void Build_BadPart_IsNamed(string what, string says) =>
        Assert.Contains(says, Assert.Throws<ArgumentException>("problem", () => Add(Sound(), what).Build()).Message, StringComparison.Ordinal);

    [Fact]
    public void AddCandidate_BeforeAnyRun_IsNamed() => Assert.Throws<ArgumentException>("problem", () => new GangProblemBuilder().AddCandidate(0, 1, 0));

    [Fact]
    public void Solve_NothingAtAll_IsAnEmptyPlan() => AssertPlan(new GangProblemBuilder().Build(), 0);

    [Fact]
    public void Solve_NoBins_PlacesNobody()
    {
        var builder = new GangProblemBuilder();
        builder.AddRun(8, 8, 0);
        AssertPlan(builder.Build(), 0);
    }

    [Fact]
    public void Solve_NoCapacity_PlacesNobody()
    {
        var builder = new GangProblemBuilder();
        builder.AddBin(builder.AddRegion(0), 0, 0, 0, 0);
        builder.AddRun(1, 1, 3);
        builder.AddCandidate(0, 1_000_000_000, 0);
        AssertPlan(builder.Build(), 0);
    }

    [Fact]
    public void Solve_RunLargerThanAnyBin_LeavesItAndPlacesTheOthers()
    {
        var builder = new GangProblemBuilder();
        builder.AddBin(builder.AddRegion(0), 8, 8, 8, 8);
        builder.AddRun(16, 8, 3);
        builder.AddCandidate(0, GangProblemBuilder.ValueMax, 0);
        builder.AddRun(8, 8, 0);
        builder.AddCandidate(0, 1, 0);
        AssertPlan(builder.Build(), 1);
    }

    [Fact]
    public void Solve_HighestValuesAndSizes_DoesNotOverflow()
    {
        var builder = new GangProblemBuilder();
        builder.AddBin(builder.AddRegion(GangProblemBuilder.IngestMax), GangProblemBuilder.CapacityMax, GangProblemBuilder.CapacityMax, GangProblemBuilder.CapacityMax, 40L * GangProblemBuilder.GpusMax);
        builder.AddGroup(30L * GangProblemBuilder.GpusMax);
        for (var run = 0; run < 100; run++)
        {
            builder.AddRun(GangProblemBuilder.GpusMax, 8, 3, run % 2 - 1);
            builder.AddCandidate(0, GangProblemBuilder.ValueMax - run, GangProblemBuilder.IngestMax / 64);
        }

        AssertPlan(builder.Build(), (40 * GangProblemBuilder.ValueMax) - Enumerable.Range(0, 40).Sum());
    }

    [Fact]
    public void Solve_OfABillionValues_IsProven()
    {
        var builder = new GangProblemBuilder();
        builder.AddBin(builder.AddRegion(0), 64, 64, 64, 64);
        for (var run = 0; run < 20; run++)
        {
            builder.AddRun(8, 8, 0);
            builder.AddCandidate(0, 1_000_000_000 + run, 0);
        }

        AssertPlan(builder.Build(), 8_000_000_000 + Enumerable.Range(12, 8).Sum());
    }

    [Fact]
    public void Solve_BudgetThatIsSpent_StillMakesAPlan()
    {
        var problem = Sound().Build();
        var plan = GangSolver.Solve(problem, new Spent());
        Assert.Equal([0], plan.BinOf);
        Assert.Empty(GangChecker.Check(problem, plan.BinOf.AsSpan(), plan.Value));
    }

    [Fact]
    public void Solve_EarlierPlanOfAnotherProblem_IsRefused() =>
        Assert.Throws<ArgumentException>("options", () => GangSolver.Solve(Sound().Build(), new WorkBudget(1), new GangSolveOptions { Plan = [0, 0] }));

    [Fact]
    public void WorkBudget_OfNothing_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>("steps", () => new WorkBudget(0));

    private static GangProblemBuilder Sound()
    {
        var builder = new GangProblemBuilder();
        builder.AddBin(builder.AddRegion(10), 16, 16, 16, 16);
        builder.AddGroup(16);
        builder.AddRun(8, 8, 0, 0);
        builder.AddCandidate(0, 5, 3);
        return builder;
    }

    private static GangProblemBuilder Add(GangProblemBuilder builder, string what)
    {
        switch (what)
        {
            case "negative ingest": builder.AddRegion(-1); break;
            case "ingest above the limit": builder.AddRegion(long.MaxValue); break;
            case "bin of no region": builder.AddBin(7, 8, 8, 8, 8); break;
            case "more in large chunks than in small ones": builder.AddBin(0, 8, 8, 8, 16); break;
            case "negative capacity": builder.AddBin(0, 8, 8, 8, -8); break;
            case "negative spread": builder.AddGroup(-1); break;
            case "no GPUs": builder.AddRun(0, 1, 0); break;
            case "half a chunk": builder.AddRun(12, 8, 0); break;
            case "chunk of three": builder.AddRun(3, 3, 0); break;
            case "tier four": builder.AddRun(8, 8, 4); break;
            case "no such group": builder.AddRun(8, 8, 0, 9); break;
            case "no such home": builder.AddRun(8, 8, 0, -1, 9); break;
            case "candidate in no bin": builder.AddCandidate(9, 1, 0); break;
            case "value above the limit": builder.AddCandidate(0, long.MaxValue, 0); break;
            case "value below the limit": builder.AddCandidate(0, long.MinValue, 0); break;
            case "negative bytes": builder.AddCandidate(0, 1, -1); break;
            case "the same bin twice": builder.AddCandidate(0, 6, 3); break;
            default: throw new ArgumentOutOfRangeException(nameof(what), what, "There is no such part.");
        }

        return builder;
    }

    private static void AssertPlan(GangProblem problem, long value)
    {
        var plan = GangSolver.Solve(problem, new WorkBudget(20_000_000));
        Assert.Empty(GangChecker.Check(problem, plan.BinOf.AsSpan(), plan.Value));
        Assert.Equal((value, true), (plan.Value, plan.Proven));
    }

    private sealed class Spent : ISolveBudget
    {
        double ISolveBudget.Spent(long work) => 1;
    }
}
