using Failover.Domain.Fleet;
using Failover.Domain.Tests.Runs;

namespace Failover.Domain.Tests.Fleet;

public sealed class FleetSpecTests
{
    private static readonly FleetSpec Spec = RunDocuments.Fleet with
    {
        Regions = [new RegionSpec("a"), new RegionSpec("b"), new RegionSpec("c")],
        Links = [new LinkSpec("a", "b", 5, 0.1)],
    };

    [Fact]
    public void Link_Listed_IsTheSameBothWays()
    {
        Assert.Equal(5, Spec.Link("a", "b").MegabytesPerSecond);
        Assert.Equal(5, Spec.Link("b", "a").MegabytesPerSecond);
    }

    [Fact]
    public void Link_NotListed_IsTheDefaultBetweenThem()
    {
        Assert.Equal(LinkSpec.Default with { From = "a", To = "c" }, Spec.Link("a", "c"));
        Assert.Equal(LinkSpec.Default with { From = "c", To = "b" }, Spec.Link("c", "b"));
    }

    [Fact]
    public void Link_WithinARegion_IsLocalAndFree() => Assert.Equal(new LinkSpec("a", "a", LinkSpec.LocalMegabytesPerSecond, 0), Spec.Link("a", "a"));

    [Fact]
    public void Find_ByName_IsTheEntryOrNothing()
    {
        Assert.Equal("east-1", Spec.FindMember("east-1")?.Name);
        Assert.Null(Spec.FindMember("x"));
        Assert.Equal("west", Spec.FindStore("west")?.Name);
        Assert.Null(Spec.FindStore("x"));
        Assert.Equal("research", Spec.FindTenant("research")?.Name);
        Assert.Null(Spec.FindTenant("x"));
    }
}
