using System.Collections.Immutable;
using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;
using static Failover.Domain.Tests.Checkpoints.Histories;

namespace Failover.Domain.Tests.Checkpoints;

/// <summary>One test a rule of I2. The run's epoch commits to <c>own</c>; <c>replica</c> and <c>other</c> are elsewhere; it is to go on at <c>target</c>.</summary>
public class ResumeChoiceTests
{
    private static readonly ImmutableArray<SlotEntry> Three = Slots(1, null, 10, 20, 30);

    [Fact]
    public void Choose_NeverLaunched_IsFresh() => Assert.IsType<ResumeDecision.Fresh>(Choose(Run(null)));

    [Fact]
    public void Choose_AllIsWell_IsTheNewestOfTheChain()
    {
        var resume = Resumed(Choose(Run(Epoch(1, "own")), Listed("own", Three)));

        Assert.Equal((Ref(1, 2), 30L, 100L, null), (resume.Commit, resume.Step, resume.Bytes, resume.FallbackDetail));
        Assert.Equal(["own"], resume.Sources.AsEnumerable());
    }

    [Fact]
    public void Choose_StepsFellAfterwards_IsTheNewestAllTheSame() =>
        Assert.Equal(Ref(1, 2), Resumed(Choose(Run(Epoch(1, "own")), Listed("own", Slots(1, null, 10, 5_000, 20)))).Commit);

    [Fact]
    public void Choose_ZombieIsFarAhead_IsWhatTheCutLeft()
    {
        var zombie = Slots(1, null, 10, 20, 9_000);
        var run = Run(Epoch(2, "replica", Ref(1, 1), 20)) with { Past = [Past(1, "own", null, Ref(1, 1))] };

        Assert.Equal(Ref(1, 1), Resumed(Choose(run, Listed("own", zombie), Unreachable("replica"))).Commit);
    }

    [Fact]
    public void Choose_SeveralCopies_VerifiedFirstThenTheTargetsOwn()
    {
        StoreSurvey Holding(string store, CopyHealth health) => Listed(store, Three.Select(slot => slot with { Health = health }));

        var resume = Resumed(Choose(
            Run(Epoch(1, "own")),
            Holding("target", CopyHealth.Unverified), Holding("b", CopyHealth.Verified), Holding("own", CopyHealth.Unverified), Holding("a", CopyHealth.Verified)));
        Assert.Equal(["a", "b", "target", "own"], resume.Sources.AsEnumerable());

        var there = Resumed(Choose(Run(Epoch(1, "own")), Holding("own", CopyHealth.Verified), Holding("target", CopyHealth.Verified)));
        Assert.Equal(["target", "own"], there.Sources.AsEnumerable());
    }

    [Theory]
    [InlineData(CopyHealth.Corrupt, "corrupt in own")]
    [InlineData(CopyHealth.Missing, "missing in own")]
    public void Choose_NewestIsNotWhole_FallsBackAndSaysSo(CopyHealth health, string words)
    {
        var resume = Resumed(Choose(Run(Epoch(1, "own")), Listed("own", [Three[0], Three[1], Three[2] with { Health = health }])));

        Assert.Equal(Ref(1, 1), resume.Commit);
        Assert.Equal($"Passed over e1/2 (step 30): {words}.", resume.FallbackDetail);
    }

    [Fact]
    public void Choose_NewestIsCorruptHereAndGoodThere_IsTheNewestFromThere()
    {
        var resume = Resumed(Choose(
            Run(Epoch(1, "own")), Listed("own", Three.SetItem(2, Three[2] with { Health = CopyHealth.Corrupt })), Listed("replica", Three)));

        Assert.Equal(Ref(1, 2), resume.Commit);
        Assert.Equal(["replica"], resume.Sources.AsEnumerable());
        Assert.Null(resume.FallbackDetail);
    }

    [Fact]
    public void Choose_CopyWasFoundBadWhileLoading_IsNotOfferedAgain()
    {
        var run = Run(Epoch(1, "own")) with { BadCopies = [new BadCopy("own", Ref(1, 2))] };

        Assert.Equal(["replica"], Resumed(Choose(run, Listed("own", Three), Listed("replica", Three))).Sources.AsEnumerable());
        var fallback = Resumed(Choose(run, Listed("own", Three)));
        Assert.Equal(Ref(1, 1), fallback.Commit);
        Assert.Equal("Passed over e1/2 (step 30): found bad while loading in own.", fallback.FallbackDetail);
    }

    [Fact]
    public void Choose_FallbackAcrossTheEpochsBeginning_GoesOnInTheEpochBefore()
    {
        var second = Slots(2, Link(Three[1]), 40)[0] with { Health = CopyHealth.Missing };
        var run = Run(Epoch(2, "own", Ref(1, 1), 20)) with { Past = [Past(1, "own", null, Ref(1, 1))] };

        Assert.Equal(Ref(1, 1), Resumed(Choose(run, Listed("own", [.. Three, second]))).Commit);
    }

    [Theory]
    [InlineData(CopyHealth.Verified)]
    [InlineData(CopyHealth.Unverified)]
    public void Choose_NewestIsForged_FallsBackAndSaysSoWhateverIsKnownOfItsFiles(CopyHealth health)
    {
        var forged = Three[2] with { Commit = Three[2].Commit! with { Provenance = new string('f', 64) }, Health = health };

        var resume = Resumed(Choose(Run(Epoch(1, "own")), Listed("own", [Three[0], Three[1], forged]), Listed("replica", [forged])));

        Assert.Equal((Ref(1, 1), "Passed over e1/2 (step 30): its provenance does not follow from its parent's."), (resume.Commit, resume.FallbackDetail));
    }

    [Fact]
    public void Choose_NothingButForged_WaitsForAPerson()
    {
        var forged = Three[0] with { Commit = Three[0].Commit! with { Provenance = new string('f', 64) } };

        Assert.Contains("provenance does not follow", Waits(WaitReason.NoGoodCheckpoint, Choose(Run(Epoch(1, "own")), Listed("own", forged))), StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_NoneIsWhole_WaitsAndNamesTheNewestFew()
    {
        var bad = Slots(1, null, 10, 20, 30, 40, 50).Select(slot => slot with { Health = CopyHealth.Corrupt });

        var wait = Waits(WaitReason.NoGoodCheckpoint, Choose(Run(Epoch(1, "own")), Listed("own", bad)));

        Assert.Equal(
            "No commit of the lineage is whole: e1/4 (step 50): corrupt in own; e1/3 (step 40): corrupt in own; e1/2 (step 30): corrupt in own; and 2 before.", wait);
    }

    [Fact]
    public void Choose_WhatItResumedFromIsNowhere_Waits()
    {
        var run = Run(Epoch(2, "own", Ref(1, 1), 20)) with { Past = [Past(1, "replica", null, Ref(1, 1))] };

        Assert.Contains("e1/1 is in no store", Waits(WaitReason.NoGoodCheckpoint, Choose(run, Listed("own"))), StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_NeverCommitted_IsFreshIfItsStoreSaysSo()
    {
        Assert.IsType<ResumeDecision.Fresh>(Choose(Run(Epoch(1, "own")), Listed("own")));
        Assert.IsType<ResumeDecision.Fresh>(Choose(Run(Epoch(1, "own")), Listed("own", Seal(1, 0)), Unreachable("replica")));
    }

    [Fact]
    public void Choose_ItsCommitsDoNotCount_WaitsInsteadOfBeginningAgain()
    {
        var stray = new SlotEntry(1, 0, Commit(Ref(1, 0), null, Ref(7, 7), 10), CopyHealth.Verified);

        Assert.Contains("names the parent e7/7", Waits(WaitReason.NoGoodCheckpoint, Choose(Run(Epoch(1, "own")), Listed("own", stray))), StringComparison.Ordinal);
        Assert.Contains(
            "neither a commit nor a seal", Waits(WaitReason.NoGoodCheckpoint, Choose(Run(Epoch(1, "own")), Listed("own", Unreadable(1, 0)))), StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_NewestWasTrainedFromElsewhere_IsPassedOverAndSaysWhy()
    {
        var run = Run(Epoch(2, "own", Ref(1, 1), 20)) with { Past = [Past(1, "own", null, Ref(1, 1))] };
        var stray = new SlotEntry(2, 0, CommitFrom(Ref(1, 0), Ref(2, 0), Three[1].Commit, Ref(1, 1), 90), CopyHealth.Verified);

        var resume = Resumed(Choose(run, Listed("own", [Three[0], Three[1], stray])));

        Assert.Equal((Ref(1, 1), "e2/0 was trained from e1/0, it was to be from e1/1: it does not count."), (resume.Commit, resume.FallbackDetail));
    }

    [Fact]
    public void Choose_MuchDoesNotCount_NamesTheFirstOfIt()
    {
        var strays = Enumerable.Range(1, 5).Select(slot => new SlotEntry(1, slot, Commit(Ref(1, slot), null, Ref(7, 7), 90), CopyHealth.Verified));

        var resume = Resumed(Choose(Run(Epoch(1, "own")), Listed("own", [Three[0], .. strays])));

        Assert.Contains("e1/3 names", resume.FallbackDetail, StringComparison.Ordinal);
        Assert.EndsWith(" And 2 more.", resume.FallbackDetail, StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_NeverCommittedButTrainedFurtherThanMayBeRedone_Waits()
    {
        var run = Run(Epoch(1, "own", progress: 500), maxRollback: 499);

        Assert.Contains("500 steps back, and the run allows 499", Waits(WaitReason.RollbackTooFar, Choose(run, Listed("own"))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MoveCause.Restart)]
    [InlineData(MoveCause.Drain)]
    public void Choose_ItsStoreIsOutOfReachAndWasNotGivenUp_Waits(MoveCause cause)
    {
        var wait = Waits(WaitReason.LineageUnknown, Choose(Run(Epoch(1, "own"), cause), Unreachable("own"), Listed("replica", Three)));

        Assert.Equal("own, where epoch 1 commits, could not be listed: no answer", wait);
    }

    [Fact]
    public void Choose_ItsStoreRefusesUs_WaitsEvenInAFailover() =>
        Assert.Contains(
            "denied", Waits(WaitReason.LineageUnknown, Choose(Run(Epoch(1, "own")), Denied("own"), Listed("replica", Three))), StringComparison.Ordinal);

    [Fact]
    public void Choose_ItsStoreWasNotLookedAt_CountsAsOutOfReach() =>
        Assert.Contains(
            "own, where epoch 1 commits, could not be listed: Unreachable",
            Waits(WaitReason.LineageUnknown, Choose(Run(Epoch(1, "own"), MoveCause.Restart), Listed("replica", Three))),
            StringComparison.Ordinal);

    [Fact]
    public void Choose_ItsRegionIsGone_ReplicasDecide()
    {
        var run = Run(Epoch(1, "own"), tips: [Tip("own", Ref(1, 2)), Tip("replica", Ref(1, 1))]);

        var resume = Resumed(Choose(run, Unreachable("own"), Listed("replica", Three[0], Three[1])));

        Assert.Equal(Ref(1, 1), resume.Commit);
        Assert.Equal(["replica"], resume.Sources.AsEnumerable());
    }

    [Fact]
    public void Choose_ItsRegionIsGoneAndNobodyElseHoldsAnything_Waits() =>
        Assert.Contains(
            "may hold the run's only commits",
            Waits(WaitReason.LineageUnknown, Choose(Run(Epoch(1, "own")), Unreachable("own"), Listed("replica"))),
            StringComparison.Ordinal);

    [Fact]
    public void Choose_NothingCanBeListed_Waits()
    {
        Assert.Equal("no store could be listed", Waits(WaitReason.LineageUnknown, Choose(Run(Epoch(1, "own")), Unreachable("own"), Denied("replica"))));
        Assert.Equal("no store could be listed", Waits(WaitReason.LineageUnknown, Choose(Run(Epoch(1, "own")))));
    }

    [Theory]
    [InlineData("own")]
    [InlineData("replica")]
    public void Choose_AStoreListsLessThanItHeld_Waits(string store)
    {
        var run = Run(Epoch(1, "own"), tips: [Tip(store, Ref(1, 2))]);
        var survey = new[] { "own", "replica" }.Select(name => name == store ? Listed(name, Three[0], Seal(1, 2)) : Listed(name, Three[0])).ToArray();

        Assert.Equal($"{store} does not list e1/2, which it held before", Waits(WaitReason.LineageUnknown, Choose(run, survey)));
    }

    [Fact]
    public void Choose_AStoreListsNothingWhereThereWasSomething_Waits() =>
        Waits(WaitReason.LineageUnknown, Choose(Run(Epoch(1, "own"), tips: [Tip("own", Ref(1, 0))]), Listed("own"), Listed("replica")));

    [Fact]
    public void Choose_AnotherStoreOutOfReachHoldsNewer_Waits()
    {
        var run = Run(Epoch(1, "own"), tips: [Tip("replica", Ref(1, 0)), Tip("other", Ref(1, 1))]);

        Assert.Equal(
            "other holds e1/1, newer than what can be reached, and can't be listed",
            Waits(WaitReason.LineageUnknown, Choose(run, Unreachable("own"), Listed("replica", Three[0]), Unreachable("other"))));
        Waits(WaitReason.LineageUnknown, Choose(run, Unreachable("own"), Listed("replica", Three[0])));
        Assert.Equal(Ref(1, 1), Resumed(Choose(run, Unreachable("own"), Listed("replica", Three[0], Three[1]), Unreachable("other"))).Commit);
    }

    [Fact]
    public void Choose_OnlyAStoreOutOfReachHoldsAnything_Waits()
    {
        var run = Run(Epoch(1, "own"), tips: [Tip("other", Ref(1, 0))]);

        Waits(WaitReason.LineageUnknown, Choose(run, Unreachable("own"), Listed("replica"), Unreachable("other")));
    }

    [Fact]
    public void Choose_StoresDisagree_Waits()
    {
        var other = Three[2] with { Commit = Three[2].Commit! with { Step = 31 } };

        Assert.Equal(
            "Stores hold different things in slot e1/2.",
            Waits(WaitReason.LineageUnknown, Choose(Run(Epoch(1, "own")), Listed("own", Three), Listed("replica", other))));
    }

    [Theory]
    [InlineData(50, true)]
    [InlineData(51, false)]
    public void Choose_RollbackIsMeasuredFromTheNewestStepKnown(long progress, bool allowed)
    {
        var run = Run(Epoch(1, "own", progress: progress), maxRollback: 20);

        var decision = Choose(run, Listed("own", Three));

        if (allowed)
            Resumed(decision);
        else
            Assert.Equal("The newest good commit is e1/2 at step 30, 21 steps back; the run allows 20.", Waits(WaitReason.RollbackTooFar, decision));
    }

    [Fact]
    public void Choose_RollbackBehindWhatTheEpochBeganWith_CountsToo()
    {
        var run = Run(Epoch(2, "own", Ref(1, 2), 30), maxRollback: 5) with { Past = [Past(1, "own", null, Ref(1, 2))] };

        Waits(WaitReason.RollbackTooFar, Choose(run, Listed("own", Three.SetItem(2, Three[2] with { Health = CopyHealth.Corrupt }))));
    }

    [Fact]
    public void Choose_APersonAllowedNothing_EndsEveryWaitButTakesAGoodCommitFirst()
    {
        var run = Run(Epoch(1, "own", progress: 900), maxRollback: 5) with { StartFromNothing = true };

        Assert.IsType<ResumeDecision.Fresh>(Choose(run, Unreachable("own")));
        Assert.IsType<ResumeDecision.Fresh>(Choose(run, Listed("own", Three.Select(slot => slot with { Health = CopyHealth.Corrupt }))));
        Assert.IsType<ResumeDecision.Fresh>(Choose(run, Listed("own")));
        Assert.Equal(Ref(1, 2), Resumed(Choose(run, Listed("own", Three))).Commit);
    }

    [Fact]
    public void Choose_APersonAllowedNothingButACommitIsStaged_DoesNotThrowItAwayForAFailedListing()
    {
        var run = Run(Epoch(1, "own")) with { StartFromNothing = true };
        run = run with { Move = run.Move! with { Commit = Ref(1, 2) } };

        Waits(WaitReason.LineageUnknown, Choose(run, Denied("own"), Unreachable("replica")));
    }

    private static ResumeDecision Choose(RunState run, params StoreSurvey[] stores) => ResumeChoice.Choose(run, new LineageSurvey([.. stores]), "target");

    private static ResumeDecision.Resume Resumed(ResumeDecision decision) => Assert.IsType<ResumeDecision.Resume>(decision);

    private static string Waits(WaitReason reason, ResumeDecision decision)
    {
        var wait = Assert.IsType<ResumeDecision.Wait>(decision);
        Assert.Equal(reason, wait.Reason);
        return wait.Detail;
    }
}
