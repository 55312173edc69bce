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
    [InlineData(RunStep.Planned)]
    [InlineData(RunStep.Reserved)]
    [InlineData(RunStep.Fenced)]
    public void Tick_StepsWithoutALimit_WaitForTheirEffect(RunStep step) => Assert.False(new RunPlay(Sample.In(step)).Wait(TimeSpan.FromDays(30)).Last.Changed);

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
