namespace Failover.Domain.Placement;

/// <summary>
/// A number that stays the same as long as a problem does, but for its snapshot's version and for what is at stake for those at home, which changes all the time. FNV-1a, 64 bits: two problems
/// that differ have the same number once in 10^19 times.
/// </summary>
public static class ProblemPrint
{
    private const ulong Basis = 14_695_981_039_346_656_037;
    private const ulong Prime = 1_099_511_628_211;

    /// <summary>Of the problem, in the order in which its parts are listed.</summary>
    public static ulong Of(PlacementProblem problem)
    {
        ArgumentNullException.ThrowIfNull(problem);
        var print = new Print();
        foreach (var region in problem.Regions)
            print.Add(region.Name).Add(region.IngestBytes);
        foreach (var member in problem.Members)
            print.Add(member.Name).Add(member.Region).Add(member.NotTarget);
        foreach (var bin in problem.Bins)
        {
            print.Add(bin.Member).Add(bin.Sku);
            foreach (var nodes in bin.NodesByFreeGpus)
                print.Add(nodes);
            print.Add(bin.NodesByGpus.Length);
            foreach (var nodes in bin.NodesByGpus)
                print.Add(nodes);
        }

        foreach (var group in problem.Groups)
        {
            print.Add(group.Name).Add(group.GpusPerRegionMax);
            foreach (var (region, held) in group.Held.OrderBy(held => held.Key, StringComparer.Ordinal))
                print.Add(region).Add(held);
        }

        foreach (var run in problem.Runs)
            Add(print, run);
        return print.Value;
    }

    private static void Add(Print print, PlacementRun run)
    {
        print.Add(run.Uid).Add(run.Name).Add(run.Workers).Add(run.GpusPerWorker).Add(run.Tier).Add(run.PreferredMember).Add(run.Group);
        print.Add(run.Home?.Member).Add(run.Home?.Sku).Add(run.MayMigrate ? 1 : 0);
        foreach (var choice in run.Skus)
            print.Add(choice.Sku).Add(choice.ThroughputMilli);
        foreach (var site in run.Sites)
        {
            print.Add(site.Region).Add(site.Store).Add(site.IngestBytes);
            foreach (var transfer in site.Transfers)
                print.Add(transfer.Bytes).Add(transfer.BytesPerSecond).Add(transfer.EgressMicrodollarsPerGigabyte);
        }

        foreach (var (region, reason) in run.RegionReasons.OrderBy(reason => reason.Key, StringComparer.Ordinal))
            print.Add(region).Add(reason);
        foreach (var exclusion in run.Excluded)
            print.Add(exclusion.Member).Add(exclusion.Reason);
        foreach (var region in run.PreferredRegions)
            print.Add(region);
    }

    private sealed class Print
    {
        public ulong Value { get; private set; } = Basis;

        public Print Add(long number)
        {
            for (var shift = 0; shift < 64; shift += 8)
                Value = unchecked((Value ^ (byte)(number >> shift)) * Prime);
            return this;
        }

        // The length first, so that no two lists of texts run into the same one; -1 is no text.
        public Print Add(string? text)
        {
            Add(text?.Length ?? -1L);
            foreach (var character in text ?? "")
                Value = unchecked((Value ^ character) * Prime);
            return this;
        }
    }
}
