using CsCheck;
using Failover.Domain.Placement;
using Failover.Domain.Placement.Solving;

namespace Failover.Domain.Tests.Placement;

public sealed class SolverPlacerPropertyTests
{
    private static readonly PlacementPolicy Policy = new();

    [Fact]
    public void Solve_AnyProblemAndBudget_PassesTheChecker() =>
        Gen.Select(Problems.GenLive(12), Gen.OneOf(1L, 1_000L, 30_000L, 200_000L), Gen.Bool).Sample(
            (problem, steps, strict) => Assert.Empty(PlanChecker.Check(problem, SolverPlacer.Solve(problem, Policy with { StrictTiers = strict }, new WorkBudget(steps)).Plan)),
            iter: 5_000);

    [Fact]
    public void Solve_AnyProblem_IsWorthAtLeastTheGreedyPlan() =>
        Problems.GenLive(12).Sample(
            problem =>
            {
                var plan = Solve(problem);
                Assert.InRange(Placer.Place(problem, Policy).Value, 0, plan.Value);
                Assert.True(plan.Value <= plan.Bound);
            },
            iter: 3_000);

    [Fact]
    public void Solve_TinyProblem_FindsTheOptimum() =>
        Problems.GenLive(5).Sample(
            problem =>
            {
                var plan = Solve(problem);
                Assert.Equal((BruteForce.Optimum(problem, Policy), 0.0), (plan.Value, plan.Gap));
            },
            iter: 1_000);

    [Fact]
    public void Solve_PermutedProblem_GivesTheSamePlan() =>
        Gen.Select(Problems.GenLive(10), Gen.Int[0, 1_000]).Sample(
            (problem, seed) => Assert.Equal(Problems.Text(Solve(problem)), Problems.Text(Solve(Problems.Permuted(problem, seed)))),
            iter: 1_000);

    [Fact]
    public void Solve_AnyProblem_GivesAReasonForEveryMemberOfEachThatWaits() =>
        Problems.GenLive(12).Sample(
            problem => Assert.All(
                Solve(problem).Unplaced,
                run =>
                {
                    Assert.Equal(problem.Members.Select(member => member.Name).Order(StringComparer.Ordinal), run.PerMember.Select(reason => reason.Member));
                    Assert.All(run.PerMember, reason => Assert.NotEmpty(reason.Reason));
                }),
            iter: 1_000);

    [Fact]
    public void Solve_PreemptedRuns_AreNeededByThoseTheyAreSaidToGoFor() =>
        Problems.GenLive(12).Sample(
            problem =>
            {
                var plan = Solve(problem);
                foreach (var preempted in plan.Preempted)
                {
                    // If it stays instead, and those it goes for do not come, the plan is still sound: nobody else needed it.
                    var without = plan with
                    {
                        Preempted = plan.Preempted.Remove(preempted),
                        Stays = plan.Stays.Add(new PlannedStay(preempted.RunUid, preempted.Loss)),
                        Moves = plan.Moves.RemoveAll(move => preempted.For.Contains(move.RunUid)),
                    };
                    Assert.DoesNotContain(PlanChecker.Check(problem, without), fault => fault.Contains("does not fit", StringComparison.Ordinal));
                }
            },
            iter: 2_000);

    [Fact]
    public void Solve_WarmPrices_AreNoWorseThanNone() =>
        Problems.GenLive(10).Sample(
            problem =>
            {
                var cold = SolverPlacer.Solve(problem, Policy, new WorkBudget(200_000));
                var warm = SolverPlacer.Solve(problem, Policy, new WorkBudget(200_000), cold.Prices);
                Assert.Equal(cold.Plan.Value, warm.Plan.Value);
                Assert.Equal(cold.Prices.Bins, warm.Prices.Bins);
            },
            iter: 500);

    private static PlacementPlan Solve(PlacementProblem problem) => SolverPlacer.Solve(problem, Policy, new WorkBudget(200_000)).Plan;
}
