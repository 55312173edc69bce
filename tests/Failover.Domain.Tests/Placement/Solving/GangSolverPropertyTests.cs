using CsCheck;
using Failover.Domain.Placement.Solving;

namespace Failover.Domain.Tests.Placement.Solving;

/// <summary>What holds of every problem, against a search through all plans.</summary>
public sealed class GangSolverPropertyTests
{
    [Fact]
    public void Solve_AnyProblemAndBudget_PassesTheCheckerAndPacksOntoTheNodes() =>
        Gen.Select(GangSpec.Gen(9), Gen.Long[1, 60_000], Gen.Long, Gen.Bool).Sample(
            (spec, steps, seed, strict) =>
            {
                var problem = spec.Build();
                var plan = GangSolver.Solve(problem, new WorkBudget(steps), new GangSolveOptions { Seed = seed, StrictTiers = strict });
                Assert.Empty(GangChecker.Check(problem, plan.BinOf.AsSpan(), plan.Value));
                Assert.True(spec.Packs(plan.BinOf.AsSpan()));
                Assert.True(plan.Bound >= plan.Value);
            },
            iter: PropertyCases.Count);

    [Fact]
    public void Solve_AnyBudget_BoundIsNotBelowTheOptimum() =>
        Gen.Select(GangSpec.Gen(6), Gen.Long[1, 30_000]).Sample(
            (spec, steps) =>
            {
                var plan = GangSolver.Solve(spec.Build(), new WorkBudget(steps));
                var optimum = spec.Optimum();
                Assert.True(plan.Bound >= optimum, $"bound {plan.Bound} < optimum {optimum}");
                Assert.True(optimum >= plan.Value, $"optimum {optimum} < value {plan.Value}");
            },
            iter: PropertyCases.Count);

    [Fact]
    public void Solve_EnoughBudget_ProvesTheOptimum() =>
        GangSpec.Gen(6).Sample(
            spec =>
            {
                var plan = GangSolver.Solve(spec.Build(), new WorkBudget(5_000_000));
                Assert.Equal((spec.Optimum(), true), (plan.Value, plan.Proven));
            },
            iter: PropertyCases.Count);

    [Fact]
    public void Solve_MoreCapacity_IsNeverWorse() =>
        Gen.Select(GangSpec.Gen(6), Gen.Int[0, 2], Gen.Int[1, 8]).Sample(
            (spec, which, free) =>
            {
                var bins = spec.Bins.ToArray();
                var bin = bins[which % bins.Length];
                bins[which % bins.Length] = bin with { NodesByFree = [.. bin.NodesByFree.Select((count, gpus) => gpus == free ? count + 1 : count)] };
                Assert.True(Proven(spec with { Bins = bins }) >= Proven(spec));
            },
            iter: PropertyCases.Count);

    [Fact]
    public void Solve_OneRunFewer_IsNeverBetter() =>
        Gen.Select(GangSpec.Gen(6), Gen.Int[0, 5]).Sample(
            (spec, which) => Assert.True(Proven(spec with { Runs = [.. spec.Runs.Where((_, run) => run != which)] }) <= Proven(spec)),
            iter: PropertyCases.Count);

    [Fact]
    public void Solve_StrictTiers_NeverTradesUpward() =>
        GangSpec.Gen(6).Sample(
            spec =>
            {
                var problem = spec.Build();
                var plan = GangSolver.Solve(problem, new WorkBudget(20_000_000), new GangSolveOptions { StrictTiers = true });
                var top = spec.Runs.Select(run => run.Tier).DefaultIfEmpty().Max();
                var value = spec.Runs.Index().Where(run => run.Item.Tier == top && plan.BinOf[run.Index] >= 0)
                    .Sum(run => run.Item.Places.Single(place => place.Bin == plan.BinOf[run.Index]).Value);
                Assert.Equal(spec.Optimum(run => run.Tier == top), value);
            },
            iter: PropertyCases.Count);

    [Fact]
    public void Solve_SameSeedAndBudget_SamePlan() =>
        Gen.Select(GangSpec.Gen(9), Gen.Long[1, 60_000], Gen.Long).Sample(
            (spec, steps, seed) =>
            {
                var options = new GangSolveOptions { Seed = seed };
                var once = GangSolver.Solve(spec.Build(), new WorkBudget(steps), options);
                var again = GangSolver.Solve(spec.Build(), new WorkBudget(steps), options);
                Assert.Equal(once.BinOf, again.BinOf);
                Assert.Equal((once.Value, once.Bound, once.Work), (again.Value, again.Bound, again.Work));
            },
            iter: PropertyCases.Count);

    private static long Proven(GangSpec spec)
    {
        var plan = GangSolver.Solve(spec.Build(), new WorkBudget(5_000_000));
        Assert.True(plan.Proven);
        return plan.Value;
    }
}
