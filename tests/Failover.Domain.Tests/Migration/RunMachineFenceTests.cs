using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;
using Failover.Domain.Runs;

namespace Failover.Domain.Tests.Migration;

/// <summary>The fence: what may still call a move off, stores that can't be sealed, cuts, pins.</summary>
public sealed class RunMachineFenceTests
{
    public static TheoryData<RunStep> BeforeTheFence => [RunStep.Planned, RunStep.Reserved, RunStep.Staging];

    [Theory]
    [MemberData(nameof(BeforeTheFence))]
    public void Progress_BeforeTheFence_CancelsAFailover(RunStep step)
    {
        var play = new RunPlay(Sample.Running(1)).FailOverTo(step).Progress(100);

        Assert.Equal((RunStep.Running, 1, null), (play.State.Step, play.State.EpochNumber, play.State.Move));
        Assert.Equal(2, play.State.LastMove!.Number);
    }

    [Fact]
    public void Progress_OfADisplacedRun_BringsItBack() => Assert.Equal(RunStep.Running, new RunPlay(Sample.Running(1)).Displace().Progress(100).State.Step);

    [Fact]
    public void Progress_PastTheFence_CountsForNothing()
    {
        var play = new RunPlay(Sample.Running(1)).FailOverTo(RunStep.Fenced);

        Assert.False(play.Progress(100).Last.Changed);
        Assert.Equal(RunStep.Waiting, play.Tell(new RunEvent.TargetLost(play.At, 2, "lost")).State.Step);
        // The seal may be set though nobody knows: once intended, the epoch can't come back.
        Assert.False(play.Progress(101).Last.Changed);
    }

    [Theory]
    [InlineData(0, 15)]
    [InlineData(0, 14)]
    public void Progress_ThatDoesNotRise_CancelsNothing(int attempt, long step) =>
        Assert.False(new RunPlay(Sample.Running(1)).Displace().Progress(step, attempt).Last.Changed);

    [Fact]
    public void Progress_OfALaterAttemptAtALowerStep_IsFresh() => Assert.Equal(RunStep.Running, new RunPlay(Sample.Running(1)).Displace().Progress(3, attempt: 1).State.Step);

    [Fact]
    public void Progress_OfARunThatWaitsForAPerson_DoesNotBringItBack()
    {
        var play = new RunPlay(Sample.In(RunStep.Waiting) with { Waiting = new WaitState(WaitReason.RetriesExhausted, "violated", Sample.Start) });

        Assert.False(play.Progress(100).Last.Changed);
    }

    [Fact]
    public void Progress_ReadAfterItsWorkloadFailed_DoesNotBringItBack()
    {
        var play = new RunPlay(Sample.Running(1)).Exit(1);

        Assert.False(play.Progress(100).Last.Changed);
        play.Wait(Sample.Policy.RetryDelay).Place(Sample.East, MoveCause.Restart).Reserve();
        Assert.False(play.Progress(101).Last.Changed);
    }

    [Fact]
    public void Failure_OfADisplacedRun_EndsTheHopeForItsEpoch()
    {
        var play = new RunPlay(Sample.Running(1)).Displace().Exit(1);

        Assert.True(play.State.Epoch!.Ended);
        Assert.False(play.Exit(1).Last.Changed);
        Assert.False(play.Progress(100).Last.Changed);
    }

    [Fact]
    public void Progress_FromTheWrongCommit_CancelsNothing()
    {
        var play = new RunPlay(Sample.Running(2)).Displace();

        Assert.False(play.Tell(new RunEvent.Progressed(play.At, new Progress(2, 0, 99, null, play.At), ProgressKind.Heartbeat)).Last.Changed);
    }

    [Fact]
    public void Seal_StoreOutOfReachInAFailover_GoesOnAndOwesTheSeal()
    {
        var play = new RunPlay(Sample.Running(1)).FailOverTo(RunStep.Fenced).Seal(OnlyWest(2), reached: false);
        var owedSince = play.State.Now;
        play.Pin();

        Assert.Equal(RunStep.Launching, play.State.Step);
        Assert.Equal([new PendingSeal(1, "east") { Since = owedSince }], play.State.PendingSeals);
        Assert.False(Assert.Single(play.State.Past).Sealed);
        Assert.Contains(play.Last.Effects, effect => effect is RunEffect.Seal { Owed: true, Epoch: 1, Store: "east" });
    }

    [Fact]
    public void OwedSeal_SetLater_ClosesTheEpochWhereverTheRunStands()
    {
        var play = Owing();
        var owedSince = play.State.PendingSeals[0].Since;

        play.Tell(new RunEvent.Sealed(play.At, "late", 1, "east", Reached: true, Survey: null));

        Assert.Empty(play.State.PendingSeals);
        Assert.Equal(new PaidSeal(1, "east", play.State.Now, owedSince), play.State.LastPaidSeal);
        Assert.True(Assert.Single(play.State.Past).Sealed);
        Assert.Equal(RunStep.Running, play.State.Step);
    }

    /// <summary>Found by a play of bad-commit: the store came back while the commit was being pinned.</summary>
    [Fact]
    public void OwedSeal_SetBeforeTheNextEpochIsCurrent_IsNotForgotten()
    {
        var play = new RunPlay(Sample.Running(1)).FailOverTo(RunStep.Fenced).Seal(OnlyWest(2), reached: false);

        play.Tell(new RunEvent.Sealed(play.At, "late", 1, "east", Reached: true, Survey: null)).Pin();

        Assert.Equal(RunStep.Launching, play.State.Step);
        Assert.Empty(play.State.PendingSeals);
        Assert.True(Assert.Single(play.State.Past).Sealed);
    }

    [Fact]
    public void OwedSeal_StillOutOfReach_IsTriedAgainLater()
    {
        var play = Owing();
        var effect = Assert.Single(RunMachine.Pending(play.State, Sample.Policy)).Id;

        play.Tell(new RunEvent.Sealed(play.At, effect, 1, "east", Reached: false, Survey: null));
        Assert.Empty(play.Last.Effects);
        Assert.Equal(effect, Assert.Single(play.Wait(Sample.Policy.RetryDelayMax).Last.Effects).Id);

        play.Tell(new RunEvent.EffectFailed(play.At, effect, "no answer"));
        Assert.Empty(play.Last.Effects);
        Assert.Single(RunMachine.Pending(play.State, Sample.Policy));
    }

    [Fact]
    public void OwedSeal_OfATombstone_IsStillSet()
    {
        var play = new RunPlay(Owing().State with { Step = RunStep.Cancelled });

        play.Tell(new RunEvent.Sealed(play.At, "late", 1, "east", Reached: true, Survey: null));

        Assert.Equal((RunStep.Cancelled, true), (play.State.Step, play.State.PendingSeals.IsEmpty));
    }

    [Fact]
    public void OwedSeal_OfADifferentStore_ChangesNothing()
    {
        var play = Owing();

        Assert.False(play.Tell(new RunEvent.Sealed(play.At, "late", 1, "west", Reached: true, Survey: null)).Last.Changed);
        Assert.False(play.Tell(new RunEvent.EffectFailed(play.At, "another", "no answer")).Last.Changed);
    }

    [Theory]
    [InlineData(MoveCause.Restart)]
    [InlineData(MoveCause.Drain)]
    public void Seal_StoreOutOfReachInAVoluntaryMove_TriesAndThenWaits(MoveCause cause)
    {
        var play = new RunPlay(Sample.In(RunStep.Fenced, cause));

        for (var tries = 0; tries < 5; tries++)
        {
            Assert.Equal(RunStep.Fenced, play.Seal(OnlyWest(2), reached: false).State.Step);
            play.Wait(Sample.Policy.RetryDelayMax);
        }
        play.Seal(OnlyWest(2), reached: false);

        Assert.Equal(WaitReason.LineageUnknown, play.State.Waiting!.Reason);
        Assert.Empty(play.State.PendingSeals);
        Assert.Equal(1, play.State.EpochNumber);
    }

    [Fact]
    public void Closing_StoreOutOfReach_EndsWithTheSealOwed()
    {
        var play = new RunPlay(Sample.In(RunStep.Cancelling));

        for (var tries = 0; tries < 5; tries++)
            Assert.Equal(RunStep.Cancelling, play.Seal(OnlyWest(1), reached: false).State.Step);
        play.Seal(OnlyWest(1), reached: false);

        Assert.Equal(RunStep.Cancelled, play.State.Step);
        Assert.Equal([new PendingSeal(1, "east") { Since = play.State.Now }], play.State.PendingSeals);
        Assert.Contains(play.Last.Effects, effect => effect is RunEffect.Seal { Owed: true });
    }

    [Fact]
    public void Closing_NobodyKnowsWhetherItIsSealed_EndsWithTheSealOwed()
    {
        var play = new RunPlay(Sample.In(RunStep.Finishing));

        for (var tries = 0; tries < 6; tries++)
            play.Fail();

        Assert.Equal(RunStep.Finished, play.State.Step);
        Assert.Equal([new PendingSeal(1, "east") { Since = play.State.Now }], play.State.PendingSeals);
    }

    [Fact]
    public void Cut_WhatStoresHoldBeyondIt_DoesNotCountAnyMore()
    {
        var running = Sample.Running(1) with { Tips = [new StoreTip("east", new CommitRef(1, 4), 50, Sample.Start), new StoreTip("north", new CommitRef(1, 0), 10, Sample.Start)] };
        var play = new RunPlay(running).Displace().Place(Sample.West).Reserve().Survey(North(OnlyWest(2))).Stage().Seal(North(OnlyWest(2)), reached: false);
        play.Pin();

        var tips = play.State.Tips.ToDictionary(tip => tip.Store, tip => (tip.Commit, tip.Step));

        Assert.DoesNotContain("east", tips.Keys);
        Assert.Equal((new CommitRef(1, 0), 10L), tips["north"]);
        Assert.Equal((new CommitRef(1, 1), 20L), tips["west"]);
    }

    [Fact]
    public void Pin_WithEnoughOwnCommits_IsRemoved()
    {
        var play = new RunPlay(Sample.Running(2) with { Pins = [new PinRef("east", 2)] });

        Assert.Empty(play.Tip("east", new CommitRef(2, 0), 30, own: 1).Last.Effects);
        var unpin = Assert.IsType<RunEffect.Unpin>(Assert.Single(play.Tip("east", new CommitRef(2, 1), 40, own: 2).Last.Effects));
        Assert.Equal(("east", 2), (unpin.Store, unpin.ForEpoch));

        Assert.False(play.Tell(new RunEvent.Unpinned(play.At, "of another epoch")).Last.Changed);
        play.Tell(new RunEvent.Unpinned(play.At, unpin.Id));
        Assert.Empty(play.Last.Effects);
        Assert.Empty(play.State.Pins);
    }

    [Fact]
    public void Tip_KnownAlreadyOrOfAnotherEpoch_ChangesNothing()
    {
        var play = new RunPlay(Sample.Running(2)).Tip("west", new CommitRef(2, 0), 30, own: 1);
        Assert.Equal(0, play.State.Epoch!.OwnCommits);

        Assert.False(play.Tip("west", new CommitRef(2, 0), 30, own: 1).Last.Changed);
        Assert.False(play.Tell(new RunEvent.TipAdvanced(play.At, 1, new StoreTip("west", new CommitRef(1, 9), 90, play.At), 9)).Last.Changed);
        Assert.Equal(new CommitRef(2, 1), Assert.Single(play.Tip("west", new CommitRef(2, 1), 40, own: 1).State.Tips).Commit);
    }

    /// <summary>It runs its second epoch, and the first is still to be sealed.</summary>
    private static RunPlay Owing() => new RunPlay(Sample.Running(1)).FailOverTo(RunStep.Fenced).Seal(OnlyWest(2), reached: false).Pin().Launch().Progress(21);

    private static LineageSurvey OnlyWest(int commits) =>
        new([new StoreSurvey("east", SurveyOutcome.Unreachable, [], "cut off"), Sample.Store("west", commits, CopyHealth.Verified)]);

    private static LineageSurvey North(LineageSurvey survey) => new([.. survey.Stores, Sample.Store("north", 1, CopyHealth.Verified)]);
}
