using Failover.Domain.Migration;

namespace Failover.Domain.Placement;

/// <summary>A place that a run may have, with its worth, by position in the instance.</summary>
internal readonly record struct Candidate(int Bin, int Site, int Run, long Value, long IngestBytes);

/// <summary>
/// The problem as positions and numbers. Runs are in the order of their uids and bins in that of their members and types, whatever order the problem
/// listed them in, so that every tie is broken by name.
/// </summary>
internal sealed class PlacementInstance
{
    /// <summary>Gangs' GPUs per worker are 2^0 to 2^3.</summary>
    public const int Levels = 4;

    private readonly Dictionary<string, PlacementMember> members;

    public PlacementInstance(PlacementProblem problem, PlacementPolicy policy)
    {
        members = problem.Members.ToDictionary(member => member.Name);
        Runs = [.. problem.Runs.OrderBy(run => run.Uid, StringComparer.Ordinal)];
        Bins = [.. problem.Bins.OrderBy(bin => bin.Member, StringComparer.Ordinal).ThenBy(bin => bin.Sku, StringComparer.Ordinal)];
        var regions = problem.Regions.OrderBy(region => region.Name, StringComparer.Ordinal).ToArray();
        RegionIngest = [.. regions.Select(region => region.IngestBytes)];
        var regionIndex = regions.Index().ToDictionary(region => region.Item.Name, region => region.Index);
        RegionOfBin = [.. Bins.Select(bin => regionIndex[members[bin.Member].Region])];
        Chunks = [.. Bins.SelectMany(bin => Enumerable.Range(0, Levels).Select(level => ChunksOf(bin, level)))];
        LevelOfRun = [.. Runs.Select(run => int.Log2(run.GpusPerWorker))];

        var binsOfSku = Enumerable.Range(0, Bins.Length).ToLookup(bin => Bins[bin].Sku);
        Candidates = [.. Enumerable.Range(0, Runs.Length).Select(run => CandidatesOf(run, binsOfSku, policy))];
    }

    public PlacementRun[] Runs { get; }

    public int[] LevelOfRun { get; }

    public PlacementBin[] Bins { get; }

    public int[] RegionOfBin { get; }

    public long[] RegionIngest { get; }

    /// <summary>[bin × <see cref="Levels"/> + level]: how many chunks of 2^level GPUs, each on one node, are free.</summary>
    public long[] Chunks { get; }

    /// <summary>Of each run, best first; ties by bin.</summary>
    public Candidate[][] Candidates { get; }

    public Target TargetOf(Candidate place)
    {
        var bin = Bins[place.Bin];
        var site = Runs[place.Run].Sites[place.Site];
        return new Target(bin.Member, site.Region, bin.Sku, site.Store);
    }

    private Candidate[] CandidatesOf(int index, ILookup<string, int> binsOfSku, PlacementPolicy policy)
    {
        var run = Runs[index];
        var excluded = run.Excluded.Select(exclusion => exclusion.Member).ToHashSet();
        var sites = run.Sites.Index().ToDictionary(site => site.Item.Region, site => site.Index);
        var candidates = new List<Candidate>();
        foreach (var (preference, choice) in run.Skus.Index())
        {
            foreach (var bin in binsOfSku[choice.Sku])
            {
                var member = members[Bins[bin].Member];
                if (member.NotTarget is not null || excluded.Contains(member.Name) || !sites.TryGetValue(member.Region, out var site))
                    continue;
                var value = Valuation.Of(run, preference, run.Sites[site], member.Name, policy);
                candidates.Add(new Candidate(bin, site, index, value, run.Sites[site].IngestBytes));
            }
        }

        return [.. candidates.OrderByDescending(candidate => candidate.Value).ThenBy(candidate => candidate.Bin)];
    }

    private static long ChunksOf(PlacementBin bin, int level) =>
        bin.NodesByFreeGpus.Index().Sum(nodes => (long)nodes.Item * (nodes.Index >> level));
}
