using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;
using Failover.Domain.Runs;

namespace Failover.Domain.Tests.Migration;

/// <summary>Workloads that fail, launches that don't come up, trainers that break their contract.</summary>
public sealed class RunMachineFailureTests
{
    [Fact]
    public void Failure_AgainAndAgain_IsRetriedInPlaceThenElsewhereThenLeftToAPerson()
    {
        var state = Sample.Running(1);
        state = state with { Spec = Sample.Spec with { Retries = new RetrySpec(InPlace: 2, Elsewhere: 1) } };
        List<string> told = [];
        for (var failure = 0; failure < 4; failure++)
        {
            var waits = new RunPlay(state).Exit(1).State;
            told.Add($"{waits.Waiting!.Reason} {(waits.Waiting.Until - waits.Now)?.TotalSeconds}s, distrusted: {string.Join(",", waits.Distrusted.Select(distrust => distrust.Member))}");
            state = state with { Retries = waits.Retries, Distrusted = waits.Distrusted };
        }

        Assert.Equal(
            [
                "BackingOff 1s, distrusted: ",
                "BackingOff 2s, distrusted: ",
                "BackingOff 1s, distrusted: east-1",
                "RetriesExhausted s, distrusted: east-1",
            ],
            told);
    }

    [Fact]
    public void Failure_OfAnEarlierEpoch_IsLate()
    {
        var play = new RunPlay(Sample.Running(2));

        Assert.False(play.Tell(new RunEvent.WorkloadFailed(play.At, 1, 1, "exit code 1")).Last.Changed);
        Assert.False(play.Tell(new RunEvent.WorkloadSucceeded(play.At, 1)).Last.Changed);
    }

    [Fact]
    public void Retry_ByAPerson_ForgetsFailuresAndPlansAnew()
    {
        var exhausted = new RunPlay(Sample.Running(1) with { Retries = new RetryCount(3, 2) }).Exit(1);
        Assert.Equal(WaitReason.RetriesExhausted, exhausted.State.Waiting!.Reason);

        var asked = exhausted.Tell(new RunEvent.RetryRequested(exhausted.At, "ann", FromNothing: true)).State;

        Assert.Equal((WaitReason.Displaced, new RetryCount(0, 0), true), (asked.Waiting!.Reason, asked.Retries, asked.StartFromNothing));
        Assert.Contains("ann", asked.Waiting.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Retry_FromNothing_HoldsForOneLaunchOnly()
    {
        var waits = Sample.In(RunStep.Waiting) with { StartFromNothing = true };
        var play = new RunPlay(waits).Place(Sample.West).Reserve().Survey(Sample.Survey(1, CopyHealth.Corrupt, CopyHealth.Missing));
        play.Seal(Sample.Survey(1, CopyHealth.Corrupt, CopyHealth.Missing));

        Assert.Equal((RunStep.Launching, null, false), (play.State.Step, play.State.Epoch!.ResumeFrom, play.State.StartFromNothing));
        Assert.Empty(play.State.Tips);
        Assert.Empty(play.State.Pins);
    }

    [Fact]
    public void ExitOfABadCheckpoint_WithoutOwnCommits_MarksWhatItResumedFrom()
    {
        var state = new RunPlay(Sample.Running(2)).Exit(RunMachine.ExitBadCheckpoint).State;

        Assert.Equal([new BadCopy("east", new CommitRef(1, 0))], state.BadCopies);
    }

    [Fact]
    public void ExitOfABadCheckpoint_WithOwnCommits_MarksItsNewest()
    {
        var play = new RunPlay(Sample.Running(2)).Tip("east", new CommitRef(2, 3), 60, own: 4);

        Assert.Equal([new BadCopy("east", new CommitRef(2, 3))], play.Exit(RunMachine.ExitBadCheckpoint).State.BadCopies);
    }

    [Fact]
    public void ExitOfABadCheckpoint_StartedFromNothing_MarksNothing() => Assert.Empty(new RunPlay(Sample.Running(1)).Exit(RunMachine.ExitBadCheckpoint).State.BadCopies);

    [Fact]
    public void BadCopy_WhenChosenAgain_IsPassedOverForTheOtherStoreAndThenTheCommitBefore()
    {
        var bad = new BadCopy("east", new CommitRef(1, 1));
        var other = new RunPlay(Sample.In(RunStep.Waiting) with { BadCopies = [bad] }).Place(Sample.West).Reserve().Survey(Sample.Survey(2)).State.Move!;
        var before = new RunPlay(Sample.In(RunStep.Waiting) with { BadCopies = [bad, bad with { Store = "west" }] }).Place(Sample.West).Reserve().Survey(Sample.Survey(2)).State.Move!;

        Assert.Equal((new CommitRef(1, 1), "west"), (other.Commit!.Value, Assert.Single(other.Sources)));
        Assert.Equal(new CommitRef(1, 0), before.Commit);
        Assert.Contains("e1/1", before.FallbackDetail, StringComparison.Ordinal);
    }

    [Fact]
    public void Staged_SourceTurnsOutBad_IsRememberedAndSurveyedAgain()
    {
        var play = new RunPlay(Sample.Running(1)).FailOverTo(RunStep.Staging).Stage(complete: false, bad: "west");

        Assert.Equal(RunStep.Reserved, play.State.Step);
        Assert.Equal([new BadCopy("west", new CommitRef(1, 1))], play.State.BadCopies);

        play.Survey(Sample.Survey(2)).Stage(complete: false, bad: "west");
        Assert.Single(play.State.BadCopies);
    }

    [Fact]
    public void Staged_BadAfterTheSeal_ChoosesAgainUnderIt()
    {
        var play = new RunPlay(Sample.Running(1)).FailOverTo(RunStep.Fenced, commits: 1).Seal(Sample.Survey(2, west: CopyHealth.Missing)).Stage(complete: false, bad: "east");

        Assert.Equal(RunStep.Fenced, play.State.Step);
        Assert.True(play.State.Epoch!.Fenced);
    }

    [Fact]
    public void Survey_WithoutAWholeCommit_WaitsAndSaysWhy()
    {
        var play = new RunPlay(Sample.Running(1)).FailOverTo(RunStep.Reserved).Survey(Sample.Survey(2, CopyHealth.Corrupt, CopyHealth.Missing));

        Assert.Equal((WaitReason.NoGoodCheckpoint, play.State.Now + Sample.Policy.LineageRecheck), (play.State.Waiting!.Reason, play.State.Waiting.Until));
    }

    [Fact]
    public void Survey_ThatADrainCannotUse_LeavesTheRunRunning()
    {
        var play = new RunPlay(Sample.Running(1)).Place(Sample.West, MoveCause.Drain).Reserve().Survey(Sample.Survey(2, CopyHealth.Corrupt, CopyHealth.Missing));

        Assert.Equal(RunStep.Running, play.State.Step);
        Assert.NotNull(play.State.LastMove!.FallbackDetail);
    }

    [Theory]
    [InlineData(RunStep.Verifying)]
    [InlineData(RunStep.Running)]
    public void Progress_FromTheWrongCommit_IsAContractViolation(RunStep step)
    {
        var state = step == RunStep.Running ? Sample.Running(2) : Sample.In(step);
        var play = new RunPlay(state);

        play.Tell(new RunEvent.Progressed(play.At, new Progress(2, 0, 99, null, play.At), ProgressKind.Heartbeat));

        Assert.Equal(WaitReason.RetriesExhausted, play.State.Waiting!.Reason);
        Assert.StartsWith("ContractViolated: epoch 2 was to resume from e1/0, its trainer says nothing", play.State.Waiting.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RunStep.Verifying, 2, true)]
    [InlineData(RunStep.Running, 2, true)]
    [InlineData(RunStep.Running, 1, false)] // Of an epoch that is over.
    [InlineData(RunStep.Waiting, 1, false)] // It is to be replaced already.
    public void Progress_CommitThatDoesNotCount_IsAContractViolationAtWhateverStep(RunStep step, int epoch, bool violated)
    {
        var state = step == RunStep.Running ? Sample.Running(2) : Sample.In(step);
        var play = new RunPlay(state);

        play.Tell(new RunEvent.Progressed(play.At, new Progress(epoch, 0, 1, null, play.At), ProgressKind.Commit, "e2/0 does not count."));

        Assert.Equal(violated ? "ContractViolated: e2/0 does not count." : state.Waiting?.Detail, play.State.Waiting?.Detail);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void Progress_OfALaterAttempt_MayResumeFromItsOwnEpoch(int attempt, bool violates)
    {
        var play = new RunPlay(Sample.Running(2));

        play.Tell(new RunEvent.Progressed(play.At, new Progress(2, attempt, 99, new CommitRef(2, 0), play.At), ProgressKind.Heartbeat));

        Assert.Equal(violates, play.State.Step == RunStep.Waiting);
    }

    [Theory]
    [InlineData(ProgressKind.Heartbeat, ProgressKind.PodsReady, 0, RunStep.Verifying)]
    [InlineData(ProgressKind.Heartbeat, ProgressKind.Heartbeat, 10, RunStep.Verifying)]
    [InlineData(ProgressKind.Heartbeat, ProgressKind.Heartbeat, 11, RunStep.Running)]
    [InlineData(ProgressKind.Heartbeat, ProgressKind.Commit, 11, RunStep.Running)]
    [InlineData(ProgressKind.Commit, ProgressKind.Heartbeat, 11, RunStep.Verifying)]
    [InlineData(ProgressKind.Commit, ProgressKind.Commit, 11, RunStep.Running)]
    [InlineData(ProgressKind.PodsReady, ProgressKind.PodsReady, 0, RunStep.Running)]
    [InlineData(ProgressKind.PodsReady, ProgressKind.Heartbeat, 11, RunStep.Running)]
    public void Launch_IsVerified_ByProgressAtLeastAsTellingAsAskedFor(ProgressKind asked, ProgressKind seen, long step, RunStep expected)
    {
        var state = Sample.In(RunStep.Verifying);
        state = state with { Spec = Sample.Spec with { Progress = new ProgressSpec(asked) }, Epoch = state.Epoch! with { Progress = null } };

        Assert.Equal(expected, new RunPlay(state).Progress(step, by: seen).State.Step);
    }

    [Fact]
    public void Launch_NoProgressInTime_DistrustsTheMemberForTwiceAsLongEachTime()
    {
        var play = new RunPlay(Sample.Running(1)).FailOverTo(RunStep.Verifying);
        var limit = Sample.Spec.Deadlines.Launch + Sample.Spec.Deadlines.Verify;
        Assert.False(play.Wait(limit - TimeSpan.FromSeconds(1)).Last.Changed);

        var first = play.Wait(limit).State;
        Assert.Equal((WaitReason.BackingOff, RunStep.Waiting), (first.Waiting!.Reason, first.Step));
        Assert.Equal(("west-1", 1, first.Now + Sample.Policy.Distrust), Told(first));

        play.Place(Sample.West).Reserve().Survey(AfterEpochTwo()).Stage().Seal(AfterEpochTwo()).Pin().Launch();
        Assert.False(play.Wait((limit * 2) - TimeSpan.FromSeconds(1)).Last.Changed);
        var second = play.Wait(limit * 2).State;
        Assert.Equal(("west-1", 2, second.Now + (Sample.Policy.Distrust * 2)), Told(second));
        Assert.Equal(3, second.EpochNumber);
    }

    [Fact]
    public void Launch_RefusedForGood_WaitsForAnotherMember()
    {
        var state = new RunPlay(Sample.Running(1)).FailOverTo(RunStep.Launching).Launch(refusal: "forbidden by admission").State;

        Assert.Equal(WaitReason.BackingOff, state.Waiting!.Reason);
        Assert.Contains("forbidden by admission", state.Waiting.Detail, StringComparison.Ordinal);
        Assert.Equal("west-1", Assert.Single(state.Distrusted).Member);
    }

    [Fact]
    public void Distrust_LongPast_IsForgottenWithTheNext()
    {
        var stale = new Distrust("north-1", Sample.Start - (Sample.Policy.DistrustMax * 2), 1, "long ago");
        var state = new RunPlay(Sample.Running(1) with { Distrusted = [stale] }).FailOverTo(RunStep.Launching).Launch(refusal: "no").State;

        Assert.Equal("west-1", Assert.Single(state.Distrusted).Member);
    }

    [Fact]
    public void Running_WellForAWhile_ForgetsFailuresAndMoves()
    {
        var play = new RunPlay(Sample.Running(1) with { Retries = new RetryCount(1, 0), Recent = new MoveHistory(Sample.Start, 1), StepSince = Sample.Start });

        Assert.Equal(new RetryCount(1, 0), play.Wait(Sample.Policy.RunsWellAfter - TimeSpan.FromSeconds(1)).State.Retries);
        Assert.Equal((new RetryCount(0, 0), 1), (play.Wait(TimeSpan.FromSeconds(600)).State.Retries, play.State.Recent.Count));
        Assert.Equal(new MoveHistory(null, 0), play.Wait(Sample.Policy.MoveMemory).State.Recent);
        Assert.False(play.Wait(Sample.Policy.MoveMemory).Last.Changed);
    }

    private static (string, int, DateTimeOffset) Told(RunState state) =>
        Assert.Single(state.Distrusted) is var distrust ? (distrust.Member, distrust.Count, distrust.Until) : default;

    /// <summary>Epoch 2 was launched and never committed: its seal is all there is of it.</summary>
    private static LineageSurvey AfterEpochTwo() => new(
    [
        Sample.Store("east", 2, CopyHealth.Verified),
        Sample.Store("west", 2, CopyHealth.Verified),
    ]);
}
