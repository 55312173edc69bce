using System.Collections.Immutable;
using Failover.Domain.Checkpoints;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Placement;
using Failover.Domain.Planning;
using static Failover.Domain.Tests.Planning.Worlds;

namespace Failover.Domain.Tests.Planning;

public sealed class PlannerPassTests
{
    private static readonly PlanningPolicy Policy = new();

    [Fact]
    public void Place_Submitted_GetsItsFirstPlace()
    {
        var placed = Placed(Run("a"), Member("e1"));
        Assert.Equal(new RunEvent.Placed(Now, 0, 0, MoveCause.Initial, Target("e1"), Now.AddDays(-1)), placed with { Note = null });
    }

    [Fact]
    public void Place_Displaced_MovesToWhereItsCheckpointIs()
    {
        var run = Run("a").On("e1").WaitingFor(WaitReason.Displaced).With(spec => spec with { Checkpoints = new("s-east", ["s-north"], 1_000) }) with
        {
            Moves = 3,
            Tips = [Tip("s-east", 9), Tip("s-north", 9)],
        };
        var placed = Placed(run, Member("e1", MemberVerdict.Lost), Member("w1"), Member("n1"));
        Assert.Equal(new RunEvent.Placed(Now, 1, 3, MoveCause.Failover, Target("n1"), Now.AddHours(-2)), placed with { Note = null });
    }

    [Fact]
    public void Place_WorkloadFailed_GoesBackToItsMember()
    {
        var run = Run("a").On("w2").WaitingFor(WaitReason.BackingOff);
        var placed = Placed(run, Member("w1"), Member("w2"));
        Assert.Equal(new RunEvent.Placed(Now, 1, 0, MoveCause.Restart, Target("w2"), Now.AddMinutes(-3)), placed with { Note = null });
    }

    [Fact]
    public void Place_WorkloadFailedOnADistrustedMember_GoesElsewhere()
    {
        var run = Run("a").On("w2").WaitingFor(WaitReason.BackingOff) with { Distrusted = [new("w2", Now.AddMinutes(1), 1, "did not come up")] };
        Assert.Equal("w1", Placed(run, Member("w1"), Member("w2")).Target.Member);
        Assert.Equal("w2", Placed(run with { Distrusted = [new("w2", Now, 1, "did not come up")] }, Member("w1"), Member("w2")).Target.Member);
    }

    [Fact]
    public void Place_BrakeHolds_SaysSoOnce()
    {
        var run = Run("a").On("e1").WaitingFor(WaitReason.Displaced);
        var input = Input([run], Member("e1", MemberVerdict.Lost), Member("w1"));
        ImmutableArray<PermitAnswer> no = [new("a", 1, false, "too much")];
        var held = Assert.Single(PlannerPass.Place(input, no, Policy).Events);
        Assert.Equal(new AddressedEvent("a", new RunEvent.BrakeHeld(Now, 1, "too much")), held);

        var waits = RunMachine.Next(run, held.Event, new RunPolicy()).State;
        Assert.Equal(WaitReason.BrakeHeld, waits.Waiting!.Reason);
        Assert.Empty(PlannerPass.Place(input with { Runs = [waits] }, no, Policy).Events);
        Assert.Single(PlannerPass.Place(input with { Runs = [waits] }, [new("a", 1, false, "still too much")], Policy).Events);
    }

    [Fact]
    public void Place_NotAsked_StaysAsItIs()
    {
        var input = Input([Run("a").On("e1").WaitingFor(WaitReason.Displaced)], Member("e1", MemberVerdict.Lost), Member("w1"));
        Assert.Empty(PlannerPass.Place(input, [], Policy).Events);
        Assert.Empty(PlannerPass.Place(input, [new("a", 2, true, "")], Policy).Events);
    }

    [Fact]
    public void Place_MemberThatRefusedADryRun_IsNoCandidateForThatRunAndSaysWhy()
    {
        var refused = new PreflightFinding("a", "e1", "pods \"p\" is forbidden: no PriorityClass with name frontier was found", Worlds.Now);
        var one = Input([Worlds.Run("a"), Worlds.Run("b")], Worlds.Member("e1")) with { Preflights = [refused] };
        var two = Input([Worlds.Run("a")], Worlds.Member("e1"), Worlds.Member("w1")) with { Preflights = [refused] };

        var events = PlannerPass.Place(one, [], Policy).Events;
        var waits = Assert.IsType<RunEvent.NotPlaced>(events.Single(addressed => addressed.RunUid == "a").Event);
        Assert.Contains("no PriorityClass with name frontier", waits.PerMember.Single(reason => reason.Member == "e1").Reason, StringComparison.Ordinal);
        Assert.IsType<RunEvent.Placed>(events.Single(addressed => addressed.RunUid == "b").Event);
        Assert.Equal("w1", Assert.IsType<RunEvent.Placed>(Assert.Single(PlannerPass.Place(two, [], Policy).Events).Event).Target.Member);
    }

    [Fact]
    public void Place_NoFit_SaysWhyOnceAndAgainWhenThatChanges()
    {
        var run = Run("a", workers: 8);
        var input = Input([run], Member("e1"));
        var told = Assert.Single(PlannerPass.Place(input, [], Policy).Events);
        var waits = RunMachine.Next(run, told.Event, new RunPolicy()).State;
        Assert.Equal(WaitReason.NoFit, waits.Waiting!.Reason);
        Assert.Contains(new MemberReason("e1", "not enough h100: needs 64 GPUs, 32 free"), waits.Waiting.PerMember);
        Assert.Empty(PlannerPass.Place(input with { Runs = [waits] }, [], Policy).Events);
        Assert.Single(PlannerPass.Place(input with { Runs = [waits], Members = [Member("e1", nodes: 5)] }, [], Policy).Events);
    }

    [Theory]
    // nodes on each member → whether the run, which needs eight, can ever be placed
    [InlineData(4, true)]
    [InlineData(8, false)]
    public void Place_TooLargeForEveryMember_IsToldApartFromNoRoomNow(int nodes, bool never)
    {
        var run = Run("a", workers: 8);
        // All full, and one cordoned: neither is why.
        var members = World.Members.Select(member => Member(member.Name) with
        {
            Cordoned = member.Name == "e1",
            Capacity = new CapacitySnapshot(1, [new PoolSnapshot("h100", nodes * 8, [nodes]) { NodesByGpus = [0, 0, 0, 0, 0, 0, 0, 0, nodes] }], []),
        });

        var told = Assert.Single(PlannerPass.Place(Input([run], [.. members]), [], Policy).Events);

        Assert.Equal(never, RunMachine.Next(run, told.Event, new RunPolicy()).State.Waiting!.Never);
    }

    [Fact]
    public void Place_MemberStopped_WaitsForIt()
    {
        var stopped = Member("e1", MemberVerdict.Stopped);
        var run = Run("a").On("e1").WaitingFor(WaitReason.BackingOff);
        var told = Assert.Single(PlannerPass.Place(Input([run], stopped, Member("w1")), [], Policy).Events);
        Assert.Equal(
            [new MemberReason("e1", "stopped by its owner: the run waits for it")], Assert.IsType<RunEvent.NotPlaced>(told.Event).PerMember);
        Assert.Empty(PlannerPass.Place(Input([run.WaitingFor(WaitReason.MemberStopped)], stopped, Member("w1")), [], Policy).Events);
        Assert.Empty(PlannerPass.Place(Input([RunMachine.Next(run, told.Event, new()).State], stopped, Member("w1")), [], Policy).Events);
    }

    public static TheoryData<string, string> Members => new()
    {
        { "suspect", "It is Suspect, not Healthy." },
        { "lost", "region west is Lost: All of its members that could tell are lost." },
        { "degraded", "It is Degraded, not Healthy." },
        { "cordoned", "It is cordoned." },
        { "unclean", "stale epochs may still be there" },
        { "unseen", "Its GPUs have not been listed yet." },
        { "stale", "its GPUs are no longer known." },
    };

    [Theory]
    [MemberData(nameof(Members))]
    public void Place_MemberNoTarget_SaysWhy(string kind, string reason)
    {
        var member = kind switch
        {
            "suspect" => Member("w1", MemberVerdict.Suspect),
            "lost" => Member("w1", MemberVerdict.Lost),
            "degraded" => Member("w1", MemberVerdict.Degraded),
            "cordoned" => Member("w1") with { Cordoned = true },
            "unclean" => Member("w1") with { Clean = false },
            "unseen" => Member("w1") with { Capacity = null },
            _ => Member("w1") with { CapacityStale = true },
        };
        Assert.Contains(reason, ReasonAt("w1", Run("a"), member), StringComparison.Ordinal);
    }

    [Fact]
    public void Place_MemberWithoutRow_SaysSo() => Assert.Equal("nothing was seen of it yet", ReasonAt("n1", Run("a", workers: 99), Member("w1")));

    [Fact]
    public void Place_MemberNotInTheFleet_IsNoTarget() => Assert.Empty(PlannerPass.Place(Input([Run("a")], Member("x9")), [], Policy).Plan.Moves);

    [Fact]
    public void Place_RegionWithoutStore_SaysSo() =>
        Assert.Equal(
            "region west has no checkpoint store",
            Reason("w1", Input([Run("a")], Member("w1")) with { Fleet = World with { Stores = [Store("east")] } }));

    [Fact]
    public void Place_RegionNotAllowed_SaysSo() =>
        Assert.Equal("region west is not allowed", ReasonAt("w1", Run("a").With(spec => spec with { Regions = ["north"] }), Member("w1")));

    [Fact]
    public void Place_Distrusted_SaysUntilWhenAndWhy() =>
        Assert.Equal(
            "distrusted until 2026-01-01 12:05:00Z: did not come up",
            ReasonAt("w1", Run("a") with { Distrusted = [new("w1", Now.AddMinutes(5), 2, "did not come up")] }, Member("w1")));

    [Fact]
    public void Place_SkuNotInTheFleetFile_SaysSo() =>
        Assert.Equal("none of its GPU types is in the fleet file", ReasonAt("w1", Run("a").With(spec => spec with { Skus = ["b300"] }), Member("w1")));

    [Fact]
    public void Place_PlannedAMomentAgo_HoldsItsGpusAlready()
    {
        // The ledger does not know of `a` yet, nor that `b`'s earlier promise is replaced by a smaller one.
        var member = Member("w1") with { Reservations = [new GpuReservation("b", 1, "x", "h100", 4, 8, Now)] };
        var input = Input([Run("a", RunStep.Planned, workers: 2).MovingTo("w1"), Run("b", RunStep.Running).On("w1"), Run("c", workers: 2)], member);
        Assert.Equal("not enough h100: needs 16 GPUs, 8 free", Reason("w1", input));
    }

    [Fact]
    public void Place_BoundPods_AreNotCountedTwice()
    {
        var member = Member("w1", nodes: 2);
        member = member with { Capacity = member.Capacity! with { Workloads = [new WorkloadUse("a", 1, "h100", 16)] } };
        Assert.Single(PlannerPass.Place(Input([Run("a", RunStep.Running, workers: 2).On("w1"), Run("c", workers: 2)], member), [], Policy).Plan.Moves);
    }

    [Fact]
    public void Place_StaleReservation_CountsUntilItIsReleased()
    {
        var member = Member("w1") with { Reservations = [new GpuReservation("z", 1, "x", "h100", 3, 8, Now)] };
        Assert.Equal("not enough h100: needs 16 GPUs, 8 free", ReasonAt("w1", Run("a", workers: 2), member));
    }

    [Fact]
    public void Place_RestoreStorm_LetsInWhatTheRegionTakes()
    {
        // 1 GB/s for 30 minutes takes 1,800 GB: one of 1,000 GB is on its way, and one more does not go.
        var fleet = World with { Regions = [new("east"), new("north"), new("west", 1_000)] };
        var big = Run("a").On("e1").With(spec => spec with { Checkpoints = new("s-east", [], 1_000) });
        var coming = big with { Uid = "b", Step = RunStep.Staging, Waiting = null };
        var input = Input([big.WaitingFor(WaitReason.Displaced), coming.MovingTo("w2")], Member("e1", MemberVerdict.Lost), Member("w1"), Member("w2")) with { Fleet = fleet };
        Assert.Equal("ingest: needs 1000 GB brought into west, which takes 800 GB more for now", Reason("w1", input));
    }

    [Fact]
    public void Place_MoreThanAWindowTakes_GoesWhenNothingElseDoes()
    {
        var fleet = World with { Regions = [new("east"), new("north"), new("west", 1)] };
        var run = Run("a").On("e1").WaitingFor(WaitReason.Displaced).With(spec => spec with { Checkpoints = new("s-east", [], 1_000) });
        var input = Input([run], Member("e1", MemberVerdict.Lost), Member("w1")) with { Fleet = fleet };
        Assert.Single(PlannerPass.Place(input, Granted(input, Policy), Policy).Plan.Moves);
    }

    [Fact]
    public void Place_Datasets_PullARunToThem()
    {
        var run = Run("a").With(spec => spec with
        {
            Datasets = [new("near", 5_000, ["north"]), new("anywhere", 5_000, []), new("far", 100, ["east", "west"])],
        });
        Assert.Equal("n1", Placed(run, Member("w1"), Member("n1")).Target.Member);
    }

    [Fact]
    public void Place_NumbersThatMeanNothing_AreRefusedByName()
    {
        var input = Input([Run("a").On("e1").WaitingFor(WaitReason.BackingOff)], Member("e1"), Member("w1"));
        var fleet = World;
        AssertRefused("restore bandwidth of region west", input with { Fleet = fleet with { Regions = [fleet.Regions[0], fleet.Regions[1], new("west", double.NaN)] } });
        AssertRefused("bandwidth from east to west", input with { Fleet = fleet with { Links = [new("east", "west", double.NaN, 0)] } });
        AssertRefused("bandwidth from east to west", input with { Fleet = fleet with { Links = [new("east", "west", 0, 0)] } });
        AssertRefused("egress price from east to west", input with { Fleet = fleet with { Links = [new("east", "west", 1, -1)] } });
        AssertRefused("throughput of h100", input with { Fleet = fleet with { Skus = [new("h100", double.PositiveInfinity, "", "")] } });
        AssertRefused("run a: size of its checkpoint", input with { Runs = [input.Runs[0].With(spec => spec with { Checkpoints = new("s-east", [], -1) })] });
        AssertRefused("run a: size of data set d", input with { Runs = [input.Runs[0].With(spec => spec with { Datasets = [new("d", double.NaN, [])] })] });
        AssertRefused("run a: workers", input with { Runs = [input.Runs[0].With(spec => spec with { Gang = new(0, 8) })] });
    }

    [Fact]
    public void Place_NothingAtAll_GivesAnEmptyPlan()
    {
        var output = PlannerPass.Place(Input([]), [], Policy);
        Assert.Empty(output.Events);
        Assert.Equal((1L, 0L), (output.Plan.SnapshotVersion, output.Plan.Value));
    }

    [Fact]
    public void Sound_FaultyPlan_IsABug()
    {
        var problem = new PlacementProblem { SnapshotVersion = 1, Members = [], Regions = [], Bins = [], Runs = [] };
        var thrown = Assert.Throws<InvalidOperationException>(() => PlannerPass.Sound(problem, new PlacementPlan(2, [], [], 0)));
        Assert.Contains("snapshot 2", thrown.Message, StringComparison.Ordinal);
    }

    private static void AssertRefused(string what, PlannerInput input) =>
        Assert.Contains(what, Assert.Throws<ArgumentException>(() => PlannerPass.Place(input, [], Policy)).Message, StringComparison.Ordinal);

    private static RunEvent.Placed Placed(RunState run, params MemberState[] members)
    {
        var input = Input([run], [.. members]);
        return Assert.IsType<RunEvent.Placed>(Assert.Single(PlannerPass.Place(input, Granted(input, Policy), Policy).Events).Event);
    }

    private static string ReasonAt(string member, RunState run, MemberState state) => Reason(member, Input([run], state));

    private static string Reason(string member, PlannerInput input)
    {
        var told = Assert.Single(PlannerPass.Place(input, Granted(input, Policy), Policy).Events);
        return Assert.IsType<RunEvent.NotPlaced>(told.Event).PerMember.Single(reason => reason.Member == member).Reason;
    }

    private static StoreTip Tip(string store, int commit) => new(store, new CommitRef(1, commit), commit * 100, Now);
}
