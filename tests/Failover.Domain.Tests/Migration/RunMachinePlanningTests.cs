using Failover.Domain.Migration;

namespace Failover.Domain.Tests.Migration;

/// <summary>What the planner says, and what of it a run takes.</summary>
public sealed class RunMachinePlanningTests
{
    private static readonly MemberReason Full = new("east-1", "full");

    public static TheoryData<int, int> StalePlans => new() { { 0, 1 }, { 2, 1 }, { 1, 0 }, { 1, 2 } };

    [Theory]
    [MemberData(nameof(StalePlans))]
    public void Placed_MadeFromAnotherEpochOrMove_IsRejected(int epoch, int moves)
    {
        var play = new RunPlay(Sample.Running(1)).Displace();

        play.Tell(new RunEvent.Placed(play.At, epoch, moves, MoveCause.Failover, Sample.West, play.At));

        Assert.False(play.Last.Changed);
    }

    [Theory]
    [InlineData(MoveCause.Failover)]
    [InlineData(MoveCause.Restart)]
    [InlineData(MoveCause.Initial)]
    public void Placed_WhileItRuns_IsForDrainsOnly(MoveCause cause) => Assert.False(new RunPlay(Sample.Running(1)).Place(Sample.West, cause).Last.Changed);

    [Fact]
    public void Placed_LossDetectedByAFasterClock_IsDatedNoLaterThanNow()
    {
        var play = new RunPlay(Sample.Running(1)).Displace();
        var ahead = play.At + TimeSpan.FromHours(1);

        play.Tell(new RunEvent.Placed(play.At, 1, 1, MoveCause.Failover, Sample.West, ahead));

        Assert.Equal(play.State.Now, play.State.Move!.Dates[0].At);
    }

    [Fact]
    public void NotPlaced_NothingNew_IsSilent()
    {
        var play = new RunPlay(Sample.Submitted());

        var told = play.Tell(new RunEvent.NotPlaced(play.At, 0, 0, [Full])).State.Waiting!;
        Assert.Equal((WaitReason.NoFit, Full), (told.Reason, Assert.Single(told.PerMember)));
        Assert.False(play.Tell(new RunEvent.NotPlaced(play.At, 0, 0, [Full])).Last.Changed);
    }

    [Fact]
    public void NotPlaced_OtherReasons_AreToldButTheWaitIsAsOldAsBefore()
    {
        var play = new RunPlay(Sample.Submitted());
        var since = play.Tell(new RunEvent.NotPlaced(play.At, 0, 0, [Full])).State.Waiting!.Since;

        var waiting = play.Tell(new RunEvent.NotPlaced(play.At, 0, 0, [Full with { Reason = "cordoned" }])).State.Waiting!;

        Assert.Equal(since, waiting.Since);
        Assert.Equal("cordoned", Assert.Single(waiting.PerMember).Reason);
    }

    [Theory]
    [InlineData(true, true, "It can never be placed as the fleet is: ")]
    [InlineData(true, false, "No member can take it now.")]
    [InlineData(false, false, "No member can take it now.")]
    public void NotPlaced_NoMemberCouldEverHoldIt_TheHeadlineSaysSo(bool east, bool west, string headline)
    {
        var play = new RunPlay(Sample.Submitted());

        play.Tell(new RunEvent.NotPlaced(play.At, 0, 0, [Full with { Never = east }, new("west-1", "full") { Never = west }]));

        Assert.Equal(east && west, play.State.Waiting!.Never);
        Assert.StartsWith(headline, play.State.Waiting.Headline, StringComparison.Ordinal);
    }

    [Fact]
    public void NotPlaced_PreemptedAndNowTooLarge_SaysBoth()
    {
        var play = new RunPlay(Waits(WaitReason.Preempted));

        play.Tell(new RunEvent.NotPlaced(play.At, 1, 1, [Full with { Never = true }]));

        Assert.StartsWith($"{play.State.Waiting!.Detail} It can never be placed", play.State.Waiting.Headline, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, 1)]
    public void NotPlaced_MadeFromAnotherEpochOrMove_IsRejected(int epoch, int moves)
    {
        var play = new RunPlay(Sample.Submitted());

        Assert.False(play.Tell(new RunEvent.NotPlaced(play.At, epoch, moves, [Full])).Last.Changed);
    }

    [Fact]
    public void Planner_RunThatWaitsForAPerson_KeepsItsReason()
    {
        var play = new RunPlay(Waits(WaitReason.RetriesExhausted));

        Assert.False(play.Tell(new RunEvent.NotPlaced(play.At, 1, 1, [Full])).Last.Changed);
        Assert.False(play.Tell(new RunEvent.BrakeHeld(play.At, 1, "held")).Last.Changed);
    }

    [Fact]
    public void BrakeHeld_OnceTold_IsSilentUntilItsReasonChanges()
    {
        var play = new RunPlay(Waits(WaitReason.Displaced));

        Assert.Equal(WaitReason.BrakeHeld, play.Tell(new RunEvent.BrakeHeld(play.At, 1, "two regions")).State.Waiting!.Reason);
        Assert.False(play.Tell(new RunEvent.BrakeHeld(play.At, 1, "two regions")).Last.Changed);
        Assert.False(play.Tell(new RunEvent.BrakeHeld(play.At, 2, "of another epoch")).Last.Changed);
        Assert.Equal("three regions", play.Tell(new RunEvent.BrakeHeld(play.At, 1, "three regions")).State.Waiting!.Detail);
    }

    [Theory]
    [InlineData(false, WaitReason.Displaced)]
    [InlineData(true, WaitReason.MemberStopped)]
    public void Displaced_OfTheCurrentEpoch_WaitsUnsealed(bool stopped, WaitReason expected)
    {
        var play = new RunPlay(Sample.Running(2));

        play.Tell(new RunEvent.Displaced(play.At, 2, "gone", play.At, stopped));

        Assert.Equal(expected, play.State.Waiting!.Reason);
        Assert.False(play.State.Epoch!.Fenced);
        Assert.Empty(play.Last.Effects);
    }

    [Fact]
    public void Displaced_OfAnEarlierEpoch_IsLate()
    {
        var play = new RunPlay(Sample.Running(2));

        Assert.False(play.Tell(new RunEvent.Displaced(play.At, 1, "gone", play.At)).Last.Changed);
    }

    [Theory]
    [InlineData(MoveCause.Failover, 1, false)]
    [InlineData(MoveCause.Drain, 0, false)]
    [InlineData(MoveCause.Drain, 1, true)]
    public void Displaced_WhileMoving_SupersedesOnlyADrainOfThisEpochThatStandsUp(MoveCause cause, int epoch, bool stopped)
    {
        var play = new RunPlay(Sample.In(RunStep.Staging, cause));

        Assert.False(play.Tell(new RunEvent.Displaced(play.At, epoch, "gone", play.At, stopped)).Last.Changed);
    }

    [Theory]
    [InlineData(RunStep.Planned, MoveCause.Failover, RunStep.Waiting)]
    [InlineData(RunStep.Staging, MoveCause.Restart, RunStep.Waiting)]
    [InlineData(RunStep.Staging, MoveCause.Drain, RunStep.Running)]
    [InlineData(RunStep.Quiescing, MoveCause.Drain, RunStep.Waiting)]
    [InlineData(RunStep.Fenced, MoveCause.Drain, RunStep.Waiting)]
    [InlineData(RunStep.Pinning, MoveCause.Failover, RunStep.Waiting)]
    public void TargetLost_BeforeTheLaunch_GivesTheTargetUp(RunStep step, MoveCause cause, RunStep expected)
    {
        var play = new RunPlay(Sample.In(step, cause));

        play.Tell(new RunEvent.TargetLost(play.At, 2, "west-1 is lost"));

        Assert.Equal(expected, play.State.Step);
        Assert.Null(play.State.Move);
        Assert.Equal(1, play.State.EpochNumber);
    }

    [Fact]
    public void TargetLost_OfAnEarlierMove_IsLate()
    {
        var play = new RunPlay(Sample.In(RunStep.Staging));

        Assert.False(play.Tell(new RunEvent.TargetLost(play.At, 1, "lost")).Last.Changed);
    }

    [Fact]
    public void Reservation_Refused_WaitsALittleForThePlanner()
    {
        var play = new RunPlay(Sample.Running(1)).FailOverTo(RunStep.Planned).Reserve(granted: false);

        Assert.Equal((WaitReason.BackingOff, "west-1 refused: full", play.State.Now + Sample.Policy.RetryDelay), (play.State.Waiting!.Reason, play.State.Waiting.Detail, play.State.Waiting.Until));
        Assert.Equal(2, play.State.LastMove!.Number);
    }

    [Fact]
    public void Reservation_RefusedToADrain_LeavesTheRunRunning()
    {
        var play = new RunPlay(Sample.Running(1)).Place(Sample.West, MoveCause.Drain).Reserve(granted: false);

        Assert.Equal(RunStep.Running, play.State.Step);
    }

    private static RunState Waits(WaitReason reason) => Sample.In(RunStep.Waiting) with { Waiting = new WaitState(reason, "waits", Sample.Start) };
}
