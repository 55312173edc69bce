using System.Collections.Immutable;
using Failover.Domain.Placement;
using Failover.Domain.Placement.Solving;
using static Failover.Domain.Tests.Placement.Problems;

namespace Failover.Domain.Tests.Placement;

public sealed class SolverPlacerTests
{
    private static readonly PlacementPolicy Policy = new();

    [Fact]
    public void Solve_NothingAtAll_GivesAnEmptyProvenPlan()
    {
        var plan = Solve(new PlacementProblem { SnapshotVersion = 3, Members = [], Regions = [], Bins = [], Runs = [] });
        Assert.Equal((3L, 0L, 0L, 0.0), (plan.SnapshotVersion, plan.Value, plan.Bound, plan.Gap));
    }

    [Fact]
    public void Solve_NoMembers_LeavesAllOutWithoutReasons() => Assert.Empty(Assert.Single(Solve(Of([Run("a")])).Unplaced).PerMember);

    [Fact]
    public void Solve_NoCapacity_SaysSo() => Assert.Equal("not enough h100: needs 8 GPUs, 0 free", Reason(Of([Run("a")], Nodes())));

    [Fact]
    public void Solve_LargerThanAnyBin_GivesBothNumbers() =>
        Assert.Equal("not enough h100: needs 80000 GPUs, 8 free", Reason(Of([Run("a", workers: 10_000)], Nodes((8, 1)))));

    [Fact]
    public void Solve_GpusScattered_GivesBothNumbers() =>
        Assert.Equal("h100 too scattered: needs 4 GPUs on one node 3 times, 2 times free", Reason(Of([Run("a", workers: 3, gpusPerWorker: 4)], Nodes((7, 2), (3, 9)))));

    [Fact]
    public void Solve_WholeNodesMissing_GivesBothNumbers() =>
        Assert.Equal("whole nodes of h100: needs 8 free nodes, 5", Reason(Of([Run("a", workers: 8)], Nodes((8, 5), (7, 10)))));

    [Fact]
    public void Solve_Outbid_SaysByWhomAndByHowMuch()
    {
        // Tiers weigh 3 and 9: (9 − 3) × 8 GPUs × 23 h 58 min.
        var plan = Solve(Of([Run("a", tier: 1), Run("b", tier: 2)], Nodes((8, 1))));
        Assert.Equal("outbid by run-b for h100, by 1150.4 weighted GPU-hours", Assert.Single(Assert.Single(plan.Unplaced).PerMember).Reason);
        Assert.Equal(0, plan.Gap);
    }

    [Fact]
    public void Solve_OutbidForIngest_NamesTheOther()
    {
        var plan = Solve(Of([Run("a", bytes: 600 * Gigabyte), Run("b", tier: 2, bytes: 700 * Gigabyte), Run("c", tier: 3)], Nodes((8, 3))));
        Assert.Equal(["b", "c"], plan.Moves.Select(move => move.RunUid));
        Assert.Equal("ingest: needs 600 GB brought into west, which takes 300 GB more for now; outbid by run-b", Assert.Single(Assert.Single(plan.Unplaced).PerMember).Reason);
    }

    [Fact]
    public void Solve_IngestIsShortAndInOddBytes_IsProven()
    {
        // A window of 1 PB for 300 restores of some 1.8 PB together; the GPUs would do for all.
        var runs = Enumerable.Range(0, 300).Select(run => Run($"u{run:000}", tier: run % 4, workers: 1 + (run % 5), bytes: (2_000 * Gigabyte) + (run * 27_494_927_311L) + 1));
        var plan = Solve(Of([.. runs], Nodes((8, 500)), Nodes((8, 500))) with { Regions = [new PlacementRegion("west", 1_000_000 * Gigabyte)] });
        Assert.NotEmpty(plan.Unplaced);
        Assert.InRange(plan.Gap!.Value, 0, 0.001);
    }

    [Fact]
    public void Solve_GroupHasWhatItMayHave_SaysSo()
    {
        var problem = Of([Run("a") with { Group = "twins" }, Run("b", tier: 2) with { Group = "twins" }], Nodes((8, 3))) with { Groups = [new("twins", 12)] };
        Assert.Equal("spread: needs 8 GPUs, its group twins may have 4 more in west", Reason(problem));
    }

    [Fact]
    public void Solve_GroupHeldByOthers_CountsThem()
    {
        var problem = Of([Run("a") with { Group = "twins" }], Nodes((8, 3))) with { Groups = [new("twins", 12) { Held = ImmutableDictionary<string, long>.Empty.Add("west", 5) }] };
        Assert.Equal("spread: needs 8 GPUs, its group twins may have 7 more in west", Reason(problem));
    }

    [Fact]
    public void Solve_WorthMoreThanWhoIsThere_PreemptsTheCheapestForIt()
    {
        var problem = Of([Home("cheap", tier: 0), Home("dear", tier: 2), Run("new", tier: 3)], Nodes());
        var plan = Solve(problem);
        Assert.Equal("m0", Assert.Single(plan.Moves).Target.Member);
        Assert.Equal(new("cheap", problem.Runs[0].Home!, plan.Preempted[0].Loss, plan.Preempted[0].For), Assert.Single(plan.Preempted));
        Assert.Equal(["new"], plan.Preempted[0].For);
        Assert.Equal("dear", Assert.Single(plan.Stays).RunUid);
    }

    [Fact]
    public void Solve_WorthLessThanWhoIsThere_WaitsAndSaysWhoIsInTheWay()
    {
        var plan = Solve(Of([Home("old", tier: 2), Run("new", tier: 1)], Nodes()));
        Assert.Empty(plan.Preempted);
        Assert.StartsWith("outbid by run-old for h100, by ", Assert.Single(Assert.Single(plan.Unplaced).PerMember).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Solve_TooLargeAlsoByPreemption_SaysThatThatWasCounted() =>
        Assert.Equal("not enough h100: needs 24 GPUs, 16 free or to be had by preemption", Reason(Of([Home("old", tier: 0), Run("new", workers: 3, tier: 3)], Nodes((8, 1)))));

    [Fact]
    public void Solve_MuchAtStake_LeavesARunThatIsWorthALittleLessWhereItIs()
    {
        Assert.Single(Solve(Of([Home("old", tier: 1), Run("new", workers: 1, tier: 1, bytes: 0) with { Skus = [new("h100", 1_100)] }], Nodes())).Preempted);
        Assert.Empty(Solve(Of([Home("old", tier: 1, atStake: TimeSpan.FromHours(6)), Run("new", tier: 1) with { Skus = [new("h100", 1_100)] }], Nodes())).Preempted);
    }

    [Fact]
    public void Solve_GangsLessThanANode_GetOnlyWhatAPreemptedOneSurelyGivesBack()
    {
        // Two workers of 4 GPUs may sit on two nodes: no whole node is free for certain once they are gone.
        var old = Home("old", tier: 0, workers: 2, gpusPerWorker: 4);
        Assert.Empty(Solve(Of([old, Run("new", tier: 3)], Nodes())).Moves);
        Assert.Single(Solve(Of([old, Run("new", workers: 2, gpusPerWorker: 4, tier: 3)], Nodes())).Moves);
    }

    [Fact]
    public void Solve_TwoShareWhatOneGivesUp_BothAreNamed()
    {
        var plan = Solve(Of([Home("old", tier: 0, workers: 2), Run("x", tier: 3), Run("y", tier: 2)], Nodes()));
        Assert.Equal(["x", "y"], Assert.Single(plan.Preempted).For);
    }

    [Fact]
    public void Solve_MayMigrate_MakesRoomBesidesItself()
    {
        // `old` fits into m1 as well; `new` only into m0.
        var old = Home("old", tier: 2) with { MayMigrate = true };
        var plan = Solve(Of([old, Run("new", tier: 2) with { Excluded = [new("m1", "no")] }], Nodes(), Nodes((8, 1))));
        Assert.Equal([("new", "m0"), ("old", "m1")], plan.Moves.Select(move => (move.RunUid, move.Target.Member)));
        Assert.Empty(plan.Preempted);
    }

    [Fact]
    public void Solve_StrictTiers_GiveUpNobodyAboveForManyBelow()
    {
        ImmutableArray<PlacementRun> small = [.. Enumerable.Range(0, 8).Select(index => Run($"s{index}", tier: 1))];
        var problem = Of([Run("top", tier: 2), .. small], Nodes((8, 8))) with { };
        var outweighed = problem with { Runs = problem.Runs.SetItem(0, problem.Runs[0] with { Workers = 8, Skus = [new("h100", 200)] }) };
        Assert.DoesNotContain("top", Solve(outweighed).Moves.Select(move => move.RunUid));
        Assert.Contains("top", Solve(outweighed, Policy with { StrictTiers = true }).Moves.Select(move => move.RunUid));
    }

    [Fact]
    public void Solve_Placed_SaysWhatThePlaceCostsAndWhatWouldBeNextBest()
    {
        var run = Run("a", tier: 0) with { Sites = [Site("west", 360 * Gigabyte, Gigabyte / 10)] };
        var plan = Solve(Of([run], Nodes((8, 1)), Nodes((8, 1))));
        var move = Assert.Single(plan.Moves);
        // 3,600 s of staging and 120 s of start-up, of 8 GPUs; 360 GB at 2 cents.
        Assert.Equal(new PlaceCost(TimeSpan.FromHours(1), 7_200_000, 8.267), move.Cost);
        Assert.Equal(new RunnerUp(move.Target.Member == "m0" ? "m1" : "m0", "h100", 0), move.RunnerUp);
    }

    [Fact]
    public void Solve_RunnerUpIsTaken_ItsLossCountsWhoWouldHaveToMakeRoom()
    {
        // `a` would have to put out `b`, which has nowhere else.
        var problem = Of([Run("a", tier: 2), Run("b", tier: 1) with { Excluded = [new("m0", "no")] }], Nodes((8, 1)), Nodes((8, 1)));
        var plan = Solve(problem);
        var b = plan.Moves.Single(move => move.RunUid == "b");
        Assert.Equal(new RunnerUp("m1", "h100", b.Value), plan.Moves.Single(move => move.RunUid == "a").RunnerUp);
        Assert.Null(b.RunnerUp);
    }

    [Fact]
    public void Solve_ValuesBeyondTheSolvers_AreScaledAndStayProven()
    {
        var rich = Policy with { Horizon = TimeSpan.FromDays(30), TierWeights = [1, 1, 1, 1_000] };
        var huge = Run("a", workers: 10_000, tier: 3) with { Skus = [new("h100", 100_000)] };
        var problem = Of([huge, huge with { Uid = "b", Workers = 9_999 }, Run("c", tier: 0)], Nodes((8, 10_000)));
        var plan = Solve(problem, rich);
        Assert.Empty(PlanChecker.Check(problem, plan));
        Assert.True(plan.Value > GangProblemBuilder.ValueMax);
        Assert.InRange(plan.Gap!.Value, 0, 1e-6);
    }

    [Fact]
    public void Solve_MoreIngestThanTheSolverCounts_CountsAsWhatItCounts()
    {
        var problem = Of([Run("a", bytes: Transfer.BytesMax)], Nodes((8, 1))) with { Regions = [new("west", long.MaxValue)] };
        Assert.Single(Solve(problem).Moves);
    }

    [Fact]
    public void Solve_PartOutOfRange_IsRefusedByName() =>
        Assert.Contains("workers are 1 to 10000", Assert.Throws<ArgumentException>("problem", () => Solve(Of([Run("a", workers: 0)], Nodes((8, 1))))).Message, StringComparison.Ordinal);

    [Fact]
    public void Solve_DeadlineOfZero_IsStillAPlan()
    {
        ImmutableArray<PlacementRun> runs = [.. Enumerable.Range(0, 300).Select(index => Run($"u{index:000}", 1 + (index % 7), 1 << (index % 4), index % 4))];
        var problem = Of(runs, [.. Enumerable.Range(0, 10).Select(index => Nodes((8, 10 + index), (7, index)))]);
        var plan = SolverPlacer.Solve(problem, Policy, new Spent()).Plan;
        Assert.Empty(PlanChecker.Check(problem, plan));
        Assert.NotEmpty(plan.Moves);
    }

    [Fact]
    public void Solve_PricesOfAnotherFleet_AreTakenByName()
    {
        var problem = Of([Run("a", tier: 1), Run("b", tier: 2)], Nodes((8, 1)));
        var before = SolverPlacer.Solve(problem, Policy, new WorkBudget(1_000_000));
        var grown = problem with
        {
            Members = problem.Members.Insert(0, new("k9", "west")),
            Bins = problem.Bins.Insert(0, new("k9", "h100", Nodes((8, 1)))),
        };
        var after = SolverPlacer.Solve(grown, Policy, new WorkBudget(1_000_000), before.Prices);
        Assert.Equal((1, 2, 2), (before.Prices.Bins, after.Prices.Bins, after.Plan.Moves.Length));
        // A fleet that has nothing in common with the prices starts without.
        var other = problem with { Members = [new("x", "west")], Bins = [new("x", "h100", Nodes((8, 1)))] };
        Assert.Equal(Text(Solve(other)), Text(SolverPlacer.Solve(other, Policy, new WorkBudget(200_000), before.Prices).Plan));
    }

    private static PlacementRun Home(string uid, int tier, int workers = 1, int gpusPerWorker = 8, TimeSpan atStake = default) =>
        Run(uid, workers, gpusPerWorker, tier) with { Home = new PlacementHome("m0", "h100", atStake) };

    private static PlacementPlan Solve(PlacementProblem problem, PlacementPolicy? policy = null) => SolverPlacer.Solve(problem, policy ?? Policy, new WorkBudget(200_000)).Plan;

    private static string Reason(PlacementProblem problem)
    {
        var plan = Solve(problem);
        Assert.Empty(PlanChecker.Check(problem, plan));
        return Assert.Single(Assert.Single(plan.Unplaced).PerMember).Reason;
    }

    private sealed class Spent : ISolveBudget
    {
        double ISolveBudget.Spent(long work) => 1;
    }
}
