using CsCheck;
using Failover.Domain.Placement.Solving;

namespace Failover.Domain.Tests.Placement.Solving;

public sealed class GangReasonsTests
{
    /// <summary>
    /// Bin 0: 16 GPUs on whole nodes; bin 1: 8 GPUs, none of them on one whole node; bin 2: like 0, in a region that takes in 10. Runs 0 and 1 fill bin 0,
    /// run 2 is the one that is asked about.
    /// </summary>
    private static (GangProblem Problem, GangPlan Plan) Make(params (int Bin, long Value, long Ingest)[] places)
    {
        var builder = new GangProblemBuilder();
        var (near, far) = (builder.AddRegion(100), builder.AddRegion(10));
        builder.AddBin(near, 16, 16, 16, 16);
        builder.AddBin(near, 8, 8, 8, 0);
        builder.AddBin(far, 16, 16, 16, 16);
        foreach (var value in (long[])[70, 50])
        {
            builder.AddRun(8, 8, 1);
            builder.AddCandidate(0, value, 0);
        }

        builder.AddRun(8, 8, 1);
        foreach (var (bin, value, ingest) in places)
            builder.AddCandidate(bin, value, ingest);
        var problem = builder.Build();
        return (problem, GangSolver.Solve(problem, new WorkBudget(1_000_000)));
    }

    [Fact]
    public void WhyNot_EachRow_IsNamedWithItsFigures()
    {
        var (problem, plan) = Make((0, 30, 0), (1, 30, 0), (2, 30, 11));
        Assert.Equal(
            ["b0: outbid by r1, worth 20 more", "b1: needs 8 GPUs in chunks of its size, has 0 in such chunks", "b2: needs 11 brought into the region, 10 are left"],
            new GangReasons(problem, plan).WhyNot(2).Select(reason => GangReasonText.Of(reason, run => $"r{run}", bin => $"b{bin}")));
    }

    [Fact]
    public void WhyNot_NotListedOrWorthNothing_SaysSo()
    {
        var (problem, plan) = Make((2, -1, 0));
        Assert.Equal([KeptOutBy.NotListed, KeptOutBy.NotListed, KeptOutBy.WorthNothing], new GangReasons(problem, plan).WhyNot(2).Select(reason => reason.Row));
    }

    [Fact]
    public void Why_PlacedRun_NamesTheRunnerUpAndByHowMuch()
    {
        var (problem, plan) = Make((0, 60, 0), (2, 40, 5));
        var reason = new GangReasons(problem, plan).Why(2);
        // In bin 0 it would put out run 1, worth 50: 60 − 50 is 30 less than 40.
        Assert.Equal(new PlaceReason(2, 40, 0, 30), reason);
        Assert.Equal("b2: worth 40; 30 more, all told, than b0", GangReasonText.Of(reason!, bin => $"b{bin}"));
        Assert.Null(new GangReasons(Make((1, 1, 0)).Problem, Make((1, 1, 0)).Plan).Why(2));
    }

    [Fact]
    public void Reasons_PlanOfAnotherProblem_IsRefused()
    {
        var (problem, plan) = Make((2, 40, 5));
        Assert.Throws<ArgumentException>("plan", () => new GangReasons(problem, plan with { Value = plan.Value + 1 }));
    }

    [Fact]
    public void Reasons_OfProvenPlans_FindNothingBetter() =>
        GangSpec.Gen(6).Sample(
            spec =>
            {
                var problem = spec.Build();
                var plan = GangSolver.Solve(problem, new WorkBudget(5_000_000));
                var reasons = new GangReasons(problem, plan);
                for (var run = 0; run < problem.Runs; run++)
                {
                    if (reasons.Why(run) is { } why)
                        Assert.True(why.Margin >= 0, $"run {run} would be better off by {-why.Margin} in {why.RunnerUp}");
                    else
                        Assert.All(reasons.WhyNot(run), reason => Assert.True(reason.Row != KeptOutBy.Nothing && reason.Margin >= 0));
                }
            },
            iter: PropertyCases.Count);
}
