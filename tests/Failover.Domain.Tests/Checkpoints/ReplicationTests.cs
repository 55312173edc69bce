using System.Collections.Immutable;
using CsCheck;
using Failover.Domain.Checkpoints;
using static Failover.Domain.Tests.Checkpoints.Histories;

namespace Failover.Domain.Tests.Checkpoints;

public class ReplicationTests
{
    private static readonly ImmutableArray<SlotEntry> Three = Slots(1, null, 10, 20, 30);

    private static readonly LineageChain Chain = Lineage.Chain([], Epoch(1, "own"), Three);

    [Fact]
    public void Plan_EmptyReplica_IsAllOldestFirst() =>
        Assert.Equal([(Ref(1, 0), true), (Ref(1, 1), true), (Ref(1, 2), true)], Plan(Chain, Listed("own", [.. Three, Seal(1, 3)]), Listed("replica")));

    [Fact]
    public void Plan_ReplicaHoldsAll_IsNothing() => Assert.Empty(Plan(Chain, Listed("own", Three), Listed("replica", Three)));

    [Fact]
    public void Plan_OnlyTheNewestAreKept_OlderOnesAreSlotsAlone() =>
        Assert.Equal(
            [(Ref(1, 0), false), (Ref(1, 1), false), (Ref(1, 2), true)],
            Plan(Chain, Listed("own", Three), Listed("replica"), new ReplicationLimits(CommitsKept: 1)));

    [Theory]
    [InlineData(CopyHealth.Missing)]
    [InlineData(CopyHealth.Corrupt)]
    public void Plan_SourceHasNoGoodFiles_CopiesTheSlotAllTheSame(CopyHealth health) =>
        Assert.Equal(
            [(Ref(1, 1), false), (Ref(1, 2), true)],
            Plan(Chain, Listed("own", Three.SetItem(1, Three[1] with { Health = health })), Listed("replica", Three[0])));

    [Theory]
    [InlineData(CopyHealth.Missing)]
    [InlineData(CopyHealth.Corrupt)]
    public void Plan_ReplicaHasTheSlotWithoutGoodFiles_CopiesThemAgain(CopyHealth health) =>
        Assert.Equal([(Ref(1, 2), true)], Plan(Chain, Listed("own", Three), Listed("replica", Three.SetItem(2, Three[2] with { Health = health }))));

    [Fact]
    public void Plan_SlotBetweenThatDoesNotCount_IsCopiedToKeepSlotsDense()
    {
        var stray = new SlotEntry(1, 1, Commit(Ref(1, 1), null, Ref(7, 7), 20), CopyHealth.Verified);
        var last = new SlotEntry(1, 2, CommitFrom(null, Ref(1, 2), Three[0].Commit, Ref(1, 0), 30), CopyHealth.Verified);
        SlotEntry[] slots = [Three[0], stray, last];

        var plan = Plan(Lineage.Chain([], Epoch(1, "own"), slots), Listed("own", slots), Listed("replica"));

        Assert.Equal([(Ref(1, 0), true), (Ref(1, 1), false), (Ref(1, 2), true)], plan);
    }

    [Fact]
    public void Plan_Limits_BoundThePass()
    {
        Assert.Equal(2, Plan(Chain, Listed("own", Three), Listed("replica"), new ReplicationLimits(SlotsMax: 2)).Count);
        Assert.Equal(2, Plan(Chain, Listed("own", Three), Listed("replica"), new ReplicationLimits(BytesMax: 250)).Count);
        Assert.Single(Plan(Chain, Listed("own", Three), Listed("replica"), new ReplicationLimits(BytesMax: 1)));
    }

    [Fact]
    public void Plan_AStoreWasNotListedOrTheChainIsDisputed_IsNothing()
    {
        Assert.Empty(Plan(Chain, Unreachable("own"), Listed("replica")));
        Assert.Empty(Plan(Chain, Listed("own", Three), Denied("replica")));
        Assert.Empty(Plan(Chain with { Disputed = true }, Listed("own", Three), Listed("replica")));
    }

    [Fact]
    public void Plan_CarriedOut_GivesTheReplicaTheChainAndNothingBeyondIt() => AnyHistory.Sample(history =>
    {
        var chain = Lineage.Chain(history.Past, history.Current, [.. history.Slots, .. history.Zombies]);
        var source = Listed("own", [.. history.Slots, .. history.Zombies]);
        var replica = Listed("replica");
        for (var pass = 0; pass < 100 && Replication.Plan(chain, source, replica, new ReplicationLimits(SlotsMax: 2)) is { IsEmpty: false } plan; pass++)
        {
            foreach (var copy in plan)
            {
                // Dense at every moment: the slot before is there already.
                Assert.True(copy.Slot.Commit == 0 || replica.Slots.Any(slot => slot.Ref == new CommitRef(copy.Slot.Epoch, copy.Slot.Commit - 1)));
                replica = replica with
                {
                    Slots = replica.Slots.Add(new SlotEntry(copy.Slot.Epoch, copy.Slot.Commit, copy.Commit, copy.Files ? CopyHealth.Verified : CopyHealth.Missing)),
                };
            }
        }
        Assert.Equal(history.Chain.Select(link => link.Ref), Lineage.Chain(history.Past, history.Current, replica.Slots).Commits.Select(link => link.Ref));
        Assert.All(replica.Slots, slot => Assert.Contains(slot.Ref, history.Chain.Select(link => link.Ref)));
    });

    [Fact]
    public void Rpo_IsWhatIsNotYetVerifiedOutside()
    {
        var behind = Listed("replica", Three[0], Three[1] with { Health = CopyHealth.Unverified });

        Assert.Equal(new Rpo(Ref(1, 0), 25, 200), Rpo.Of(Chain, [behind, Unreachable("other")], 35));
        Assert.Equal(new Rpo(Ref(1, 2), 5, 0), Rpo.Of(Chain, [behind, Listed("other", Three)], 35));
        Assert.Equal(new Rpo(Ref(1, 2), 0, 0), Rpo.Of(Chain, [Listed("other", Three)], 7));
        Assert.Equal(new Rpo(null, 35, 300), Rpo.Of(Chain, [Listed("other", Seal(1, 0))], 35));
    }

    private static List<(CommitRef, bool)> Plan(LineageChain chain, StoreSurvey source, StoreSurvey replica, ReplicationLimits? limits = null) =>
        [.. Replication.Plan(chain, source, replica, limits ?? new ReplicationLimits()).Select(copy => (copy.Slot, copy.Files))];
}
