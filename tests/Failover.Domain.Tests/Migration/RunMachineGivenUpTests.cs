using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;

namespace Failover.Domain.Tests.Migration;

/// <summary>A member answers, and a run does not get on there.</summary>
public sealed class RunMachineGivenUpTests
{
    [Fact]
    public void Stalled_IsStoppedAndStartedAgainWithinItsRetries()
    {
        var play = Running().Tell(GaveUp(GivenUp.Stalled));

        Assert.Equal((RunStep.Waiting, WaitReason.BackingOff), (play.State.Step, play.State.Waiting!.Reason));
        Assert.Equal(new RetryCount(1, 0), play.State.Retries);
        var stop = Assert.IsType<RunEffect.Quiesce>(Assert.Single(RunMachine.Pending(play.State, Sample.Policy), effect => effect is RunEffect.Quiesce));
        Assert.Equal((Sample.East.Member, 1), (stop.Member, stop.Epoch));

        play.Tell(new RunEvent.Quiesced(play.At, stop.Id));
        Assert.True(play.State.Epoch!.Ended);
        Assert.DoesNotContain(RunMachine.Pending(play.State, Sample.Policy), effect => effect is RunEffect.Quiesce);
    }

    [Fact]
    public void GangDown_UsesUpNoRetries()
    {
        var play = Running().Tell(GaveUp(GivenUp.GangDown));

        Assert.Equal((WaitReason.Displaced, new RetryCount(0, 0)), (play.State.Waiting!.Reason, play.State.Retries));
    }

    [Fact]
    public void Stalled_WithoutRetriesLeft_AsksAPersonAndIsStoppedAllTheSame()
    {
        var running = Running();
        var play = new RunPlay(running.State with { Spec = running.State.Spec with { Retries = new(0, 0) } }).Tell(GaveUp(GivenUp.Stalled));

        Assert.Equal(WaitReason.RetriesExhausted, play.State.Waiting!.Reason);
        Assert.Contains(RunMachine.Pending(play.State, Sample.Policy), effect => effect is RunEffect.Quiesce);
    }

    [Fact]
    public void GivenUp_ProgressOfWhatIsBeingStopped_DoesNotBringItBack()
    {
        var play = Running().Tell(GaveUp(GivenUp.Stalled)).Progress(1_000);

        Assert.Equal(RunStep.Waiting, play.State.Step);
    }

    [Fact]
    public void GivenUp_StopThatFails_IsTriedAgainLater()
    {
        var play = Running().Tell(GaveUp(GivenUp.Stalled)).Fail();

        Assert.Equal(1, play.State.Retry.Tries);
        Assert.DoesNotContain(play.Last.Effects, effect => effect is RunEffect.Quiesce);
        Assert.Contains(play.Wait(TimeSpan.FromSeconds(60)).Last.Effects, effect => effect is RunEffect.Quiesce);
    }

    [Fact]
    public void GivenUp_StopThatTakesItsGrace_IsLookedAtAgainAndIsNoFailure()
    {
        var play = Running().Tell(GaveUp(GivenUp.Stalled));

        for (var looks = 0; looks < 20; looks++)
        {
            play.Tell(new RunEvent.Stopping(play.At, play.Effect, "its pods are stopping"));
            Assert.Equal((RunStep.Waiting, 0), (play.State.Step, play.State.Retry.Tries));
            Assert.Contains(play.Wait(TimeSpan.FromSeconds(30)).Last.Effects, effect => effect is RunEffect.Quiesce);
        }
    }

    [Fact]
    public void GaveUp_OfAnotherEpoch_IsLate() =>
        Assert.Equal(RunStep.Running, Running().Tell(new RunEvent.GaveUp(Sample.Start.AddHours(1), 7, GivenUp.Stalled, "", Sample.Start)).State.Step);

    [Fact]
    public void Preempted_IsStoppedAtNoCostAndRememberedForWhomItLeft()
    {
        var play = Running().Tell(Preempted());

        Assert.Equal((RunStep.Waiting, WaitReason.Preempted, "for a reason"), (play.State.Step, play.State.Waiting!.Reason, play.State.Waiting.Detail));
        Assert.Equal((GivenUp.Preempted, "better"), (play.State.Epoch!.GivenUp!.Value, Assert.Single(play.State.PreemptedFor)));
        Assert.Equal((new RetryCount(0, 0), 0), (play.State.Retries, play.State.Distrusted.Length));
        Assert.Equal(play.State.Now, play.State.LastPreemptedAt);
        Assert.Single(RunMachine.Pending(play.State, Sample.Policy), effect => effect is RunEffect.Quiesce);
    }

    [Fact]
    public void Preempted_CommitsOnceMoreAndResumesFromThat()
    {
        var play = Running().Tell(Preempted());
        play.Tell(new RunEvent.Quiesced(play.At, play.Effect)).Tip("east", new(1, 1), 20, own: 2);
        play.Place(Sample.West, MoveCause.Restart).Reserve().Survey(Sample.Survey(2)).Stage().Seal(Sample.Survey(2)).Pin();

        Assert.Equal((2, new CommitRef(1, 1)), (play.State.EpochNumber, play.State.Epoch!.ResumeFrom!.Value));
        Assert.Null(play.State.Epoch.GivenUp);
        Assert.Empty(play.State.PreemptedFor);
    }

    [Theory]
    [InlineData(59, RunStep.Running)]
    [InlineData(60, RunStep.Waiting)]
    public void Preempted_AgainWithinThePeriod_IsRefused(int minutesAgo, RunStep step)
    {
        var at = Preempted().At;
        var running = Running().State with { LastPreemptedAt = at.AddMinutes(-minutesAgo) };

        Assert.Equal(step, new RunPlay(running).Tell(Preempted()).State.Step);
    }

    [Fact]
    public void Preempted_WhileItIsDrained_GoesOn()
    {
        var draining = Sample.In(RunStep.Staging, MoveCause.Drain);

        Assert.False(RunMachine.Next(draining, Preempted(), Sample.Policy).Changed);
    }

    [Fact]
    public void Preempted_NotPlaced_StillSaysForWhomItLeft()
    {
        var play = Running().Tell(Preempted());
        play.Tell(new RunEvent.NotPlaced(play.At, 1, 1, [new("east-1", "full")]));

        Assert.Equal((WaitReason.Preempted, "for a reason"), (play.State.Waiting!.Reason, play.State.Waiting.Detail));
        Assert.Equal("full", Assert.Single(play.State.Waiting.PerMember).Reason);
        Assert.False(RunMachine.Next(play.State, new RunEvent.NotPlaced(play.At, 1, 1, [new("east-1", "full")]), Sample.Policy).Changed);
    }

    [Fact]
    public void NotPlaced_ToBeStagedAhead_IsRememberedUntilItMovesOrIsTakenBack()
    {
        var play = new RunPlay(Sample.In(RunStep.Waiting)).Tell(NotPlaced("west"));
        var ahead = new StageAhead("west", play.State.Now);

        Assert.Equal(ahead, play.State.StageAhead);
        Assert.False(RunMachine.Next(play.State, NotPlaced("west"), Sample.Policy).Changed);
        Assert.Equal(ahead, play.Tell(NotPlaced("west", "fuller")).State.StageAhead);
        Assert.Null(new RunPlay(play.State).Tell(NotPlaced(null, "fuller")).State.StageAhead);
        Assert.Null(play.Place(Sample.West).State.StageAhead);
    }

    private static RunEvent.NotPlaced NotPlaced(string? ahead, string reason = "full") => new(Sample.Start.AddHours(1), 1, 1, [new("east-1", reason)], ahead);

    private static RunEvent.GaveUp Preempted() => GaveUp(GivenUp.Preempted) with { PreemptedFor = ["better"] };

    private static RunEvent.GaveUp GaveUp(GivenUp why) => new(Sample.Start.AddHours(1), 1, why, "for a reason", Sample.Start);

    private static RunPlay Running() => new(Sample.Running(1));
}
