using Failover.Domain.Migration;

namespace Failover.Domain.Tests.Migration;

/// <summary>Retries of effects, deadlines, and which runs a tick is worth a call for.</summary>
public sealed class RunMachineTimeTests
{
    [Fact]
    public void EffectFailed_AgainAndAgain_IsTriedLaterEachTimeUpToTheLongestDelay()
    {
        var play = new RunPlay(Sample.In(RunStep.Fenced));
        List<double> delays = [];

        for (var tries = 0; tries < 7; tries++)
        {
            play.Fail();
            delays.Add((play.State.Retry.NotBefore!.Value - play.State.Now).TotalSeconds);
        }

        Assert.Equal([1, 2, 4, 8, 16, 30, 30], delays);
        Assert.Empty(play.Last.Effects);
        Assert.Single(play.Wait(TimeSpan.FromSeconds(30)).Last.Effects);
    }

    [Theory]
    [InlineData(RunStep.Planned, MoveCause.Failover, RunStep.Waiting)]
    [InlineData(RunStep.Reserved, MoveCause.Restart, RunStep.Waiting)]
    [InlineData(RunStep.Staging, MoveCause.Drain, RunStep.Running)]
    [InlineData(RunStep.Quiescing, MoveCause.Drain, RunStep.Waiting)]
    public void EffectFailed_TooOftenBeforeTheFence_GivesTheTargetUp(RunStep step, MoveCause cause, RunStep expected)
    {
        var play = new RunPlay(Sample.In(step, cause));

        for (var tries = 0; tries < 8; tries++)
            Assert.Equal(step, play.Fail().State.Step);

        Assert.Equal(expected, play.Fail().State.Step);
    }

    /// <summary>Pods with a long grace say so for as long as they have it; the eighth such answer once gave the move up.</summary>
    [Fact]
    public void Stopping_HoweverOften_IsBoundedByTheTimeToQuiesceAlone()
    {
        var state = Sample.In(RunStep.Quiescing, MoveCause.Drain);
        var play = new RunPlay(state);
        var (at, end, looks) = (state.StepSince, state.StepSince + state.Spec.Deadlines.Quiesce, 0);

        for (; at < end; at = play.State.Retry.NotBefore!.Value, looks++)
        {
            Assert.Contains(play.Tell(new RunEvent.Tick(at)).Last.Effects, effect => effect is RunEffect.Quiesce);
            play.Tell(new RunEvent.Stopping(at, play.Effect, "its pods are stopping"));
            Assert.Equal((RunStep.Quiescing, 0), (play.State.Step, play.State.Retry.Tries));
        }

        Assert.InRange(looks, 9, 60);
        play.Tell(new RunEvent.Tick(end));
        Assert.Equal((RunStep.Reserved, true), (play.State.Step, play.State.Move!.Quiesced));
    }

    [Theory]
    // seconds since it was asked to stop → until it is looked at again
    [InlineData(0, 1)]
    [InlineData(80, 10)]
    [InlineData(500, 30)]
    public void Stopping_TheLongerItTakes_IsLookedAtTheLater(double taken, double delay)
    {
        var play = new RunPlay(Sample.In(RunStep.Quiescing, MoveCause.Drain));

        play.Tell(new RunEvent.Stopping(play.State.StepSince + TimeSpan.FromSeconds(taken), play.Effect, "its pods are stopping"));

        Assert.Equal(TimeSpan.FromSeconds(delay), play.State.Retry.NotBefore!.Value - play.State.Now);
    }

    [Fact]
    public void Stopping_AfterFailures_BeginsTheirCountAnew()
    {
        var play = new RunPlay(Sample.In(RunStep.Quiescing, MoveCause.Drain));

        for (var tries = 0; tries < 8; tries++)
            play.Fail();
        play.Tell(new RunEvent.Stopping(play.At, play.Effect, "it is stopping")).Fail();

        Assert.Equal((RunStep.Quiescing, 1), (play.State.Step, play.State.Retry.Tries));
    }

    [Fact]
    public void EffectFailed_PastTheFence_IsTriedForever()
    {
        var play = new RunPlay(Sample.In(RunStep.Fenced));

        for (var tries = 0; tries < 100; tries++)
            Assert.Equal(RunStep.Fenced, play.Fail().State.Step);
    }

    public static TheoryData<RunStep, double, RunStep, bool> Deadlines => new()
    {
        { RunStep.Staging, 600, RunStep.Waiting, true },
        { RunStep.ToppingUp, 600, RunStep.Waiting, true },
        { RunStep.Pinning, 600, RunStep.Waiting, true },
        { RunStep.Quiescing, 600, RunStep.Reserved, false },
        { RunStep.Launching, 600, RunStep.Waiting, true },
        { RunStep.Verifying, 1_500, RunStep.Waiting, true },
    };

    [Theory]
    [MemberData(nameof(Deadlines))]
    public void Tick_AtTheDeadlineOfAStep_GivesItUp(RunStep step, double seconds, RunStep expected, bool distrusts)
    {
        var state = Sample.In(step, MoveCause.Drain);
        var play = new RunPlay(state with { StepSince = state.Now });

        Assert.False(play.Wait(TimeSpan.FromSeconds(seconds - 1)).Last.Changed);
        // Staging has twice the time that its bytes need on top.
        Assert.Equal(expected == RunStep.Waiting && step == RunStep.Staging ? RunStep.Running : expected, play.Wait(TimeSpan.FromSeconds(seconds + 1)).State.Step);
        Assert.Equal(distrusts, !play.State.Distrusted.IsEmpty);
    }

    [Fact]
    public void Tick_StagingOfManyBytes_HasTwiceTheTimeThatTheyNeed()
    {
        var state = Sample.In(RunStep.Staging);
        var play = new RunPlay(state with { Move = state.Move! with { CommitBytes = 100 * Sample.Policy.StagingBytesPerSecond } });

        Assert.Equal(RunStep.Staging, play.Wait(TimeSpan.FromSeconds(600 + 199)).State.Step);
        Assert.Equal(RunStep.Waiting, play.Wait(TimeSpan.FromSeconds(600 + 201)).State.Step);
    }

    [Theory]
    [InlineData(RunStep.Planned, 60, MoveCause.Failover, RunStep.Waiting, "west-1 did not answer whether it reserves the GPUs within 0:01:01.")]
    [InlineData(RunStep.Reserved, 120, MoveCause.Restart, RunStep.Waiting, "The stores did not say what they hold within 0:02:01.")]
    [InlineData(RunStep.Planned, 60, MoveCause.Drain, RunStep.Running, null)]
    [InlineData(RunStep.Reserved, 120, MoveCause.Drain, RunStep.Running, null)]
    public void Tick_NoAnswerBeforeStaging_GivesTheTargetUpAndSaysWhy(RunStep step, double seconds, MoveCause cause, RunStep expected, string? detail)
    {
        var state = Sample.In(step, cause);
        var play = new RunPlay(state with { StepSince = state.Now });

        Assert.False(play.Wait(TimeSpan.FromSeconds(seconds - 1)).Last.Changed);
        var up = play.Wait(TimeSpan.FromSeconds(seconds + 1)).State;

        Assert.Equal((expected, detail, 1), (up.Step, up.Waiting?.Detail, up.Overruns));
        // Whoever holds no move holds no GPUs: the ledger is reconciled with the rows.
        Assert.Null(up.Move);
        Assert.Empty(up.Distrusted);
        Assert.Equal(detail is null ? null : up.Now + Sample.Policy.RetryDelayMax, up.Waiting?.Until);
    }

    [Fact]
    public void Tick_NoAnswerAfterADrainWasQuiesced_WaitsForAnotherPlace()
    {
        var state = Sample.In(RunStep.Reserved, MoveCause.Drain);
        var play = new RunPlay(state with { Move = state.Move! with { Quiesced = true } });

        Assert.Equal(WaitReason.BackingOff, play.Wait(TimeSpan.FromSeconds(121)).State.Waiting!.Reason);
    }

    [Fact]
    public void Tick_NoAnswerAgainAndAgain_DoublesTheLimitUntilAMoveGetsThrough()
    {
        var play = new RunPlay(Sample.Running(1)).Displace();
        List<double> limits = [];
        for (var move = 0; move < 8; move++)
        {
            play.Place(Sample.West);
            var since = play.State.StepSince;
            var waited = TimeSpan.Zero;
            while (play.State.Step == RunStep.Planned)
                play.Tell(new RunEvent.Tick(since + (waited += TimeSpan.FromSeconds(10))));
            limits.Add(waited.TotalSeconds);
        }

        Assert.Equal([60, 120, 240, 480, 960, 1_920, 3_840, 3_840], limits);
        play.Place(Sample.West).Reserve().Survey(Sample.Survey(2)).Stage().Seal(Sample.Survey(2)).Pin().Launch().Progress(21);
        Assert.Equal((RunStep.Running, 0), (play.State.Step, play.State.Overruns));
    }

    [Fact]
    public void Tick_FencedPastItsLimit_TellsOnceAndGoesOnTrying()
    {
        var play = new RunPlay(Sample.In(RunStep.Fenced)).Fail();

        Assert.False(play.Wait(TimeSpan.FromSeconds(100)).Last.Changed);
        Assert.True(RunMachine.NeedsTick(play.State, play.State.StepSince + TimeSpan.FromSeconds(120), Sample.Policy));
        var told = play.Wait(TimeSpan.FromSeconds(121)).State;

        Assert.Equal(RunStep.Fenced, told.Step);
        Assert.Equal(
            "Epoch 1 is not sealed after 0:02:02 (the last try: no answer). It can't go back, and goes on trying: it waits for the stores, east above all, or for a person to mend "
            + "or cancel.", told.Overdue!.Detail);
        Assert.Single(play.Last.Effects);
        Assert.False(play.Wait(TimeSpan.FromDays(30)).Last.Changed);
        Assert.Single(play.Last.Effects);
        Assert.Equal(told.Overdue, play.Fail().State.Overdue);
        Assert.False(RunMachine.NeedsTick(play.State, play.State.Now, Sample.Policy));

        play.Wait(TimeSpan.FromSeconds(30)).Seal(Sample.Survey(1));
        Assert.Equal((RunStep.Pinning, null), (play.State.Step, play.State.Overdue));
    }

    public static TheoryData<RunStep, bool> Ticks => new()
    {
        { RunStep.Waiting, false },
        { RunStep.Planned, true },
        { RunStep.Fenced, true },
        { RunStep.Verifying, false },
        { RunStep.Running, false },
        { RunStep.Finishing, true },
        { RunStep.Finished, false },
    };

    [Theory]
    [MemberData(nameof(Ticks))]
    public void NeedsTick_ByStep_OnlyWhereAnEffectIsDue(RunStep step, bool expected)
    {
        var state = Sample.In(step);

        Assert.Equal(expected, RunMachine.NeedsTick(state with { StepSince = state.Now }, state.Now, Sample.Policy));
    }

    [Fact]
    public void NeedsTick_EffectThatIsNotDueYet_OnceItIs()
    {
        var state = new RunPlay(Sample.In(RunStep.Fenced)).Fail().State;

        Assert.False(RunMachine.NeedsTick(state, state.Now, Sample.Policy));
        Assert.True(RunMachine.NeedsTick(state, state.Retry.NotBefore!.Value, Sample.Policy));
        Assert.False(RunMachine.NeedsTick(state, state.Now - TimeSpan.FromDays(1), Sample.Policy));
    }

    [Fact]
    public void NeedsTick_DeadlineReached_IsTrue()
    {
        var state = Sample.In(RunStep.Verifying);

        Assert.True(RunMachine.NeedsTick(state, state.StepSince + TimeSpan.FromSeconds(1_500), Sample.Policy));
    }

    [Fact]
    public void NeedsTick_RunsWellAgain_OnceItsFailuresMayBeForgotten()
    {
        var state = Sample.Running(1) with { Retries = new RetryCount(0, 1) };

        Assert.False(RunMachine.NeedsTick(state, state.StepSince + Sample.Policy.RunsWellAfter - TimeSpan.FromSeconds(1), Sample.Policy));
        Assert.True(RunMachine.NeedsTick(state, state.StepSince + Sample.Policy.RunsWellAfter, Sample.Policy));
    }

    /// <summary>A result that names another move's effect, as one that comes late does.</summary>
    public static TheoryData<RunStep, RunEvent> LateResults
    {
        get
        {
            var at = Sample.Start;
            const string Late = $"{Sample.Uid}/e2/m1/late";
            return new TheoryData<RunStep, RunEvent>
            {
                { RunStep.Planned, new RunEvent.Reservation(at, Late, true, "") },
                { RunStep.Reserved, new RunEvent.Surveyed(at, Late, Sample.Survey(1)) },
                { RunStep.Staging, new RunEvent.Staged(at, Late, Complete: true) },
                { RunStep.Quiescing, new RunEvent.Quiesced(at, Late) },
                { RunStep.Quiescing, new RunEvent.Stopping(at, Late, "") },
                { RunStep.Fenced, new RunEvent.Sealed(at, Late, 1, "east", Reached: true, Sample.Survey(1)) },
                { RunStep.Pinning, new RunEvent.Pinned(at, Late, Complete: true) },
                { RunStep.Launching, new RunEvent.Launched(at, Late) },
                { RunStep.Finishing, new RunEvent.Sealed(at, Late, 1, "east", Reached: true, null) },
                { RunStep.Fenced, new RunEvent.EffectFailed(at, Late, "no answer") },
            };
        }
    }

    [Theory]
    [MemberData(nameof(LateResults))]
    public void Result_OfAnEarlierMovesEffect_IsDropped(RunStep step, RunEvent late) => Assert.False(RunMachine.Next(Sample.In(step), late, Sample.Policy).Changed);
}
