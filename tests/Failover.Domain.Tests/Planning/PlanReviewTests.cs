using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Placement;
using Failover.Domain.Planning;
using static Failover.Domain.Tests.Planning.Worlds;

namespace Failover.Domain.Tests.Planning;

/// <summary>A plan that was made from one reading of the rows, held against the next.</summary>
public sealed class PlanReviewTests
{
    private static readonly PlanningPolicy Policy = new();

    /// <summary>`a` (four nodes, tier 3) goes to one of w1 and w2, `b` (two nodes) to the other.</summary>
    private static readonly PlannerInput Then = Input([Run("a", workers: 4, tier: 3), Run("b", workers: 2)], Member("w1"), Member("w2"));

    [Fact]
    public void Of_NothingChanged_RejectsNothing() => Assert.Empty(Review(Then with { Now = Now.AddSeconds(1) }).Rejected);

    [Fact]
    public void Of_RunMovedMeanwhile_IsRejected()
    {
        Assert.Equal([new RejectedMove("a", "it has moved since")], Review(WithRun("a", run => run with { Moves = 1 })).Rejected);
        Assert.Equal([new RejectedMove("a", "it has moved since")], Review(WithRun("a", run => run.On("e1", epoch: 2).WaitingFor(WaitReason.BackingOff))).Rejected);
    }

    [Fact]
    public void Of_RunNoLongerWaits_IsRejected()
    {
        Assert.Equal([new RejectedMove("a", "it waits no more")], Review(WithRun("a", run => run with { Step = RunStep.Cancelling, Waiting = null })).Rejected);
        Assert.Equal([new RejectedMove("a", "it waits no more")], Review(Then with { Runs = [Then.Runs[1]] }).Rejected);
    }

    [Fact]
    public void Of_RunWaitsForSomethingElseNow_IsRejected() =>
        Assert.Equal([new RejectedMove("a", "it is not to be placed any more")], Review(WithRun("a", run => run.WaitingFor(WaitReason.BackingOff, Now.AddHours(1)))).Rejected);

    [Fact]
    public void Of_TargetClosedMeanwhile_IsRejected()
    {
        var target = TargetOf("a");
        Assert.Equal([new RejectedMove("a", $"{target} is no longer a place for it")], Review(WithMember(Member(target) with { Cordoned = true })).Rejected);
        Assert.Equal([new RejectedMove("a", $"{target} is no longer a place for it")], Review(WithMember(Member(target, MemberVerdict.Suspect))).Rejected);
        Assert.Equal([new RejectedMove("a", $"{target} is no longer a place for it")], Review(WithRun("a", run => run with { Distrusted = [new(target, Now.AddHours(1), 1, "")] })).Rejected.Take(1));
    }

    [Fact]
    public void Of_GpusPromisedToAnotherMeanwhile_IsRejected()
    {
        var target = TargetOf("a");
        var promised = Member(target) with { Reservations = [new GpuReservation("z", 1, "x", "h100", 1, 8, Now)] };
        Assert.Equal([new RejectedMove("a", $"{target} has no room for it any more")], Review(WithMember(promised)).Rejected);
    }

    [Fact]
    public void Of_RoomForOneOfTwo_TheMoreValuableGoes()
    {
        var both = Input([Run("a", workers: 2, tier: 1), Run("b", workers: 2, tier: 3)], Member("w1"));
        var posed = PlannerPass.Pose(both, [], Policy);
        var plan = Placer.Place(posed.Problem, Policy.Placement);
        Assert.Equal(2, plan.Moves.Length);

        var reviewed = PlanReview.Of(posed, plan, both with { Members = [Member("w1", nodes: 3)] }, Policy);

        Assert.Equal([new RejectedMove("a", "w1 has no room for it any more")], reviewed.Rejected);
        Assert.Equal("b", Assert.Single(reviewed.Plan.Moves).RunUid);
    }

    [Fact]
    public void Of_RestoreBandwidthTakenMeanwhile_IsRejected()
    {
        var fleet = World with { Regions = [new("east"), new("north"), new("west", 1_000)] };
        var run = Run("a").On("e1").WaitingFor(WaitReason.Displaced).With(spec => spec with { Checkpoints = new("s-east", [], 1_000) });
        var then = Input([run], Member("e1", MemberVerdict.Lost), Member("w1")) with { Fleet = fleet };
        var coming = run with { Uid = "b", Step = RunStep.Staging, Waiting = null };
        var posed = PlannerPass.Pose(then, Granted(then, Policy), Policy);
        var plan = Placer.Place(posed.Problem, Policy.Placement);

        var reviewed = PlanReview.Of(posed, plan, then with { Runs = [run, coming.MovingTo("w1")] }, Policy);

        Assert.Equal([new RejectedMove("a", "no more can be brought into west for now")], reviewed.Rejected);
    }

    [Fact]
    public void Of_BeneficiaryIsRejected_NobodyIsPreemptedForIt()
    {
        var posed = PlannerPass.Pose(Then, [], Policy);
        var home = new PlacementHome("w1", "h100", TimeSpan.Zero);
        var plan = Placer.Place(posed.Problem, Policy.Placement) with { Preempted = [new("x", home, 1, ["a"]), new("y", home, 1, ["a", "b"])] };

        var reviewed = PlanReview.Of(posed, plan, WithRun("a", run => run with { Moves = 1 }), Policy);

        Assert.Equal(new PreemptedRun("y", home, 1, ["b"]).For, Assert.Single(reviewed.Plan.Preempted).For);
    }

    [Fact]
    public void Conclude_RejectedMove_IsNotToldToItsRun()
    {
        var posed = PlannerPass.Pose(Then, [], Policy);
        var output = PlannerPass.Conclude(posed, Placer.Place(posed.Problem, Policy.Placement), WithRun("a", run => run with { Moves = 1 }), Policy);
        Assert.Equal("b", Assert.Single(output.Events).RunUid);
        Assert.Equal("a", Assert.Single(output.Rejected).RunUid);
    }

    [Fact]
    public void Conclude_NoPlan_TellsOnlyThoseThatNeedNone()
    {
        var held = Run("c").On("e1").WaitingFor(WaitReason.Displaced);
        var input = Then with { Runs = [.. Then.Runs, held], Members = [.. Then.Members, Member("e1", MemberVerdict.Lost)] };
        var posed = PlannerPass.Pose(input, [new PermitAnswer("c", 1, false, "too much")], Policy);
        Assert.IsType<RunEvent.BrakeHeld>(Assert.Single(PlannerPass.Conclude(posed, null, input, Policy).Events).Event);
    }

    private static string TargetOf(string uid) => Plan(out _).Moves.Single(move => move.RunUid == uid).Target.Member;

    private static PlacementPlan Plan(out PosedPlan posed)
    {
        posed = PlannerPass.Pose(Then, [], Policy);
        return Placer.Place(posed.Problem, Policy.Placement);
    }

    private static ReviewedPlan Review(PlannerInput now)
    {
        var plan = Plan(out var posed);
        Assert.Equal(2, plan.Moves.Length);
        return PlanReview.Of(posed, plan, now, Policy);
    }

    private static PlannerInput WithRun(string uid, Func<RunState, RunState> change) => Then with { Runs = [.. Then.Runs.Select(run => run.Uid == uid ? change(run) : run)] };

    private static PlannerInput WithMember(MemberState member) => Then with { Members = [.. Then.Members.Select(other => other.Name == member.Name ? member : other)] };
}
