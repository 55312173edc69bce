using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;
using static Failover.Domain.Tests.Checkpoints.Histories;

namespace Failover.Domain.Tests.Checkpoints;

public class LineageTests
{
    [Fact]
    public void Chain_OneEpoch_IsItsCommitsInSlotOrder()
    {
        var chain = Lineage.Chain([], Epoch(1, "own"), [.. Slots(1, null, 10, 20, 30), Seal(1, 3)]);

        Assert.Equal([Ref(1, 0), Ref(1, 1), Ref(1, 2)], chain.Commits.Select(link => link.Ref));
        Assert.Equal(Ref(1, 2), chain.Tip);
        Assert.Null(chain.Unlisted);
        Assert.Empty(chain.Anomalies);
        Assert.False(chain.Disputed);
    }

    [Fact]
    public void Chain_NoEpochYet_IsEmpty()
    {
        var chain = Lineage.Chain([], null, Slots(1, null, 10));

        Assert.Empty(chain.Commits);
        Assert.Null(chain.Tip);
        Assert.Null(chain.Unlisted);
    }

    [Fact]
    public void Chain_SlotsAfterTheSeal_DoNotCount()
    {
        var all = Slots(1, null, 10, 20, 30);

        var chain = Lineage.Chain([], Epoch(1, "own"), [all[0], Seal(1, 1), all[2]]);

        Assert.Equal([Ref(1, 0)], chain.Commits.Select(link => link.Ref));
    }

    [Fact]
    public void Chain_SlotsAfterTheCut_DoNotCountThoughTheirStepsAreHigher()
    {
        var first = Slots(1, null, 10, 20, 9_000, 9_999);
        var second = Slots(2, Link(first[1]), 25);

        var chain = Lineage.Chain([Past(1, "own", null, Ref(1, 1))], Epoch(2, "own", Ref(1, 1)), [.. first, .. second]);

        Assert.Equal([Ref(1, 0), Ref(1, 1), Ref(2, 0)], chain.Commits.Select(link => link.Ref));
    }

    [Fact]
    public void Chain_CommitWithAnotherParent_DoesNotCountAndIsNamed()
    {
        var slots = Slots(1, null, 10, 20);
        var stray = Commit(Ref(1, 1), null, Ref(7, 7), 20);
        var next = CommitFrom(null, Ref(1, 2), slots[0].Commit, Ref(1, 0), 30);

        var chain = Lineage.Chain([], Epoch(1, "own"), [slots[0], new(1, 1, stray, CopyHealth.Verified), new(1, 2, next, CopyHealth.Verified)]);

        Assert.Equal([Ref(1, 0), Ref(1, 2)], chain.Commits.Select(link => link.Ref));
        Assert.Equal("e1/1 names the parent e7/7, the chain ends with e1/0: it does not count.", Assert.Single(chain.Anomalies).Text);
        Assert.False(chain.Disputed);
    }

    [Fact]
    public void Chain_FirstCommitWithAParentWhereThereIsNone_DoesNotCount()
    {
        var chain = Lineage.Chain([], Epoch(1, "own"), [new(1, 0, Commit(Ref(1, 0), null, Ref(7, 7), 10), CopyHealth.Verified)]);

        Assert.Empty(chain.Commits);
        Assert.Contains("the chain ends with nothing", Assert.Single(chain.Anomalies).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Chain_CommitThatNamesNoParent_DoesNotCountAfterAnother()
    {
        var slots = Slots(1, null, 10);

        var chain = Lineage.Chain([], Epoch(1, "own"), [.. slots, new(1, 1, Commit(Ref(1, 1), null, null, 20), CopyHealth.Verified)]);

        Assert.Contains("names the parent nothing", Assert.Single(chain.Anomalies).Text, StringComparison.Ordinal);
        Assert.Equal(Ref(1, 0), chain.Tip);
    }

    /// <summary>
    /// Epoch 2 is to resume from e1/1. Its first attempt left two commits, and e2/2 is by the attempt and from the commit that a row names; it always names the right parent.
    /// </summary>
    [Theory]
    [InlineData(0, "e1/1", null)] // The same attempt goes on.
    [InlineData(0, "e1/0", "e2/2 was trained from e1/0, it was to be from e1/1: it does not count.")] // It changed its mind.
    [InlineData(0, "e2/1", "e2/2 was trained from e2/1, it was to be from e1/1: it does not count.")] // Attempt 0 can't have resumed from its own epoch.
    [InlineData(1, "e2/1", null)] // A later attempt resumes from its epoch's newest commit.
    [InlineData(1, "e2/0", "e2/2 was trained from e2/0, it was to be from e2/1: it does not count.")] // From an older one of its epoch.
    [InlineData(1, "e1/1", "e2/2 was trained from e1/1, it was to be from e2/1: it does not count.")] // From what its epoch began with, past what that has committed since.
    [InlineData(1, "e1/2", "e2/2 was trained from e1/2, it was to be from e2/1: it does not count.")] // From beyond the cut: the pin of a choice that was taken back.
    [InlineData(1, null, "e2/2 was trained from nothing, it was to be from e2/1: it does not count.")]
    public void Chain_WhatAnAttemptResumedFrom_IsHeldAgainstTheRowAndTheChain(int attempt, string? from, string? anomaly)
    {
        var first = Slots(1, null, 10, 20, 30);
        var second = Slots(2, Link(first[1]), 40, 50);
        CommitRef? resumed = from is null ? null : Ref(from[1] - '0', from[3] - '0');
        var commit = CommitFrom(resumed, Ref(2, 2), second[1].Commit, Ref(2, 1), 60, attempt: attempt);

        var chain = Lineage.Chain(
            [Past(1, "own", null, Ref(1, 1))], Epoch(2, "own", Ref(1, 1)), [.. first, .. second, new(2, 2, commit, CopyHealth.Verified)], Uid);

        Assert.Equal(anomaly is null ? Ref(2, 2) : Ref(2, 1), chain.Tip);
        Assert.Equal(anomaly, chain.Anomalies.SingleOrDefault()?.Text);
        Assert.Equal(anomaly is null ? null : commit, chain.Anomalies.SingleOrDefault()?.Strayed);
    }

    [Fact]
    public void Chain_EpochsTrainerResumedFromElsewhere_NothingOfItCounts()
    {
        var first = Slots(1, null, 10, 20, 30);
        // It says the parent that it ought to have, and then its own commits one after the other.
        var start = CommitFrom(Ref(1, 2), Ref(2, 0), first[1].Commit, Ref(1, 1), 40);
        var next = CommitFrom(Ref(1, 2), Ref(2, 1), start, Ref(2, 0), 50);

        var chain = Lineage.Chain(
            [Past(1, "own", null, Ref(1, 1))], Epoch(2, "own", Ref(1, 1)), [.. first, new(2, 0, start, CopyHealth.Verified), new(2, 1, next, CopyHealth.Verified)]);

        Assert.Equal(Ref(1, 1), chain.Tip);
        Assert.Equal(
            ["e2/0 was trained from e1/2, it was to be from e1/1: it does not count.", "e2/1 names the parent e2/0, the chain ends with e1/1: it does not count."],
            chain.Anomalies.Select(found => found.Text));
        Assert.All(chain.Anomalies, found => Assert.NotNull(found.Strayed));
    }

    [Fact]
    public void Chain_AnEarlierEpochsTrainerResumedFromElsewhere_ItsRowDecidesToo()
    {
        var first = Slots(1, null, 10, 20);
        var stray = CommitFrom(Ref(1, 0), Ref(2, 0), first[1].Commit, Ref(1, 1), 30);
        var good = CommitFrom(Ref(1, 1), Ref(2, 1), first[1].Commit, Ref(1, 1), 35, attempt: 1);
        var third = Slots(3, new ChainLink(Ref(2, 1), good), 40);

        var chain = Lineage.Chain(
            [Past(1, "own", null, Ref(1, 1)), Past(2, "own", Ref(1, 1), Ref(2, 1))], Epoch(3, "own", Ref(2, 1)),
            [.. first, new(2, 0, stray, CopyHealth.Verified), new(2, 1, good, CopyHealth.Verified), .. third]);

        Assert.Equal([Ref(1, 0), Ref(1, 1), Ref(2, 1), Ref(3, 0)], chain.Commits.Select(link => link.Ref));
    }

    [Fact]
    public void Chain_CommitOfAnotherEpoch_DoesNotCount()
    {
        var chain = Lineage.Chain([], Epoch(1, "own"), [new(1, 0, Commit(Ref(2, 0), null, null, 10), CopyHealth.Verified)]);

        Assert.Empty(chain.Commits);
        Assert.Contains("says that it is of epoch 2", Assert.Single(chain.Anomalies).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Chain_CommitOfAnotherRun_DoesNotCountWhereTheRunIsKnown()
    {
        var strange = Slots(1, null, 10)[0];
        strange = strange with { Commit = strange.Commit! with { RunUid = new string('z', 26) } };

        Assert.Single(Lineage.Chain([], Epoch(1, "own"), [strange]).Commits);
        var chain = Lineage.Chain([], Epoch(1, "own"), [strange], Uid);

        Assert.Empty(chain.Commits);
        Assert.Contains("is of the run zzz", Assert.Single(chain.Anomalies).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Chain_UnreadableSlot_EndsTheEpochAndIsNamedWhoeverListsIt()
    {
        var slots = Slots(1, null, 10, 20, 30);

        foreach (var order in new SlotEntry[][] { [Seal(1, 1), Unreadable(1, 1)], [Unreadable(1, 1), Seal(1, 1)], [Unreadable(1, 1)] })
        {
            var chain = Lineage.Chain([], Epoch(1, "own"), [slots[0], .. order, slots[2]]);

            Assert.Equal(Ref(1, 0), chain.Tip);
            Assert.Equal("e1/1 holds neither a commit nor a seal: nothing from there on counts.", Assert.Single(chain.Anomalies).Text);
        }
    }

    [Fact]
    public void Chain_FromNothingAgain_ForgetsAllBefore()
    {
        SlotEntry[] slots = [.. Slots(1, null, 10), Unreadable(1, 1), .. Slots(2, null, 5)];

        var chain = Lineage.Chain([Past(1, "own", null, null)], Epoch(2, "own"), slots);

        Assert.Equal([Ref(2, 0)], chain.Commits.Select(link => link.Ref));
        Assert.Empty(chain.Anomalies);
    }

    [Fact]
    public void Chain_OlderEpochsAreNotListed_BeginsWhereTheListingDoesAndSaysSo()
    {
        var first = Slots(1, null, 10, 20);
        var second = Slots(2, Link(first[1]), 30);

        var chain = Lineage.Chain([Past(1, "own", null, Ref(1, 1))], Epoch(2, "own", Ref(1, 1)), second);

        Assert.Equal([Ref(2, 0)], chain.Commits.Select(link => link.Ref));
        Assert.Equal(Ref(1, 1), chain.Unlisted);
    }

    [Fact]
    public void Chain_NothingIsListed_KnowsTheTipByTheRow()
    {
        var chain = Lineage.Chain([Past(1, "own", null, Ref(1, 1))], Epoch(2, "own", Ref(1, 1)), []);

        Assert.Empty(chain.Commits);
        Assert.Equal(Ref(1, 1), chain.Tip);
        Assert.Equal(Ref(1, 1), chain.Unlisted);
    }

    [Fact]
    public void Chain_OnlyTheResumedCommitIsListed_TakesItByTheRow()
    {
        var first = Slots(1, null, 10, 20);

        var chain = Lineage.Chain([Past(1, "own", null, Ref(1, 1))], Epoch(2, "own", Ref(1, 1)), [first[1]]);

        Assert.Equal([Ref(1, 1)], chain.Commits.Select(link => link.Ref));
        Assert.Equal(Ref(1, 0), chain.Unlisted);
    }

    [Fact]
    public void Chain_WhereTheRowSaysResumedThereIsASeal_KnowsTheTipOnly()
    {
        var chain = Lineage.Chain([Past(1, "own", null, Ref(1, 0))], Epoch(2, "own", Ref(1, 0)), [Seal(1, 0)]);

        Assert.Empty(chain.Commits);
        Assert.Equal(Ref(1, 0), chain.Tip);
    }

    [Fact]
    public void Chain_StoresHoldDifferentFilesInOneSlot_IsDisputedFromThere()
    {
        var slots = Slots(1, null, 10, 20, 30);
        var other = slots[1] with { Commit = slots[1].Commit! with { Files = [new CommitFile("e1/a0/20/weights.bin", 100, new string('b', 64))] } };

        var chain = Lineage.Chain([], Epoch(1, "own"), [.. slots, other]);

        Assert.True(chain.Disputed);
        Assert.Equal(Ref(1, 0), chain.Tip);
        Assert.Equal("Stores hold different things in slot e1/1.", Assert.Single(chain.Anomalies).Text);
    }

    [Fact]
    public void Chain_ASealHereAndACommitThere_IsDisputed()
    {
        var slots = Slots(1, null, 10);

        Assert.True(Lineage.Chain([], Epoch(1, "own"), [.. slots, Seal(1, 0)]).Disputed);
        Assert.True(Lineage.Chain([], Epoch(1, "own"), [Seal(1, 0), .. slots]).Disputed);
    }

    [Theory]
    [InlineData(0, false)] // Before the cut the row has settled it.
    [InlineData(1, true)] // It is what the epoch resumed from.
    [InlineData(2, false)] // Beyond the cut nothing counts.
    public void Chain_DisputeInAnEarlierEpoch_MattersOnlyAtTheCut(int slot, bool disputed)
    {
        var first = Slots(1, null, 10, 20, 30);
        var second = Slots(2, Link(first[1]), 25);
        var other = first[slot] with { Commit = first[slot].Commit! with { Step = 11 } };

        var chain = Lineage.Chain([Past(1, "own", null, Ref(1, 1))], Epoch(2, "own", Ref(1, 1)), [.. first, other, .. second]);

        Assert.Equal(disputed, chain.Disputed);
        Assert.Equal(Ref(2, 0), chain.Tip);
    }

    [Fact]
    public void Chain_AnEpochBetweenLeftNothing_WhatItResumedFromHasNoSay()
    {
        var first = Slots(1, null, 10, 20, 30);
        PastEpoch[] past = [Past(1, "own", null, Ref(1, 2)), Past(2, "own", Ref(1, 2), Ref(1, 1))];

        // A replica that was filled afterwards never got e1/2.
        var chain = Lineage.Chain([.. past], Epoch(3, "own", Ref(1, 1)), first.Take(2));

        Assert.Equal([Ref(1, 0), Ref(1, 1)], chain.Commits.Select(link => link.Ref));
    }

    [Fact]
    public void Chain_TheLastEpochIsOver_IsThatEpochs() =>
        Assert.Equal(Ref(1, 0), Lineage.Chain([Past(1, "own", null, null)], null, Slots(1, null, 10)).Tip);

    [Fact]
    public void Chain_RowNamesACommitOfNoEarlierEpoch_TakesItByTheRowAndEnds()
    {
        var own = Slots(2, Link(Slots(2, null, 10)[0]), 20);

        var chain = Lineage.Chain([], Epoch(2, "own", Ref(2, 7)), own);

        Assert.Empty(chain.Commits);
        Assert.Equal(Ref(2, 7), chain.Tip);
        Assert.Equal(Ref(1, 3), Lineage.Chain([], Epoch(2, "own", Ref(1, 3)), []).Tip);
    }

    [Fact]
    public void Chain_ProvenanceDoesNotFollow_KeepsItsPlaceAndIsForged()
    {
        var slots = Slots(1, null, 10, 20, 30);

        Assert.Equal([false, true, true], Forged(Lineage.Chain([], Epoch(1, "own"), [slots[0], Forge(slots[1]), slots[2]])));
    }

    [Fact]
    public void Chain_WhatFollowsFromAForgedOne_IsNot()
    {
        var slots = Slots(1, null, 10, 20);
        var forged = Forge(slots[1]);
        var next = new SlotEntry(1, 2, CommitFrom(null, Ref(1, 2), forged.Commit, Ref(1, 1), 30), CopyHealth.Verified);

        Assert.Equal([false, true, false], Forged(Lineage.Chain([], Epoch(1, "own"), [slots[0], forged, next])));
    }

    [Fact]
    public void Chain_FirstOfAllIsForged_IsFoundWithoutAParent() =>
        Assert.Equal([true], Forged(Lineage.Chain([], Epoch(1, "own"), [Forge(Slots(1, null, 10)[0])])));

    [Fact]
    public void Chain_ParentIsOfTheEpochBefore_IsHeldAgainstItWhereItIsListed()
    {
        var first = Slots(1, null, 10, 20);
        var forged = Forge(Slots(2, Link(first[1]), 30)[0]);
        PastEpoch[] past = [Past(1, "own", null, Ref(1, 1))];

        Assert.Equal([false, false, true], Forged(Lineage.Chain([.. past], Epoch(2, "own", Ref(1, 1)), [.. first, forged])));
        Assert.Equal([false], Forged(Lineage.Chain([.. past], Epoch(2, "own", Ref(1, 1)), [forged])));
    }

    [Fact]
    public void Chain_ResumedFromCommitWhoseOwnParentAloneIsListed_IsHeldAgainstThat()
    {
        var first = Slots(1, null, 10, 20, 30);

        // Slot 0 is not listed, so that the walk through epoch 1 finds nothing; the row's word names slot 2.
        var chain = Lineage.Chain([Past(1, "own", null, Ref(1, 2))], Epoch(2, "own", Ref(1, 2)), [first[1], Forge(first[2])]);

        Assert.Equal([true], Forged(chain));
    }

    private static SlotEntry Forge(SlotEntry slot) => slot with { Commit = slot.Commit! with { Provenance = new string('f', 64) } };

    private static IEnumerable<bool> Forged(LineageChain chain) => chain.Commits.Select(link => link.IsForged);
}
