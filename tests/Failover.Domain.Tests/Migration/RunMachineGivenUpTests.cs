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
    public void GaveUp_OfAnotherEpoch_IsLate() =>
        Assert.Equal(RunStep.Running, Running().Tell(new RunEvent.GaveUp(Sample.Start.AddHours(1), 7, GivenUp.Stalled, "", Sample.Start)).State.Step);

    private static RunEvent.GaveUp GaveUp(GivenUp why) => new(Sample.Start.AddHours(1), 1, why, "for a reason", Sample.Start);

    private static RunPlay Running() => new(Sample.Running(1));
}
