using System.Collections.Immutable;
using CsCheck;
using Failover.Domain.Placement;

namespace Failover.Domain.Tests.Placement;

public sealed class PlacerPropertyTests
{
    private static readonly PlacementPolicy Policy = new();

    [Fact]
    public void Place_AnyProblem_PassesTheChecker() =>
        Problems.Gen(12).Sample(problem => Assert.Empty(PlanChecker.Check(problem, Placer.Place(problem, Policy))), iter: 1_000);

    [Fact]
    public void Place_LiveRunsAndGroups_PassesTheCheckerAndLeavesLiveRunsWhereTheyAre() =>
        Problems.GenLive(12).Sample(
            problem =>
            {
                var plan = Placer.Place(problem, Policy);
                Assert.Empty(PlanChecker.Check(problem, plan));
                Assert.Equal(problem.Runs.Where(run => run.Home is not null).Select(run => run.Uid).Order(StringComparer.Ordinal), plan.Stays.Select(stay => stay.RunUid));
            },
            iter: 1_000);

    [Fact]
    public void Place_AnyProblem_GivesNoRunTwoPlaces() =>
        Problems.Gen(12).Sample(
            problem =>
            {
                var plan = Placer.Place(problem, Policy);
                var uids = plan.Moves.Select(move => move.RunUid).Concat(plan.Unplaced.Select(run => run.RunUid)).ToArray();
                Assert.Equal(problem.Runs.Select(run => run.Uid).Order(StringComparer.Ordinal), uids.Order(StringComparer.Ordinal));
            },
            iter: 500);

    [Fact]
    public void Place_PermutedProblem_GivesTheSamePlan() =>
        Gen.Select(Problems.Gen(10), Gen.Int[0, 1_000]).Sample(
            (problem, seed) => Assert.Equal(
                Problems.Text(Placer.Place(problem, Policy)), Problems.Text(Placer.Place(Problems.Permuted(problem, seed), Policy))),
            iter: 1_000);

    [Fact]
    public void Place_TinyProblem_NeverBeatsTheOptimumAndStaysNearIt()
    {
        var total = 0L;
        var best = 0L;
        Problems.Gen(5).Sample(
            problem =>
            {
                var value = Placer.Place(problem, Policy).Value;
                var optimum = BruteForce.Optimum(problem, Policy);
                Assert.InRange(value, 0, optimum);
                Interlocked.Add(ref total, value);
                Interlocked.Add(ref best, optimum);
            },
            iter: 1_000);
        Assert.True(total >= best * 0.98, $"{total} of {best}");
    }

    [Fact]
    public void Optimum_OneMoreFreeNode_NeverFalls() =>
        Gen.Select(Problems.Gen(4), Gen.Int[0, 7], Gen.Int[1, 8]).Where((problem, _, _) => !problem.Bins.IsEmpty).Sample(
            (problem, which, free) =>
            {
                var bin = problem.Bins[which % problem.Bins.Length];
                var larger = bin with { NodesByFreeGpus = bin.NodesByFreeGpus.SetItem(free, bin.NodesByFreeGpus[free] + 1) };
                var roomier = problem with { Bins = problem.Bins.Replace(bin, larger) };
                Assert.True(BruteForce.Optimum(roomier, Policy) >= BruteForce.Optimum(problem, Policy));
            },
            iter: 500);

    [Fact]
    public void Place_WithImprovement_IsNeverWorseThanWithout() =>
        Problems.Gen(12).Sample(
            problem => Assert.True(
                Placer.Place(problem, Policy).Value >= Placer.Place(problem, Policy with { ImprovementTrials = 0 }).Value),
            iter: 500);

    [Fact]
    public void Place_UnplacedRun_HasNoRoomLeftAnywhere() =>
        Problems.Gen(12).Sample(
            problem =>
            {
                var plan = Placer.Place(problem, Policy);
                foreach (var unplaced in plan.Unplaced)
                {
                    var alone = Placer.Place(problem with { Runs = [.. problem.Runs.Where(run => run.Uid == unplaced.RunUid)] }, Policy);
                    var outbid = unplaced.PerMember.Any(reason => reason.Reason.Contains("outbid", StringComparison.Ordinal));
                    Assert.Equal(outbid, !alone.Moves.IsEmpty);
                }
            },
            iter: 500);

    [Fact]
    public void Occupancy_AnyGangs_FitExactlyWhenTheyCanBePacked()
    {
        var gangs = Gen.Select(Gen.Int[1, 4], Gen.Int[0, 3], (workers, size) => (Workers: workers, GpusPerWorker: 1 << size)).Array[1, 5];
        Gen.Select(Gen.Int[0, 2].Array[9], gangs).Sample(
            (nodes, wanted) =>
            {
                var runs = wanted.Select((gang, index) => Problems.Run($"u{index}", gang.Workers, gang.GpusPerWorker)).ToImmutableArray();
                var instance = new PlacementInstance(Problems.Of(runs, [.. nodes]), Policy);
                var occupancy = new Occupancy(instance);
                var packed = new List<(int, int)>();
                for (var run = 0; run < wanted.Length; run++)
                {
                    var place = instance.Candidates[run][0];
                    var fits = BruteForce.Packs(nodes, [.. packed, wanted[run]]);
                    Assert.Equal(fits, occupancy.Fits(place));
                    if (!fits)
                        continue;
                    occupancy.Add(place);
                    packed.Add(wanted[run]);
                }
            },
            iter: 1_000);
    }
}
