using System.Collections.Immutable;
using Failover.Domain.Placement;
using static Failover.Domain.Tests.Placement.Problems;

namespace Failover.Domain.Tests.Placement;

public sealed class PlacerTests
{
    private static readonly PlacementPolicy Policy = new();

    [Fact]
    public void Place_NothingToPlace_GivesAnEmptyPlanOfTheSnapshot() =>
        Assert.Equal("value 0", Text(Placer.Place(Of([], Nodes((8, 1))), Policy)));

    [Fact]
    public void Place_NoMembers_LeavesAllOutWithoutReasons()
    {
        var plan = Placer.Place(Of([Run("a")]), Policy);
        Assert.Empty(plan.Moves);
        Assert.Empty(Assert.Single(plan.Unplaced).PerMember);
        Assert.Equal(7, plan.SnapshotVersion);
    }

    [Fact]
    public void Place_MemberWithoutPool_SaysThatNoGpusWereSeen() =>
        Assert.Equal("no h100 there: no GPUs seen", Reason(Of([Run("a")], Nodes((8, 1))) with { Bins = [] }));

    [Fact]
    public void Place_OtherSku_NamesWhatIsThere()
    {
        var problem = Of([Run("a") with { Skus = [new("h100", 1_000), new("h200", 1_400)] }], Nodes((8, 1)));
        Assert.Equal("no h100 or h200 there, only a100", Reason(problem with { Bins = [problem.Bins[0] with { Sku = "a100" }] }));
    }

    [Fact]
    public void Place_NoSkuKnown_SaysSo() =>
        Assert.Equal("none of its GPU types is in the fleet file", Reason(Of([Run("a") with { Skus = [] }], Nodes((8, 1)))));

    [Fact]
    public void Place_TooFewGpus_GivesBothNumbers() =>
        Assert.Equal("not enough h100: needs 64 GPUs, 40 free", Reason(Of([Run("a", workers: 8)], Nodes((8, 5)))));

    [Fact]
    public void Place_WholeNodesMissing_GivesBothNumbers() =>
        Assert.Equal("whole nodes of h100: needs 8 free nodes, 5", Reason(Of([Run("a", workers: 8)], Nodes((8, 5), (7, 10)))));

    [Fact]
    public void Place_GpusScattered_GivesBothNumbers() =>
        Assert.Equal(
            "h100 too scattered: needs 4 GPUs on one node 3 times, 2 times free",
            Reason(Of([Run("a", workers: 3, gpusPerWorker: 4)], Nodes((7, 2), (3, 9)))));

    [Fact]
    public void Place_NotTarget_GivesTheMembersReason()
    {
        var problem = Of([Run("a")], Nodes((8, 1)));
        Assert.Equal("verdict Suspect", Reason(problem with { Members = [problem.Members[0] with { NotTarget = "verdict Suspect" }] }));
    }

    [Fact]
    public void Place_RegionNotAllowed_SaysSo() => Assert.Equal("region west is not allowed", Reason(Of([Run("a") with { Sites = [] }], Nodes((8, 1)))));

    [Fact]
    public void Place_RegionWithAReason_GivesIt()
    {
        var reasons = ImmutableDictionary<string, string>.Empty.Add("west", "region west has no checkpoint store");
        Assert.Equal("region west has no checkpoint store", Reason(Of([Run("a") with { Sites = [], RegionReasons = reasons }], Nodes((8, 1)))));
    }

    [Fact]
    public void Place_Excluded_GivesTheExclusionsReason() =>
        Assert.Equal("distrusted until noon", Reason(Of([Run("a") with { Excluded = [new("m0", "distrusted until noon")] }], Nodes((8, 1)))));

    [Fact]
    public void Place_MoreBytesThanTheRegionTakes_GivesBothNumbers()
    {
        var problem = Of([Run("a", bytes: 2_000 * Gigabyte)], Nodes((8, 1)));
        Assert.Equal("ingest: needs 2000 GB brought into west, which takes 1000 GB more for now", Reason(problem));
    }

    [Fact]
    public void Place_OutbidForGpus_NamesTheOther()
    {
        var plan = Placer.Place(Of([Run("a", tier: 1), Run("b", tier: 2)], Nodes((8, 1))), Policy);
        Assert.Equal("b", Assert.Single(plan.Moves).RunUid);
        Assert.Equal("outbid by run-b for h100", Assert.Single(Assert.Single(plan.Unplaced).PerMember).Reason);
    }

    [Fact]
    public void Place_OutbidForIngest_NamesTheOther()
    {
        var plan = Placer.Place(
            Of([Run("a", bytes: 600 * Gigabyte), Run("b", tier: 2, bytes: 700 * Gigabyte), Run("c", tier: 3)], Nodes((8, 3))), Policy);
        Assert.Equal(["b", "c"], plan.Moves.Select(move => move.RunUid));
        Assert.Equal(
            "ingest: needs 600 GB brought into west, which takes 300 GB more for now; outbid by run-b",
            Assert.Single(Assert.Single(plan.Unplaced).PerMember).Reason);
    }

    [Fact]
    public void Place_GroupHasWhatItMayHaveInTheRegion_SaysSo()
    {
        var problem = Of([Run("a") with { Group = "twins" }, Run("b", tier: 2) with { Group = "twins" }], Nodes((8, 3))) with { Groups = [new("twins", 12)] };
        Assert.Equal("spread: needs 8 GPUs, its group twins may have 4 more in west", Reason(problem));
        Assert.Equal("spread: needs 16 GPUs, its group twins may have 12 in any one region", Reason(problem with { Runs = [problem.Runs[0] with { Workers = 2 }] }));
    }

    [Fact]
    public void Place_TwoReasonsAtAMember_NamesTheRoomiestPool()
    {
        var problem = Of([Run("a", workers: 4) with { Skus = [new("h100", 1_000), new("a100", 400)] }], Nodes((8, 1)));
        Assert.Equal(
            "not enough a100: needs 32 GPUs, 24 free",
            Reason(problem with { Bins = problem.Bins.Add(new PlacementBin("m0", "a100", Nodes((8, 3)))) }));
    }

    [Fact]
    public void Place_OneBigOrManySmall_TakesWhatIsWorthMoreTogether()
    {
        // One of tier 1 on all eight nodes is worth less than seven of tier 2 on one node each.
        ImmutableArray<PlacementRun> small = [.. Enumerable.Range(0, 7).Select(index => Run($"s{index}", tier: 2))];
        var plan = Placer.Place(Of([Run("big", workers: 8), .. small], Nodes((8, 8))), Policy);
        Assert.Equal(7, plan.Moves.Length);
    }

    [Fact]
    public void Place_RunInTheWayOfAPickierOne_StepsAside()
    {
        // Both prefer m0 by name; only `b` must be there.
        var problem = Of([Run("a", tier: 2), Run("b") with { Excluded = [new("m1", "no")] }], Nodes((8, 1)), Nodes((8, 1)));
        var plan = Placer.Place(problem, Policy);
        Assert.Equal(["m1", "m0"], plan.Moves.Select(move => move.Target.Member));
    }

    [Fact]
    public void Place_TwoSmallInTheWayOfALargerOne_BothStepAside()
    {
        var problem = Of(
            [Run("a", tier: 3), Run("b", tier: 3), Run("c", workers: 2, tier: 1) with { Excluded = [new("m1", "no")] }], Nodes((8, 2)), Nodes((8, 2)));
        var plan = Placer.Place(problem, Policy);
        Assert.Equal(["m1", "m1", "m0"], plan.Moves.Select(move => move.Target.Member));
    }

    [Fact]
    public void Place_IngestInTheWay_TheOtherGoesElsewhere()
    {
        var problem = Of([Run("a", tier: 2, bytes: 800 * Gigabyte), Run("b", bytes: 800 * Gigabyte)], Nodes((8, 2)), Nodes((8, 1)));
        problem = problem with
        {
            Members = [problem.Members[0], problem.Members[1] with { Region = "east" }],
            Regions = [.. problem.Regions, new PlacementRegion("east", 2_000 * Gigabyte)],
            Runs = [problem.Runs[0] with { Sites = [Site("west", 800 * Gigabyte), Site("east", 800 * Gigabyte, bytesPerSecond: Gigabyte / 2)] }, problem.Runs[1]],
        };
        Assert.Equal(["m1", "m0"], Placer.Place(problem, Policy).Moves.Select(move => move.Target.Member));
    }

    [Fact]
    public void Place_PreferredMember_IsKeptUnlessAnotherGainsMore()
    {
        var stays = Run("a") with { PreferredMember = "m1" };
        Assert.Equal("m1", Assert.Single(Placer.Place(Of([stays], Nodes((8, 1)), Nodes((8, 1))), Policy).Moves).Target.Member);
        Assert.Equal("m0", Assert.Single(Placer.Place(Of([stays], Nodes((8, 1)), Nodes((7, 1))), Policy).Moves).Target.Member);
    }

    [Fact]
    public void Place_Target_CarriesRegionSkuStoreAndBytes()
    {
        var move = Assert.Single(Placer.Place(Of([Run("a", bytes: 5)], Nodes((8, 1))), Policy).Moves);
        Assert.Equal(new("m0", "west", "h100", "store-west"), move.Target);
        Assert.Equal(5, move.IngestBytes);
    }

    [Fact]
    public void Place_LargeFleet_IsSoundAndNearlyFull()
    {
        // A crowd: 3,000 runs on 40 members, demand well above supply.
        ImmutableArray<PlacementRun> runs = [.. Enumerable.Range(0, 3_000).Select(index => Run($"u{index:0000}", 1 + (index * 7 % 13), 1 << (index % 4), index % 4))];
        var problem = Of(runs, [.. Enumerable.Range(0, 40).Select(index => Nodes((8, 40 + index), (7, index)))]);
        var plan = Placer.Place(problem, Policy);
        Assert.Empty(PlanChecker.Check(problem, plan));
        var gpus = runs.ToDictionary(run => run.Uid, run => run.Gpus);
        var free = problem.Bins.Sum(bin => bin.NodesByFreeGpus.Index().Sum(nodes => nodes.Index * nodes.Item));
        Assert.True(plan.Moves.Sum(move => gpus[move.RunUid]) > free * 0.99);
    }

    private static string Reason(PlacementProblem problem)
    {
        var plan = Placer.Place(problem, Policy);
        Assert.Empty(PlanChecker.Check(problem, plan));
        return Assert.Single(Assert.Single(plan.Unplaced).PerMember).Reason;
    }
}
