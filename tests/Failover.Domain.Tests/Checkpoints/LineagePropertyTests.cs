using CsCheck;
using Failover.Domain.Checkpoints;
using static Failover.Domain.Tests.Checkpoints.Histories;

namespace Failover.Domain.Tests.Checkpoints;

public class LineagePropertyTests
{
    [Fact]
    public void Chain_IsTheHistorysWhateverZombiesAdd() => AnyHistory.Sample(history =>
    {
        var chain = Lineage.Chain(history.Past, history.Current, [.. history.Slots, .. history.Zombies], Uid);

        Assert.Equal(history.Chain.Select(link => link.Ref), chain.Commits.Select(link => link.Ref));
        Assert.Equal(history.Chain.IsEmpty ? null : history.Chain[^1].Ref, chain.Tip);
        Assert.Empty(chain.Anomalies);
        Assert.Empty(Provenance.Broken(chain.Commits));
    });

    [Fact]
    public void Chain_OrderOfListings_ChangesNothing() =>
        (from history in AnyHistory
         from order in Gen.Shuffle(history.Slots.Concat(history.Zombies).Concat(history.Slots).ToArray())
         select (history, order)).Sample(given =>
    {
        var (history, order) = given;

        var chain = Lineage.Chain(history.Past, history.Current, order);

        Assert.Equal(history.Chain.Select(link => link.Ref), chain.Commits.Select(link => link.Ref));
        Assert.False(chain.Disputed);
    });

    [Fact]
    public void Chain_OrderOfDisputingListings_ChangesNothing() =>
        (from history in AnyHistory.Where(history => !history.Slots.IsEmpty)
         from at in Gen.Int[0, history.Slots.Length - 1]
         let all = history.Slots.Add(new SlotEntry(history.Slots[at].Epoch, history.Slots[at].Slot, Commit(Ref(9, 9), null, null, 1), CopyHealth.Verified))
         from order in Gen.Shuffle(all.ToArray())
         select (history, all, order)).Sample(given =>
    {
        var (history, all, order) = given;

        var one = Lineage.Chain(history.Past, history.Current, all);
        var other = Lineage.Chain(history.Past, history.Current, order);

        Assert.Equal(one.Commits.Select(link => link.Ref), other.Commits.Select(link => link.Ref));
        Assert.Equal((one.Tip, one.Disputed), (other.Tip, other.Disputed));
        Assert.Equal(one.Anomalies.AsEnumerable(), other.Anomalies);
    });

    [Fact]
    public void Chain_GrowsAtItsEndOnly_WhileTheCurrentEpochCommits() =>
        (from history in AnyHistory from seen in Gen.Int[0, 4] select (history, seen)).Sample(given =>
    {
        var (history, seen) = given;
        var earlier = history.Slots.Where(slot => slot.Epoch < history.Current.Number || slot.Slot < seen);

        var before = Lineage.Chain(history.Past, history.Current, earlier).Commits.Select(link => link.Ref).ToList();
        var after = Lineage.Chain(history.Past, history.Current, history.Slots).Commits.Select(link => link.Ref).ToList();

        Assert.Equal(before, after.Take(before.Count));
    });

    [Fact]
    public void Chain_PartsOfTheListing_NeverAddACommit() =>
        (from history in AnyHistory
         from mask in Gen.Bool.Array[history.Slots.Length]
         select (history, mask)).Sample(given =>
    {
        var (history, mask) = given;
        var whole = history.Chain.Select(link => link.Ref).ToHashSet();

        var chain = Lineage.Chain(history.Past, history.Current, [.. history.Slots.Where((_, i) => mask[i]), .. history.Zombies], Uid);

        Assert.All(chain.Commits, link => Assert.Contains(link.Ref, whole));
        Assert.True(chain.Unlisted is null || whole.Contains(chain.Unlisted.Value));
    });

    [Fact]
    public void IsAfter_OrdersTheChain() => AnyHistory.Sample(history =>
        Assert.Equal(history.Chain.Select(link => link.Ref), history.Chain.Select(link => link.Ref).Order(Comparer<CommitRef>.Create(
            (one, other) => one.IsAfter(other) ? 1 : other.IsAfter(one) ? -1 : 0))));
}
