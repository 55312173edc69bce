using System.Collections.Immutable;
using Failover.Domain.Checkpoints;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using Failover.Domain.Runs;
using static Failover.Domain.Tests.Planning.Worlds;

namespace Failover.Domain.Tests.Planning;

/// <summary>w1 has four nodes, all taken by a run of tier 0 with as many workers; a run of tier 3 with two has lost its place on e1.</summary>
public sealed class PreemptionTests
{
    private static readonly PlanningPolicy Policy = new();
    private static readonly MemberState Lost = Member("e1", MemberVerdict.Lost);

    [Fact]
    public void Staged_TheVictimIsGivenUpForIt()
    {
        var gaveUp = Assert.IsType<RunEvent.GaveUp>(Told(World(Comer(), Victim("v"))).Single(told => told.RunUid == "v").Event);

        Assert.Equal((1, GivenUp.Preempted, "b"), (gaveUp.Epoch, gaveUp.Why, Assert.Single(gaveUp.PreemptedFor)));
        Assert.Equal("Its place on w1 goes to run-b (tier 3); it is of tier 0, and comes back once there is room.", gaveUp.Detail);
    }

    [Fact]
    public void NotStaged_NobodyLeavesAndItsCheckpointIsBroughtAhead()
    {
        var told = Told(World(Comer(staged: false), Victim("v")));

        var waits = Assert.IsType<RunEvent.NotPlaced>(Assert.Single(told).Event);
        Assert.Equal("s-west", waits.StageAhead);
        Assert.EndsWith("; would preempt run-v (tier 0) once its checkpoint e1/4 is in s-west, where it is being brought", waits.PerMember.Single(reason => reason.Member == "w1").Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void NewestOnlyInTheLostRegion_WhatIsElsewhereIsEnough()
    {
        var comer = Comer(staged: false) with { Tips = [Tip("s-east", 9), Tip("s-west", 4)] };

        Assert.Contains(Told(World(comer, Victim("v"))), told => told.RunUid == "v");
    }

    [Fact]
    public void NeverCommitted_HasNothingToWaitFor() =>
        Assert.Contains(Told(World(Comer() with { Tips = [] }, Victim("v"))), told => told.RunUid == "v");

    public static TheoryData<string> Spared => ["same tier", "lately", "doubtful", "stalled", "broken", "verifying", "no step", "cordoned", "unwell", "worth more", "uncommitted"];

    [Theory]
    [MemberData(nameof(Spared))]
    public void VictimThatMayNotBeAsked_Stays(string why)
    {
        var (victim, home) = (Victim("v"), Member("w1", nodes: 0));
        (victim, home) = why switch
        {
            "same tier" => (victim.With(spec => spec with { Tier = 3 }), home),
            "lately" => (victim with { LastPreemptedAt = Now.AddMinutes(-59) }, home),
            "doubtful" => (victim with { Epoch = victim.Epoch! with { Progress = victim.Epoch.Progress! with { At = Now.AddSeconds(-16) } } }, home),
            "stalled" => (victim, home with { Stalled = [new RunEpoch("v", 1)] }),
            "broken" => (victim, home with { BrokenGangs = [new BrokenGang("v", 1, 1, Now)] }),
            "verifying" => (victim with { Step = RunStep.Verifying }, home),
            "no step" => (victim with { Epoch = victim.Epoch! with { Progress = null } }, home),
            "cordoned" => (victim, home with { Cordoned = true }),
            "unwell" => (victim, home with { Verdict = MemberVerdict.Degraded }),
            // Tier 2 counts 9, tier 3 counts 27: of as many GPUs it is never worth more, of four times as many it is.
            "worth more" => (victim.With(spec => spec with { Tier = 2, Gang = new GangSpec(8, 8) }), home),
            // Of tier 2 it would be asked, for a gain of a third; not with sixteen hours of work that no commit holds.
            _ => (victim.With(spec => spec with { Tier = 2 }) with { Epoch = victim.Epoch! with { Since = Now.AddHours(-16) }, Tips = [] }, home),
        };

        Assert.DoesNotContain(Told(World(Comer(), victim) with { Members = [Lost, home] }), told => told.RunUid == "v");
    }

    [Fact]
    public void OfTheTierBelowAndLatelyCommitted_ItIsAskedToLeave() =>
        Assert.Contains(Told(World(Comer(), Victim("v", tier: 2))), told => told.RunUid == "v");

    [Fact]
    public void SlowStepper_IsJudgedByItsOwnPace()
    {
        var victim = Victim("v");
        victim = victim with { Epoch = victim.Epoch! with { Progress = victim.Epoch.Progress! with { At = Now.AddSeconds(-100) } } };
        var home = Member("w1", nodes: 0) with { Paces = [new RunPace("v", 1, 0, TimeSpan.FromSeconds(60))] };

        Assert.Contains(Told(World(Comer(), victim) with { Members = [Lost, home] }), told => told.RunUid == "v");
    }

    [Fact]
    public void TooSmallAGain_IsSaidAndNothingIsStaged()
    {
        var told = Told(World(Comer(staged: false), Victim("v")), Policy with { PreemptGain = 0.99 });

        var waits = Assert.IsType<RunEvent.NotPlaced>(Assert.Single(told).Event);
        Assert.Null(waits.StageAhead);
        Assert.Contains("preempting run-v (tier 0) would gain ", waits.PerMember.Single(reason => reason.Member == "w1").Reason, StringComparison.Ordinal);
        Assert.EndsWith("99% are asked", waits.PerMember.Single(reason => reason.Member == "w1").Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PreemptionMode.Off, false)]
    [InlineData(PreemptionMode.Displaced, true)]
    [InlineData(PreemptionMode.All, true)]
    public void Displaced_PreemptsUnlessThatIsOff(PreemptionMode mode, bool preempts) =>
        Assert.Equal(preempts, Told(World(Comer(), Victim("v")), Policy with { Preemption = mode }).Any(told => told.RunUid == "v"));

    [Theory]
    [InlineData(PreemptionMode.Displaced, 0, false)]
    [InlineData(PreemptionMode.All, 0, true)]
    [InlineData(PreemptionMode.All, 0.1, false)]
    public void New_PreemptsOnlyWhereAllMayAndNoHeadroomIsKept(PreemptionMode mode, double headroom, bool preempts)
    {
        var world = Input([Run("b", workers: 2, tier: 3), Victim("v")], Member("w1", nodes: 0));

        Assert.Equal(preempts, Told(world, Policy with { Preemption = mode, HeadroomShare = headroom }).Any(told => told.RunUid == "v"));
    }

    [Fact]
    public void BrakeHolds_NobodyLeaves()
    {
        var world = World(Comer(), Victim("v"));
        ImmutableArray<PermitAnswer> answers = [new("b", 1, true, ""), new("c", 1, false, "too much")];

        Assert.DoesNotContain(PlannerPass.PlaceBy(Solve, world, answers, Policy).Events, told => told.RunUid == "v");
    }

    [Fact]
    public void OnlyAsManyLeaveAsAreNeeded()
    {
        var world = World(Comer(), Victim("v", workers: 1), Victim("w", workers: 1, tier: 1), Victim("x", workers: 1), Victim("y", workers: 1));

        Assert.Equal(["v", "x"], Told(world).Where(told => told.Event is RunEvent.GaveUp).Select(told => told.RunUid));
    }

    [Fact]
    public void Stopping_WhatIsFreeIsKeptForWhomTheyLeave()
    {
        // v has stopped, x has not yet: run-s and v itself would fit into what v left.
        var (stopped, stopping) = (Stopped("v", held: 0), Stopped("x", held: 8));
        var world = World(Comer(), stopped, stopping, Run("s")) with { Members = [Lost, Member("w1", nodes: 1) with { Capacity = Capacity(free: 1, new WorkloadUse("x", 1, "h100", 8)) }] };

        var told = Told(world);

        Assert.DoesNotContain(told, one => one.Event is RunEvent.Placed or RunEvent.GaveUp);
        Assert.EndsWith("free h100 GPUs there are kept for run-b (stopping for it: run-x)", Reason(told, "s"), StringComparison.Ordinal);
        Assert.EndsWith("stopping there for it: run-x", Reason(told, "b"), StringComparison.Ordinal);
    }

    [Fact]
    public void Stopped_ThePlaceIsItsAndNotItsVictims()
    {
        var world = World(Comer(), Stopped("v", held: 0), Stopped("x", held: 0), Run("s")) with { Members = [Lost, Member("w1", nodes: 2)] };

        var placed = Assert.Single(Told(world), one => one.Event is RunEvent.Placed);

        Assert.Equal("b", placed.RunUid);
    }

    [Fact]
    public void Stopping_LongerThanItMay_KeepsNothing()
    {
        var late = Stopped("x", held: 8) with { StepSince = Now.AddMinutes(-10) };
        var world = World(Comer(), late, Run("s")) with { Members = [Lost, Member("w1", nodes: 1) with { Capacity = Capacity(free: 1, new WorkloadUse("x", 1, "h100", 8)) }] };

        Assert.Contains(Told(world), one => one is { RunUid: "s", Event: RunEvent.Placed });
    }

    [Fact]
    public void WhoCameIsGone_TheVictimComesBack()
    {
        var world = World(Stopped("v", held: 0)) with { Members = [Lost, Member("w1", nodes: 1)] };

        var placed = Assert.IsType<RunEvent.Placed>(Assert.Single(Told(world)).Event);
        Assert.Equal(("w1", MoveCause.Restart), (placed.Target.Member, placed.Cause));
    }

    private static PlannerInput World(params ImmutableArray<RunState> runs) => Input(runs, Lost, Member("w1", nodes: 0));

    private static RunState Comer(bool staged = true) => Run("b", workers: 2, tier: 3).On("e1").WaitingFor(WaitReason.Displaced) with
    {
        Tips = staged ? [Tip("s-north", 4), Tip("s-west", 4)] : [Tip("s-north", 4)],
    };

    private static RunState Victim(string uid, int workers = 4, int tier = 0)
    {
        var run = Run(uid, RunStep.Running, workers, tier).On("w1");
        return run with { Epoch = run.Epoch! with { Progress = new Progress(1, 0, 100, null, Now.AddSeconds(-2)) }, Tips = [Tip("s-west", 3)] };
    }

    private static RunState Stopped(string uid, int held)
    {
        var run = Run(uid, workers: 1, tier: 0).On("w1").WaitingFor(WaitReason.Preempted) with { StepSince = Now.AddSeconds(-20), LastPreemptedAt = Now.AddSeconds(-20), PreemptedFor = ["b"] };
        return run with { Epoch = run.Epoch! with { GivenUp = GivenUp.Preempted, Ended = held == 0 } };
    }

    private static CapacitySnapshot Capacity(int free, WorkloadUse use) => new(1, [new PoolSnapshot("h100", 16, [0, 0, 0, 0, 0, 0, 0, 0, free])], [use]);

    private static StoreTip Tip(string store, int commit) => new(store, new CommitRef(1, commit), commit * 100, Now.AddMinutes(-1));

    private static string Reason(ImmutableArray<AddressedEvent> told, string uid) =>
        Assert.IsType<RunEvent.NotPlaced>(told.Single(one => one.RunUid == uid).Event).PerMember.Single(reason => reason.Member == "w1").Reason;

    private static ImmutableArray<AddressedEvent> Told(PlannerInput world, PlanningPolicy? policy = null) =>
        PlannerPass.PlaceBy(Solve, world, Granted(world, policy ?? Policy), policy ?? Policy).Events;

    private static Failover.Domain.Placement.PlacementPlan Solve(Failover.Domain.Placement.PlacementProblem problem) => TrySolver.Solve(problem, Policy.Placement);
}
