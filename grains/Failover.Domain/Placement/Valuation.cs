namespace Failover.Domain.Placement;

/// <summary>
/// What a place is worth to a run, in thousandths of a GPU-hour's price:
/// tier weight × GPUs × SKU factor × (horizon − delay) − egress − churn. At least 1: far away is still better than nowhere.
/// </summary>
internal static class Valuation
{
    // RunsMax values of this size still sum below 2^63.
    private const long ValueMax = long.MaxValue / PlacementProblem.RunsMax;

    public static long Of(PlacementRun run, int preference, PlacementSite site, string member, PlacementPolicy policy)
    {
        checked
        {
            var gangMilli = GangMilli(run, preference, policy);
            var (staging, egressMicrodollars) = Bringing(site);
            var delay = Seconds(policy.StartUp) + staging;

            if (run.PreferredMember is { } preferred && preferred != member)
                delay += Seconds(policy.Churn);
            if (!run.PreferredRegions.IsEmpty && !run.PreferredRegions.Contains(site.Region))
                delay += Seconds(policy.Churn);
            var value = (gangMilli * (Seconds(policy.Horizon) - delay) / 3_600) - (egressMicrodollars * 1_000 / policy.GpuHourMicrodollars);
            return (long)Int128.Clamp(value, 1, ValueMax);
        }
    }

    /// <summary>What the place costs, by itself: nothing of what it is weighed against.</summary>
    public static PlaceCost Cost(PlacementRun run, PlacementSite site, PlacementPolicy policy)
    {
        var (staging, egressMicrodollars) = Bringing(site);
        var waits = TimeSpan.FromSeconds((double)Int128.Min(staging, (Int128)TimeSpan.MaxValue.TotalSeconds / 2));
        return new PlaceCost(waits, (long)Int128.Min(egressMicrodollars, long.MaxValue), Math.Round(run.Gpus * (waits + policy.StartUp).TotalHours, 3));
    }

    /// <summary>Seconds, one transfer after the other, and millionths of a dollar, of what must be there first.</summary>
    private static (Int128 Seconds, Int128 Microdollars) Bringing(PlacementSite site)
    {
        var (seconds, microdollars) = (Int128.Zero, Int128.Zero);
        foreach (var transfer in site.Transfers)
        {
            seconds += (transfer.Bytes + (Int128)transfer.BytesPerSecond - 1) / transfer.BytesPerSecond;
            microdollars += (Int128)transfer.Bytes * transfer.EgressMicrodollarsPerGigabyte / 1_000_000_000;
        }

        return (seconds, microdollars);
    }

    /// <summary>What keeping its home is worth to a run that has one: its GPUs over the whole horizon, and what a preemption would throw away.</summary>
    public static long OfStaying(PlacementRun run, PlacementPolicy policy)
    {
        var home = run.Home ?? throw new ArgumentException($"run {run.Uid} has no home", nameof(run));
        checked
        {
            var value = GangMilli(run, run.Skus.Select(choice => choice.Sku).ToArray().IndexOf(home.Sku), policy) * (Seconds(policy.Horizon) + Seconds(home.AtStake)) / 3_600;
            return (long)Int128.Clamp(value, 1, ValueMax);
        }
    }

    /// <summary>Of an hour of the whole gang on the GPU type, weighted; Int128, since the product of the limits at the door passes 2^63.</summary>
    private static Int128 GangMilli(PlacementRun run, int preference, PlacementPolicy policy) =>
        (Int128)policy.TierWeights[run.Tier] * run.Gpus * run.Skus[preference].ThroughputMilli * Math.Max(1, 100 - (policy.SkuPreferencePercent * preference)) / 100;

    private static Int128 Seconds(TimeSpan span) => span.Ticks / TimeSpan.TicksPerSecond;
}
