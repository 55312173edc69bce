using Failover.Domain.Checkpoints;
using Failover.Domain.Health;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using static Failover.Domain.Tests.Planning.Worlds;

namespace Failover.Domain.Tests.Planning;

public sealed class FleetGapsTests
{
    [Fact]
    public void Find_AllListed_Nothing() => Assert.Empty(FleetGaps.Find(World, [Run("a", RunStep.Running).On("e1"), Run("b")], [Member("e1")]));

    [Fact]
    public void Find_RemovedMembersAndStores_AreCountedByTheRunsThatNeedThem()
    {
        var fleet = World with { Members = World.Members.RemoveAll(member => member.Name is "e1" or "n1" or "w2"), Stores = World.Stores.RemoveAll(store => store.Name == "s-east") };

        var gaps = FleetGaps.Find(
            fleet, [Run("a", RunStep.Running).On("e1"), Run("b").On("e1"), Run("c", RunStep.Staging).On("w1").MovingTo("n1"), Run("d", RunStep.Finished).On("w2")], [Member("e1"), Member("w2")]);

        Assert.Equal([new FleetGap("member", "e1", 2), new("member", "n1", 1), new("member", "w2", 0), new("store", "s-east", 3)], gaps);
    }

    [Fact]
    public void Find_StoreThatOnlyATipOrAnOwedSealSpeaksOf_IsOneToo()
    {
        var run = Run("a", RunStep.Running).On("w1") with { Tips = [new StoreTip("gone-1", new CommitRef(1, 0), 10, Now)] };

        Assert.Equal([new FleetGap("store", "gone-1", 1)], FleetGaps.Find(World, [run], []));
    }

    [Fact]
    public void Place_RunOfARemovedMember_HasThatAmongItsReasons()
    {
        var input = Input([Run("a").On("e1").WaitingFor(WaitReason.Displaced)], Member("e2", MemberVerdict.Suspect));
        var removed = input with { Fleet = World with { Members = World.Members.RemoveAll(member => member.Name == "e1") } };

        var said = Assert.IsType<RunEvent.NotPlaced>(Assert.Single(PlannerPass.Place(removed, Granted(removed, new()), new()).Events).Event);

        Assert.Contains("no longer lists it", Assert.Single(said.PerMember, reason => reason.Member == "e1").Reason, StringComparison.Ordinal);
        // It is said once.
        var waits = RunMachine.Next(removed.Runs[0], said, new RunPolicy()).State;
        Assert.Empty(PlannerPass.Place(removed with { Runs = [waits] }, Granted(removed, new()), new()).Events);
    }
}
