using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using Failover.Domain.Runs;
using static Failover.Domain.Tests.Planning.Worlds;

namespace Failover.Domain.Tests.Planning;

public sealed class DisplacementTests
{
    private static readonly PlanningPolicy Policy = new();

    [Theory]
    [InlineData(RunStep.Launching, true)]
    [InlineData(RunStep.Verifying, true)]
    [InlineData(RunStep.Running, true)]
    [InlineData(RunStep.Waiting, false)]
    [InlineData(RunStep.Planned, false)]
    [InlineData(RunStep.Fenced, false)]
    [InlineData(RunStep.Finishing, false)]
    [InlineData(RunStep.Cancelling, false)]
    [InlineData(RunStep.Finished, false)]
    public void Find_EpochOnLostMember_DisplacesWhatIsThere(RunStep step, bool displaced)
    {
        var found = Find(Run("a", step).On("e1"), Member("e1", MemberVerdict.Lost));
        Assert.Equal(displaced ? [new AddressedEvent("a", new RunEvent.Displaced(Now, 1, "Member e1 is lost.", Now.AddHours(-2)))] : [], found.Events);
    }

    [Theory]
    [InlineData(MemberVerdict.Unknown)]
    [InlineData(MemberVerdict.Healthy)]
    [InlineData(MemberVerdict.Degraded)]
    [InlineData(MemberVerdict.ControlPlaneDown)]
    [InlineData(MemberVerdict.Suspect)]
    public void Find_MemberNotLost_MovesNothing(MemberVerdict verdict)
    {
        var found = Find(Run("a", RunStep.Running).On("e1"), Member("e1", verdict));
        Assert.Empty(found.Events);
        Assert.Empty(found.Requested.Displaced);
    }

    [Fact]
    public void Find_MemberWithoutRow_MovesNothing() => Assert.Empty(Find(Run("a", RunStep.Running).On("e1"), Member("w1")).Events);

    [Fact]
    public void Find_NoTroubleKnown_DatesTheLossFromTheVerdict()
    {
        var found = Find(Run("a", RunStep.Running).On("e1"), Member("e1", MemberVerdict.Lost) with { TroubleSince = null });
        Assert.Equal(Now.AddHours(-1), Assert.IsType<RunEvent.Displaced>(Assert.Single(found.Events).Event).DetectedAt);
    }

    [Fact]
    public void Find_MemberStopped_LetsItsRunsWaitWithoutAPermit()
    {
        var found = Find(Run("a", RunStep.Running).On("e1"), Member("e1", MemberVerdict.Stopped));
        Assert.True(Assert.IsType<RunEvent.Displaced>(Assert.Single(found.Events).Event).MemberStopped);
        Assert.Empty(found.Requested.Displaced);
    }

    [Theory]
    [InlineData(RunStep.Planned)]
    [InlineData(RunStep.Reserved)]
    [InlineData(RunStep.Staging)]
    [InlineData(RunStep.Quiescing)]
    [InlineData(RunStep.Fenced)]
    [InlineData(RunStep.ToppingUp)]
    [InlineData(RunStep.Pinning)]
    public void Find_TargetLostOrStopped_GivesItUp(RunStep step)
    {
        var run = Run("a", step).On("e1").MovingTo("w1");
        Assert.Equal(
            new RunEvent.TargetLost(Now, 1, "Member w1, where it was to go, is lost."),
            Assert.Single(Find(run, Member("e1", MemberVerdict.Lost), Member("w1", MemberVerdict.Lost)).Events).Event);
        Assert.Equal(
            new RunEvent.TargetLost(Now, 1, "Member w1, where it was to go, was stopped by its owner."),
            Assert.Single(Find(run, Member("e1", MemberVerdict.Lost), Member("w1", MemberVerdict.Stopped)).Events).Event);
    }

    [Fact]
    public void Find_TargetSuspect_Waits() => Assert.Empty(Find(Run("a", RunStep.Staging).MovingTo("w1"), Member("w1", MemberVerdict.Suspect)).Events);

    [Theory]
    [InlineData(MoveCause.Drain, true)]
    [InlineData(MoveCause.Failover, false)]
    public void Find_OldPlaceOfAMoveLost_TurnsOnlyADrainIntoAFailover(MoveCause cause, bool told)
    {
        var found = Find(Run("a", RunStep.Staging).On("e1").MovingTo("w1", cause), Member("e1", MemberVerdict.Lost), Member("w1"));
        Assert.Equal(told, found.Events.Any(addressed => addressed.Event is RunEvent.Displaced));
        Assert.Empty(found.Requested.Displaced);
    }

    [Fact]
    public void Find_Displaced_AsksTheBrakeOnceForEach()
    {
        var input = Input(
            [
                Run("c", RunStep.Running, workers: 2).On("e1", epoch: 4),
                Run("b").On("e1").WaitingFor(WaitReason.NoFit),
                Run("a").On("e1").WaitingFor(WaitReason.RetriesExhausted),
                Run("d"),
            ],
            Member("e1", MemberVerdict.Lost));
        Assert.Equal(
            [new MoveRequest("b", 1, "east", 8, Now.AddMinutes(-5)), new MoveRequest("c", 4, "east", 16, Now)],
            Displacement.Find(input, Policy).Requested.Displaced);
    }

    [Fact]
    public void Find_MovedLately_IsStillAskedFor()
    {
        var run = Run("a", RunStep.Running).On("e1") with { Recent = new MoveHistory(Now, 3) };
        Assert.Single(Find(run, Member("e1", MemberVerdict.Lost)).Requested.Displaced);
    }

    [Fact]
    public void Find_DisplacedWhoseMemberIsInDoubt_IsAskedForAfterTheGrace()
    {
        var run = Run("a").On("e1").WaitingFor(WaitReason.Displaced);
        Assert.Single(Find(run, Member("e1", MemberVerdict.Suspect)).Requested.Displaced);
        Assert.Empty(Find(run, Member("e1", MemberVerdict.Suspect) with { VerdictSince = Now }).Requested.Displaced);
    }

    [Fact]
    public void Find_Totals_CountWhatHasAnEpochAndWhoseApiIsOut()
    {
        var input = Input(
            [Run("a", RunStep.Running, workers: 2).On("e1"), Run("b").On("e2"), Run("c", RunStep.Running).On("w1"), Run("d"), Run("e", RunStep.Finished).On("w1")],
            Member("e1", MemberVerdict.Lost), Member("e2", MemberVerdict.Suspect), Member("n1", MemberVerdict.ControlPlaneDown), Member("w1"));
        var totals = Displacement.Find(input, Policy).Requested.Fleet;
        Assert.Equal([new RegionUse("east", 24, 2), new RegionUse("west", 8, 1)], totals.ByRegion);
        Assert.Equal((6, 3), (totals.Members, totals.MembersOutOfReach));
    }

    [Fact]
    public void Find_Regions_AreThoseOfTheFleetFile() =>
        Assert.Equal(
            [("east", MemberVerdict.Lost), ("north", MemberVerdict.Unknown), ("west", MemberVerdict.Healthy)],
            Displacement.Find(Input([], Member("e1", MemberVerdict.Lost), Member("w1")), Policy).Regions.Select(region => (region.Region, region.Verdict)));

    [Theory]
    [InlineData(RunStep.Waiting, MoveCause.Failover, "")]
    [InlineData(RunStep.Planned, MoveCause.Failover, "w1: a/2")]
    [InlineData(RunStep.Reserved, MoveCause.Failover, "w1: a/2")]
    [InlineData(RunStep.Staging, MoveCause.Failover, "w1: a/2")]
    [InlineData(RunStep.Staging, MoveCause.Drain, "e1: a/1; w1: a/2")]
    [InlineData(RunStep.Quiescing, MoveCause.Drain, "e1: a/1; w1: a/2")]
    [InlineData(RunStep.Fenced, MoveCause.Failover, "w1: a/2")]
    [InlineData(RunStep.ToppingUp, MoveCause.Failover, "w1: a/2")]
    [InlineData(RunStep.Pinning, MoveCause.Failover, "w1: a/2")]
    [InlineData(RunStep.Launching, MoveCause.Failover, "e1: a/1")]
    [InlineData(RunStep.Verifying, MoveCause.Failover, "e1: a/1")]
    [InlineData(RunStep.Running, MoveCause.Failover, "e1: a/1")]
    [InlineData(RunStep.Finishing, MoveCause.Failover, "")]
    [InlineData(RunStep.Finished, MoveCause.Failover, "")]
    public void Holding_EachStep_IsWhatItNeeds(RunStep step, MoveCause cause, string held)
    {
        var holding = Displacement.Holding(Input([Run("a", step).On("e1").MovingTo("w1", cause)], Member("e1"), Member("w1")));
        Assert.Equal(["e1", "w1"], holding.Keys);
        Assert.Equal(held, string.Join("; ", holding.SelectMany(member => member.Value.Select(epoch => $"{member.Key}: {epoch.RunUid}/{epoch.Epoch}"))));
    }

    [Theory]
    // Pods on dead nodes for so long, and no step for so long: seconds.
    [InlineData(30, 30, ProgressKind.Heartbeat, true)]
    [InlineData(29, 300, ProgressKind.Heartbeat, false)]
    [InlineData(300, 29, ProgressKind.Heartbeat, false)]
    [InlineData(299, 3_600, ProgressKind.Commit, false)]
    [InlineData(300, 3_600, ProgressKind.Commit, true)]
    public void Find_GangOnDeadNodesThatDoesNotStep_IsGivenUp(int brokenFor, int still, ProgressKind by, bool givenUp)
    {
        var run = Run("a", RunStep.Running).On("e1").With(spec => spec with { Progress = new ProgressSpec(by) });
        run = run with { Epoch = run.Epoch! with { Progress = new Progress(1, 0, 7, null, Now.AddSeconds(-still)) } };
        var home = Member("e1", MemberVerdict.Degraded) with { BrokenGangs = [new BrokenGang("a", 1, 2, Now.AddSeconds(-brokenFor))] };

        var events = Find(run, home).Events;

        Assert.Equal(givenUp, events.Length == 1);
        Assert.All(events, one => Assert.Equal((GivenUp.GangDown, 1), (((RunEvent.GaveUp)one.Event).Why, ((RunEvent.GaveUp)one.Event).Epoch)));
        Assert.Empty(Find(run, home with { CapacityStale = true }).Events);
        Assert.Empty(Find(run, home with { Verdict = MemberVerdict.ControlPlaneDown }).Events);
    }

    [Theory]
    [InlineData(MemberVerdict.Healthy, 1, true)]
    [InlineData(MemberVerdict.Degraded, 1, true)]
    [InlineData(MemberVerdict.ControlPlaneDown, 1, false)]
    [InlineData(MemberVerdict.Suspect, 1, false)]
    [InlineData(MemberVerdict.Healthy, 2, false)]
    public void Find_StalledOnAMemberThatAnswers_IsGivenUp(MemberVerdict verdict, int epoch, bool givenUp)
    {
        var events = Find(Run("a", RunStep.Running).On("e1"), Member("e1", verdict) with { Stalled = [new RunEpoch("a", epoch)] }).Events;

        Assert.Equal(givenUp, events is [{ Event: RunEvent.GaveUp { Why: GivenUp.Stalled } }]);
    }

    private static DisplacementOutput Find(RunState run, params MemberState[] members) => Displacement.Find(Input([run], [.. members]), Policy);
}
