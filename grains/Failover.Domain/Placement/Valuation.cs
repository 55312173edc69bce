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
            // Int128: the product of the limits at the door passes 2^63 before it is divided.
            var preferencePercent = Math.Max(1, 100 - (policy.SkuPreferencePercent * preference));
            var gangMilli = (Int128)policy.TierWeights[run.Tier] * run.Gpus * run.Skus[preference].ThroughputMilli * preferencePercent / 100;
            var delay = Seconds(policy.StartUp);
            var egressMicrodollars = Int128.Zero;
            foreach (var transfer in site.Transfers)
            {
                delay += (transfer.Bytes + (Int128)transfer.BytesPerSecond - 1) / transfer.BytesPerSecond;
                egressMicrodollars += (Int128)transfer.Bytes * transfer.EgressMicrodollarsPerGigabyte / 1_000_000_000;
            }

            if (run.PreferredMember is { } preferred && preferred != member)
                delay += Seconds(policy.Churn);
            if (!run.PreferredRegions.IsEmpty && !run.PreferredRegions.Contains(site.Region))
                delay += Seconds(policy.Churn);
            var value = (gangMilli * (Seconds(policy.Horizon) - delay) / 3_600) - (egressMicrodollars * 1_000 / policy.GpuHourMicrodollars);
            return (long)Int128.Clamp(value, 1, ValueMax);
        }
    }

    private static Int128 Seconds(TimeSpan span) => span.Ticks / TimeSpan.TicksPerSecond;
}
