using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;

namespace Failover.Domain.Tests.Migration;

/// <summary>Whole moves, step by step.</summary>
public sealed class RunMachineTranscriptTests
{
    [Fact]
    public void FirstLaunch_FromSubmissionToRunning_StartsFromNothing()
    {
        var play = new RunPlay(Sample.Submitted());

        play.Place(Sample.East).Reserve().Survey(new LineageSurvey([])).Launch().Progress(0).Progress(1);

        AssertTranscript(
            play,
            """
            Placed -> Planned: e1/m1/reserve
            Reservation -> Reserved: e1/m1/survey
            Surveyed -> Launching: e1/m1/launch
            Launched -> Verifying
            Progressed -> Verifying
            Progressed -> Running
            """);
        var epoch = play.State.Epoch!;
        Assert.Equal((1, Sample.East, null, 0L), (epoch.Number, epoch.Target, epoch.ResumeFrom, epoch.ResumeStep));
        Assert.Equal(MoveCause.Initial, play.State.LastMove!.Cause);
        Assert.Equal(["Detected", "Planned", "Reserved", "Launching", "Verifying", "Running"], play.State.LastMove.Dates.Select(date => date.Step));
        Assert.Equal(0, play.State.Recent.Count);
    }

    [Fact]
    public void Failover_OfARunningRun_SealsBeforeItLaunches()
    {
        var play = new RunPlay(Sample.Running(1));

        play.FailOverTo(RunStep.Verifying).Progress(20).Progress(21);

        AssertTranscript(
            play,
            """
            Displaced -> Waiting (Displaced)
            Placed -> Planned: e2/m2/reserve
            Reservation -> Reserved: e2/m2/survey
            Surveyed -> Staging: e2/m2/stage-e1/1
            Staged -> Fenced: e2/m2/seal
            Sealed -> Pinning: e2/m2/pin-e1/1
            Pinned -> Launching: e2/m2/launch
            Launched -> Verifying
            Progressed -> Verifying
            Progressed -> Running
            """);
        var state = play.State;
        Assert.Equal((2, Sample.West, new CommitRef(1, 1), 20L), (state.EpochNumber, state.Epoch!.Target, state.Epoch.ResumeFrom, state.Epoch.ResumeStep));
        Assert.Equal([new PinRef("west", 2)], state.Pins);
        Assert.Equal([new PastEpoch(1, Sample.East, null, new CommitRef(1, 1), Sealed: true, state.Epoch.Since) { LastStep = 15 }], state.Past);
        Assert.Equal(1, state.Recent.Count);
    }

    [Fact]
    public void Failover_CommitMadeBeforeTheSeal_IsStagedAsWell()
    {
        var play = new RunPlay(Sample.Running(1)).FailOverTo(RunStep.Fenced, commits: 1);

        play.Seal(new LineageSurvey([Sample.Store("east", 2, CopyHealth.Unverified), Sample.Store("west", 1, CopyHealth.Verified)])).Stage().Pin();

        Assert.EndsWith(
            """
            Staged -> Fenced: e2/m2/seal
            Sealed -> ToppingUp: e2/m2/top-up-e1/1
            Staged -> Pinning: e2/m2/pin-e1/1
            Pinned -> Launching: e2/m2/launch
            """,
            play.Transcript,
            StringComparison.Ordinal);
        Assert.Equal(new CommitRef(1, 1), play.State.Epoch!.ResumeFrom);
    }

    [Fact]
    public void Failover_FileGoneBeforeThePin_SurveysAgainUnderTheSeal()
    {
        var play = new RunPlay(Sample.Running(1)).FailOverTo(RunStep.Pinning);

        play.Pin(complete: false).Seal(Sample.Survey(2, west: CopyHealth.Missing)).Stage().Pin();

        Assert.EndsWith(
            """
            Pinned -> Fenced: e2/m2/seal
            Sealed -> ToppingUp: e2/m2/top-up-e1/1
            Staged -> Pinning: e2/m2/pin-e1/1
            Pinned -> Launching: e2/m2/launch
            """,
            play.Transcript,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Drain_OfARunningRun_StagesWhileItTrainsAndTheDeltaAfterwards()
    {
        var play = new RunPlay(Sample.Running(1));

        play.Place(Sample.West, MoveCause.Drain).Reserve().Survey(Sample.Survey(1)).Progress(16).Stage();
        play.Tell(new RunEvent.Quiesced(play.At, play.Effect)).Survey(Sample.Survey(2)).Stage().Seal(Sample.Survey(2)).Pin().Launch().Progress(21);

        AssertTranscript(
            play,
            """
            Placed -> Planned: e2/m2/reserve
            Reservation -> Reserved: e2/m2/survey
            Surveyed -> Staging: e2/m2/stage-e1/0
            Progressed -> Staging: e2/m2/stage-e1/0
            Staged -> Quiescing: e2/m2/quiesce
            Quiesced -> Reserved: e2/m2/survey-quiesced
            Surveyed -> Staging: e2/m2/stage-e1/1
            Staged -> Fenced: e2/m2/seal
            Sealed -> Pinning: e2/m2/pin-e1/1
            Pinned -> Launching: e2/m2/launch
            Launched -> Verifying
            Progressed -> Running
            """);
        Assert.Equal(0, play.State.Recent.Count);
    }

    [Fact]
    public void Drain_PlaceLostWhileItQuiesces_GoesOnAsAFailoverFromThere()
    {
        var play = new RunPlay(Sample.Running(1)).Place(Sample.West, MoveCause.Drain).Reserve().Survey(Sample.Survey(1)).Stage();

        play.Displace().Survey(Sample.Survey(1)).Stage();

        Assert.EndsWith(
            """
            Staged -> Quiescing: e2/m2/quiesce
            Displaced -> Reserved: e2/m2/survey
            Surveyed -> Staging: e2/m2/stage-e1/0
            Staged -> Fenced: e2/m2/seal
            """,
            play.Transcript,
            StringComparison.Ordinal);
        Assert.Equal(MoveCause.Failover, play.State.Move!.Cause);
    }

    [Fact]
    public void Drain_WorkloadFailsWhileItIsStaged_GoesOnAsARestartFromThere()
    {
        var play = new RunPlay(Sample.Running(1)).Place(Sample.West, MoveCause.Drain).Reserve().Survey(Sample.Survey(1));

        play.Exit(1).Stage();

        Assert.Equal((RunStep.Fenced, MoveCause.Restart), (play.State.Step, play.State.Move!.Cause));
    }

    [Fact]
    public void Cancel_OfARunningRun_SealsFirst()
    {
        var play = new RunPlay(Sample.Running(1));

        play.Tell(new RunEvent.CancelRequested(play.At, "ann")).Seal(Sample.Survey(1));

        AssertTranscript(
            play,
            """
            CancelRequested -> Cancelling: e1/m1/close
            Sealed -> Cancelled
            """);
        Assert.Equal("ann", play.State.CancelledBy);
    }

    [Fact]
    public void Cancel_BeforeTheFirstLaunch_HasNothingToSeal()
    {
        var play = new RunPlay(Sample.Submitted()).Place(Sample.East);

        play.Tell(new RunEvent.CancelRequested(play.At, "ann"));

        Assert.Equal((RunStep.Cancelled, null), (play.State.Step, play.State.Move));
        Assert.Empty(play.Last.Effects);
    }

    [Fact]
    public void Success_OfTheWorkload_SealsThenEnds()
    {
        var play = new RunPlay(Sample.Running(1));

        play.Tell(new RunEvent.WorkloadSucceeded(play.At, 1)).Fail().Seal(Sample.Survey(1));

        AssertTranscript(
            play,
            """
            WorkloadSucceeded -> Finishing: e1/m1/close
            EffectFailed -> Finishing
            Sealed -> Finished
            """);
    }

    private static void AssertTranscript(RunPlay play, string expected) => Assert.Equal(expected, play.Transcript);
}
