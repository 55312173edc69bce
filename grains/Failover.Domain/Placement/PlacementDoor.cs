using System.Collections.Immutable;

namespace Failover.Domain.Placement;

/// <summary>Turns away problems whose numbers would overflow or mean nothing, and names the part that is wrong.</summary>
internal static class PlacementDoor
{
    private const int ThroughputMilliMax = 100_000;
    private const int WorkersMax = 10_000;
    private const int NodesMax = 10_000_000;
    private const int GpusPerNodeMax = 1_024;
    private const long GroupGpusMax = 1L << 40;
    private static readonly TimeSpan AtStakeMax = TimeSpan.FromDays(30);

    public static void Check(PlacementProblem problem, PlacementPolicy policy)
    {
        CheckPolicy(policy);
        Require(problem.Runs.Length <= PlacementProblem.RunsMax, $"at most {PlacementProblem.RunsMax} runs, not {problem.Runs.Length}");

        var regions = Distinct(problem.Regions, region => region.Name, "region");
        foreach (var region in problem.Regions)
            Require(region.IngestBytes >= 0, $"region {region.Name}: ingest {region.IngestBytes} is negative");

        var members = Distinct(problem.Members, member => member.Name, "member");
        foreach (var member in problem.Members)
            Require(regions.Contains(member.Region), $"member {member.Name}: region {member.Region} is not among the regions");

        Distinct(problem.Bins, bin => $"{bin.Member}/{bin.Sku}", "bin");
        foreach (var bin in problem.Bins)
        {
            Require(members.Contains(bin.Member), $"bin {bin.Member}/{bin.Sku}: no such member");
            foreach (var nodes in new[] { bin.NodesByFreeGpus, bin.NodesByGpus })
            {
                Require(nodes.Length <= GpusPerNodeMax + 1, $"bin {bin.Member}/{bin.Sku}: more than {GpusPerNodeMax} GPUs a node");
                Require(nodes.All(count => count is >= 0 and <= NodesMax), $"bin {bin.Member}/{bin.Sku}: nodes are 0 to {NodesMax}");
            }
        }

        var groups = Distinct(problem.Groups, group => group.Name, "group");
        foreach (var group in problem.Groups)
            CheckGroup(group, regions);

        Distinct(problem.Runs, run => run.Uid, "run");
        var bins = problem.Bins.Select(bin => (bin.Member, bin.Sku)).ToHashSet();
        foreach (var run in problem.Runs)
        {
            CheckRun(run, regions);
            Require(run.Group is null || groups.Contains(run.Group), $"run {run.Uid}: there is no group {run.Group}");
            CheckHome(run, bins);
        }
    }

    private static void CheckGroup(PlacementGroup group, HashSet<string> regions)
    {
        Require(group.GpusPerRegionMax is >= 0 and <= GroupGpusMax, $"group {group.Name}: GPUs a region are 0 to 2^40, not {group.GpusPerRegionMax}");
        foreach (var (region, held) in group.Held)
        {
            Require(regions.Contains(region), $"group {group.Name}: region {region} is not among the regions");
            Require(held is >= 0 and <= GroupGpusMax, $"group {group.Name}: GPUs held in {region} are 0 to 2^40, not {held}");
        }
    }

    private static void CheckHome(PlacementRun run, HashSet<(string Member, string Sku)> bins)
    {
        if (run.Home is not { } home)
        {
            Require(!run.MayMigrate, $"run {run.Uid}: it has no home to migrate from");
            return;
        }

        Require(bins.Contains((home.Member, home.Sku)), $"run {run.Uid}: there is no bin {home.Member}/{home.Sku}, its home");
        Require(run.Skus.Any(choice => choice.Sku == home.Sku), $"run {run.Uid}: GPU type {home.Sku} of its home does not suit it");
        Require(home.AtStake >= TimeSpan.Zero && home.AtStake <= AtStakeMax, $"run {run.Uid}: at stake is 0 to 30 days, not {home.AtStake}");
    }

    private static void CheckRun(PlacementRun run, HashSet<string> regions)
    {
        Require(run.Workers is >= 1 and <= WorkersMax, $"run {run.Uid}: workers are 1 to {WorkersMax}, not {run.Workers}");
        Require(run.GpusPerWorker is 1 or 2 or 4 or 8, $"run {run.Uid}: GPUs per worker are 1, 2, 4 or 8, not {run.GpusPerWorker}");
        Require(run.Tier is >= 0 and <= 3, $"run {run.Uid}: tier is 0 to 3, not {run.Tier}");
        Distinct(run.Skus, choice => choice.Sku, $"run {run.Uid}: GPU type");
        foreach (var choice in run.Skus)
        {
            Require(
                choice.ThroughputMilli is >= 1 and <= ThroughputMilliMax,
                $"run {run.Uid}: throughput of {choice.Sku} is 1 to {ThroughputMilliMax} thousandths, not {choice.ThroughputMilli}");
        }

        Distinct(run.Sites, site => site.Region, $"run {run.Uid}: site");
        foreach (var site in run.Sites)
        {
            Require(regions.Contains(site.Region), $"run {run.Uid}: region {site.Region} is not among the regions");
            Require(site.IngestBytes is >= 0 and <= Transfer.BytesMax, $"run {run.Uid}: ingest into {site.Region} is 0 to 10^14 bytes, not {site.IngestBytes}");
            foreach (var transfer in site.Transfers)
            {
                Require(transfer.Bytes is >= 0 and <= Transfer.BytesMax, $"run {run.Uid}: bytes into {site.Region} are 0 to 10^14, not {transfer.Bytes}");
                Require(transfer.BytesPerSecond >= 1, $"run {run.Uid}: bandwidth into {site.Region} is at least 1 byte a second");
                Require(transfer.EgressMicrodollarsPerGigabyte >= 0, $"run {run.Uid}: egress price into {site.Region} is negative");
            }
        }
    }

    private static void CheckPolicy(PlacementPolicy policy)
    {
        Require(policy.Horizon >= TimeSpan.FromMinutes(1) && policy.Horizon <= TimeSpan.FromDays(30), "horizon is 1 minute to 30 days", nameof(policy));
        Require(policy.TierWeights.Length == 4, "there are four tier weights", nameof(policy));
        Require(policy.TierWeights.All(weight => weight is >= 1 and <= 1_000), "tier weights are 1 to 1,000", nameof(policy));
        Require(policy.SkuPreferencePercent is >= 0 and <= 50, "GPU type preference is 0 to 50 percent", nameof(policy));
        Require(policy.Churn >= TimeSpan.Zero && policy.Churn <= policy.Horizon, "churn is 0 to the horizon", nameof(policy));
        Require(policy.StartUp >= TimeSpan.Zero && policy.StartUp <= policy.Horizon, "start-up is 0 to the horizon", nameof(policy));
        Require(policy.GpuHourMicrodollars >= 1, "a GPU-hour's price is at least a millionth of a dollar", nameof(policy));
        Require(Enum.IsDefined(policy.Engine), $"there is no engine {policy.Engine}", nameof(policy));
        Require(policy.ImprovementTrials >= 0, "improvement trials are 0 or more", nameof(policy));
    }

    private static HashSet<string> Distinct<T>(ImmutableArray<T> parts, Func<T, string> nameOf, string what)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in parts.Select(nameOf))
            Require(names.Add(name), $"{what} {name} is listed twice");
        return names;
    }

    private static void Require(bool holds, string otherwise, string argument = "problem")
    {
        if (!holds)
            throw new ArgumentException(otherwise, argument);
    }
}
