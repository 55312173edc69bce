using System.Collections.Immutable;
using CsCheck;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using static Failover.Domain.Tests.Planning.Worlds;

namespace Failover.Domain.Tests.Planning;

public sealed class HeadroomTests
{
    private static readonly PlanningPolicy Half = new() { HeadroomShare = 0.5 };
    private static readonly PlanningPolicy Region = new() { HeadroomRegions = 1 };

    [Fact]
    public void Share_NewWork_LeavesItFreeAndSaysSo() =>
        Assert.Equal(
            "headroom: 50% of its h100 (16 GPUs) are kept for the next failure: needs 24, 16 of 32 free ones may be given to new work",
            Reason(Input([Run("a", workers: 3)], Member("w1")), "a", Half));

    [Fact]
    public void Share_AFailureDisplacedIt_MayHaveItAll() => Assert.Single(Places(Input([Displaced("a", 4)], Lost, Member("w1")), Half));

    [Fact]
    public void Share_FailedWorkload_ReturnsToItsPlace() =>
        Assert.Single(Places(Input([Run("a", workers: 4).On("w1").WaitingFor(WaitReason.BackingOff)], Member("w1")), Half));

    [Fact]
    public void Share_RunThatWasPreempted_IsNewWork()
    {
        var preempted = Run("a", workers: 3).On("w1").WaitingFor(WaitReason.Preempted);
        preempted = preempted with { Epoch = preempted.Epoch! with { GivenUp = GivenUp.Preempted, Ended = true } };

        Assert.StartsWith("headroom: ", Reason(Input([preempted], Member("w1")), "a", Half), StringComparison.Ordinal);
        Assert.Single(Places(Input([preempted], Member("w1")), new PlanningPolicy()));
    }

    [Fact]
    public void Share_DisplacedFirst_NewWorkGetsWhatThatLeaves()
    {
        var input = Input([Run("a", workers: 1, tier: 3), Displaced("b", 2), Run("c", workers: 1)], Lost, Member("w1"));

        Assert.Equal(["b"], Places(input, Half).Select(place => place.RunUid));
        Assert.Equal(["a", "b", "c"], Places(input, new PlanningPolicy()).Select(place => place.RunUid));
        Assert.StartsWith("headroom: ", Reason(input, "a", Half), StringComparison.Ordinal);
    }

    [Fact]
    public void Share_NoRoomAnyway_IsNotBlamedOnIt() => Assert.Equal("not enough h100: needs 40 GPUs, 16 free", Reason(Input([Run("a", workers: 5)], Member("w1")), "a", Half));

    [Fact]
    public void Regions_NewWork_IsLetInAsFarAsALossLeavesRoom()
    {
        // East runs 16 and has 16 free, west has 32: without the east 32 are free for 16, without the west 16 for none. Sixteen may be given.
        var input = Input([Run("r", RunStep.Running, workers: 2).On("e1"), Run("a", workers: 2, tier: 2), Run("b", workers: 1)], Used("e1", free: 2, "r", 16), Member("w1"));

        Assert.Equal("a", Assert.Single(Places(input, Region)).RunUid);
        Assert.Equal(
            "headroom: needs 8 h100 GPUs, 0 may be given to new work, so that what east runs finds room elsewhere if it is lost", Reason(input, "b", Region));
    }

    [Fact]
    public void Regions_SameTier_TheLongestWaitingIsLetIn()
    {
        var young = Run("a", workers: 2) with { SubmittedAt = Now.AddHours(-1) };
        var input = Input([Run("r", RunStep.Running, workers: 2).On("e1"), young, Run("b", workers: 2)], Used("e1", free: 2, "r", 16), Member("w1"));

        Assert.Equal("b", Assert.Single(Places(input, Region)).RunUid);
    }

    [Fact]
    public void Regions_FreeGpusThatNobodyMayHave_DoNotCount()
    {
        var input = Input([Run("a")], Member("e1") with { Cordoned = true }, Member("w1"));

        Assert.Contains("so that what ", Reason(input, "a", Region), StringComparison.Ordinal);
    }

    [Fact]
    public void Regions_AnyWorld_ALossOfOneLeavesRoomForWhatRunsThere() =>
        (from free in Gen.Int[0, 6].Array[3]
         from used in Gen.Int[0, 6].Array[3]
         from wants in Gen.Int[1, 4].Array[0, 6]
         select (free, used, wants)).Sample(
            world =>
            {
                string[] names = ["e1", "n1", "w1"];
                var runs = names.Index().Where(name => world.used[name.Index] > 0).Select(name => Run($"r{name.Item}", RunStep.Running, workers: world.used[name.Index]).On(name.Item));
                var members = names.Index().Select(name => Used(name.Item, world.free[name.Index], $"r{name.Item}", world.used[name.Index] * 8));
                var input = Input([.. runs, .. world.wants.Index().Select(want => Run($"u{want.Index}", workers: want.Item))], [.. members]);
                var given = Places(input, Region).GroupBy(place => place.Target.Region).ToDictionary(region => region.Key, region => region.Sum(place => input.Runs.Single(run => run.Uid == place.RunUid).Spec.Gang.Workers));
                if (given.Count == 0)
                    return;
                foreach (var lost in names.Index())
                {
                    var elsewhere = names.Index().Where(name => name.Index != lost.Index).Sum(name => world.free[name.Index] - given.GetValueOrDefault(RegionOf(name.Item)));
                    Assert.True(elsewhere >= world.used[lost.Index] + given.GetValueOrDefault(RegionOf(lost.Item)));
                }
            },
            iter: 2_000);

    private static MemberState Lost => Member("e1", MemberVerdict.Lost);

    private static RunState Displaced(string uid, int workers) => Run(uid, workers: workers).On("e1").WaitingFor(WaitReason.Displaced);

    private static MemberState Used(string name, int free, string by, int gpus) => Member(name) with
    {
        Capacity = new CapacitySnapshot(1, [new PoolSnapshot("h100", (free * 8) + gpus, [0, 0, 0, 0, 0, 0, 0, 0, free])], gpus == 0 ? [] : [new WorkloadUse(by, 1, "h100", gpus)]),
    };

    private static ImmutableArray<Failover.Domain.Placement.PlannedMove> Places(PlannerInput input, PlanningPolicy policy) =>
        PlannerPass.Place(input, Granted(input, policy), policy).Plan.Moves;

    private static string Reason(PlannerInput input, string uid, PlanningPolicy policy)
    {
        var told = PlannerPass.Place(input, Granted(input, policy), policy).Events.Single(one => one.RunUid == uid);
        return Assert.IsType<RunEvent.NotPlaced>(told.Event).PerMember.Single(reason => reason.Member == "w1").Reason;
    }
}
