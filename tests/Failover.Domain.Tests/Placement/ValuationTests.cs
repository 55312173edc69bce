using Failover.Domain.Placement;
using static Failover.Domain.Tests.Placement.Problems;

namespace Failover.Domain.Tests.Placement;

public sealed class ValuationTests
{
    private static readonly PlacementPolicy Policy = new() { Horizon = TimeSpan.FromHours(10), StartUp = TimeSpan.Zero, Churn = TimeSpan.FromHours(1) };

    [Theory]
    [InlineData(0, 80_000)]
    [InlineData(1, 240_000)]
    [InlineData(2, 720_000)]
    [InlineData(3, 2_160_000)]
    public void Of_Tier_WeighsGpuHoursOfTheHorizon(int tier, long value) => Assert.Equal(value, Of(Run("a", tier: tier), Site("west")));

    [Fact]
    public void Of_StartUp_IsLostTime() =>
        Assert.Equal(72_000, Valuation.Of(Run("a", tier: 0), 0, Site("west"), "m0", Policy with { StartUp = TimeSpan.FromHours(1) }));

    [Fact]
    public void Of_Bytes_CostTimeAndEgress() =>
        // 3,600 GB at 1 GB/s is an hour of 8 GPUs, and $72 are 36 GPU-hours at $2.
        Assert.Equal(72_000 - 36_000, Of(Run("a", tier: 0), Site("west", 3_600 * Gigabyte)));

    [Fact]
    public void Of_AFractionOfASecond_IsAWholeOne() =>
        Assert.Equal(80_000 - 3, Of(Run("a", tier: 0), new("west", "s", [new Transfer(1, Gigabyte, 0)], 1)));

    [Fact]
    public void Of_SecondChoice_LosesTenPercent()
    {
        var run = Run("a", tier: 0) with { Skus = [new("h100", 1_000), new("h200", 1_500)] };
        Assert.Equal(80_000 * 15 / 10 * 9 / 10, Valuation.Of(run, 1, Site("west"), "m0", Policy));
    }

    [Fact]
    public void Of_ElsewhereThanPreferred_LosesChurn()
    {
        var run = Run("a", tier: 0) with { PreferredMember = "m1" };
        Assert.Equal(72_000, Valuation.Of(run, 0, Site("west"), "m0", Policy));
        Assert.Equal(80_000, Valuation.Of(run, 0, Site("west"), "m1", Policy));
    }

    [Fact]
    public void Of_FurtherThanTheHorizon_IsStillBetterThanNowhere() => Assert.Equal(1, Of(Run("a"), Site("west", 100_000 * Gigabyte, bytesPerSecond: 1)));

    [Fact]
    public void Of_TheLargestThereIs_DoesNotOverflow()
    {
        var run = Run("a", workers: 10_000, tier: 3) with { Skus = [new("h100", 100_000)] };
        var policy = new PlacementPolicy { Horizon = TimeSpan.FromDays(30), TierWeights = [1, 1, 1, 1_000] };
        Assert.Equal(long.MaxValue / PlacementProblem.RunsMax, Valuation.Of(run, 0, Site("west"), "m0", policy));
        Assert.Equal(1, Valuation.Of(run, 0, Site("west", Transfer.BytesMax, 1, long.MaxValue), "m0", policy with { GpuHourMicrodollars = 1 }));
    }

    [Fact]
    public void OfStaying_AnHourAtStake_IsWorthAnHourMoreThanTheHorizon()
    {
        var run = Run("a", tier: 0) with { Skus = [new("h200", 2_000), new("h100", 1_000)], Home = new("m0", "h100", TimeSpan.FromHours(1)) };
        Assert.Equal(88_000 * 9 / 10, Valuation.OfStaying(run, Policy));
    }

    [Fact]
    public void Of_ManyChoicesDown_IsNeverNothing()
    {
        var run = Run("a", tier: 0) with { Skus = [.. Enumerable.Range(0, 20).Select(index => new SkuChoice($"s{index}", 1_000))] };
        Assert.Equal(800, Valuation.Of(run, 19, Site("west"), "m0", Policy));
    }

    private static long Of(PlacementRun run, PlacementSite site) => Valuation.Of(run, 0, site, "m0", Policy);
}
