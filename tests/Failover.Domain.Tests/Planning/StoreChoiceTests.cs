using Failover.Domain.Fleet;
using Failover.Domain.Planning;
using Failover.Domain.Runs;
using static Failover.Domain.Tests.Planning.Worlds;

namespace Failover.Domain.Tests.Planning;

public sealed class StoreChoiceTests
{
    private static readonly RunSpec Spec = Run("a").Spec;

    [Fact]
    public void TargetStore_NoneNamedThere_IsTheRegionsFirst()
    {
        var fleet = World with { Stores = [Store("west", "z"), Store("west", "a"), .. World.Stores] };
        Assert.Equal("z", TargetStore.In("west", Spec, fleet)?.Name);
    }

    [Fact]
    public void TargetStore_NamedThere_IsTheNamedOneItsOwnFirst()
    {
        var fleet = World with { Stores = [Store("west", "z"), Store("west", "a"), Store("east", "y"), .. World.Stores] };
        var spec = Spec with { Checkpoints = new CheckpointSpec("s-east", ["gone", "y", "a"]) };
        Assert.Equal("a", TargetStore.In("west", spec, fleet)?.Name);
        Assert.Equal("s-east", TargetStore.In("east", spec, fleet)?.Name);
    }

    [Fact]
    public void TargetStore_NoStoreThere_IsNone() => Assert.Null(TargetStore.In("west", Spec, World with { Stores = [Store("east")] }));

    [Fact]
    public void ReplicaChoice_AllAllowed_TakesTheBestLink() => Assert.Equal("s-west", ReplicaChoice.For(Spec, World, "east")?.Name);

    [Fact]
    public void ReplicaChoice_OnlyOneAllowed_TakesIt() => Assert.Equal("s-north", ReplicaChoice.For(Spec with { Regions = ["east", "north"] }, World, "east")?.Name);

    [Fact]
    public void ReplicaChoice_NoMembersOverTheBestLink_TakesWhereItCouldRun() =>
        Assert.Equal("s-north", ReplicaChoice.For(Spec, World with { Members = [.. World.Members.Where(member => member.Region != "west")] }, "east")?.Name);

    [Fact]
    public void ReplicaChoice_NoStoreThere_TakesTheNext() =>
        Assert.Equal("s-north", ReplicaChoice.For(Spec, World with { Stores = [Store("east"), Store("north")] }, "east")?.Name);

    [Fact]
    public void ReplicaChoice_EqualLinks_TakesTheCheaperThenTheFirstByName()
    {
        Assert.Equal("s-west", ReplicaChoice.For(Spec, World with { Links = [new("east", "north", 1_000, 0.05), new("east", "west", 1_000, 0.04)] }, "east")?.Name);
        Assert.Equal("s-north", ReplicaChoice.For(Spec, World with { Links = [] }, "east")?.Name);
    }

    [Fact]
    public void ReplicaChoice_OneRegion_IsNone() => Assert.Null(ReplicaChoice.For(Spec, World with { Regions = [new RegionSpec("east")] }, "east"));

    [Theory]
    [InlineData("e1", "s-west")]
    [InlineData("w1", "s-east")]
    [InlineData("n1", "s-west")]
    public void HeartbeatStore_Member_IsInAnotherRegionOverTheBestLink(string member, string store) =>
        Assert.Equal(store, HeartbeatStore.For(member, World)?.Name);

    [Fact]
    public void HeartbeatStore_NoOtherRegion_IsNone() => Assert.Null(HeartbeatStore.For("e1", World with { Stores = [Store("east")] }));

    [Fact]
    public void HeartbeatStore_NoSuchMember_IsTheCallersMistake() => Assert.Throws<ArgumentException>("member", () => HeartbeatStore.For("x9", World));
}
