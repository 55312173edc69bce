using Failover.Chaos.Checking;
using Failover.Simulator.History;
using Failover.Simulator.Stores;

namespace Failover.Chaos.Tests.Checking;

public sealed class ChainBuilderTests
{
    [Fact]
    public void Build_AcrossAnEpoch_RunsOnFromWhereItWasCut()
    {
        var (chain, faults) = ChainBuilder.Build(RecordBuilder.Healthy().Build(), RecordBuilder.Uid, 2);

        Assert.Empty(faults);
        Assert.Equal(["e1/0", "e1/1", "e2/0", "e2/1"], chain.Select(link => link.Ref.ToString()));
    }

    [Fact]
    public void Build_ZombieCommitsBeyondTheCut_AreNotOfIt()
    {
        var record = RecordBuilder.Healthy();
        record.Commit(55, 1, 2, 30, new CommitRef(1, 1), null, RecordBuilder.EastStore);

        var (chain, faults) = ChainBuilder.Build(record.Build(), RecordBuilder.Uid, 2);

        Assert.Empty(faults);
        Assert.DoesNotContain(chain, link => link.Ref == new CommitRef(1, 2));
        Assert.Equal((1, 1, 0), FailoverChecks.Zombies(record.Build()));
    }

    [Fact]
    public void Build_CutThatIsNotInTheLineage_IsAFault()
    {
        var record = RecordBuilder.Healthy();
        record.ChangeRows(row => row.Epoch?.Number == 2, row => row with { Epoch = row.Epoch! with { ResumeFrom = new CommitRef(1, 7) } });

        Assert.Contains(ChainBuilder.Build(record.Build(), RecordBuilder.Uid, 2).Faults, fault => fault.Contains("e1/7", StringComparison.Ordinal));
    }

    [Fact]
    public void CommitsOf_SlotsAfterASeal_AreLeftOut()
    {
        var record = RecordBuilder.Healthy();
        record.Add(60, new SlotSeen(RecordBuilder.EastStore, "research", RecordBuilder.Uid, 1, 1, Sealed: true, null));

        Assert.Equal([0], ChainBuilder.CommitsOf(record.Build(), RecordBuilder.Uid, 1).Select(slot => slot.Slot));
    }
}
