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
    private readonly PlacementPolicy policy;

    public PlacementInstance(PlacementProblem problem, PlacementPolicy policy)
    {
        this.policy = policy;
        members = problem.Members.ToDictionary(member => member.Name);
        Runs = [.. problem.Runs.OrderBy(run => run.Uid, StringComparer.Ordinal)];
        Bins = [.. problem.Bins.OrderBy(bin => bin.Member, StringComparer.Ordinal).ThenBy(bin => bin.Sku, StringComparer.Ordinal)];
        var regions = problem.Regions.OrderBy(region => region.Name, StringComparer.Ordinal).ToArray();
        RegionNames = [.. regions.Select(region => region.Name)];
        RegionIngest = [.. regions.Select(region => region.IngestBytes)];
        var regionIndex = regions.Index().ToDictionary(region => region.Item.Name, region => region.Index);
        RegionOfBin = [.. Bins.Select(bin => regionIndex[members[bin.Member].Region])];
        Chunks = [.. Bins.SelectMany(bin => Enumerable.Range(0, Levels).Select(level => ChunksOf(bin, level)))];
        LevelOfRun = [.. Runs.Select(run => int.Log2(run.GpusPerWorker))];
        var binIndex = Bins.Index().ToDictionary(bin => (bin.Item.Member, bin.Item.Sku), bin => bin.Index);
        HomeOfRun = [.. Runs.Select(run => run.Home is { } home ? binIndex[(home.Member, home.Sku)] : -1)];
        StayValue = [.. Runs.Select(run => run.Home is null ? 0 : Valuation.OfStaying(run, policy))];
        Groups = [.. problem.Groups.OrderBy(group => group.Name, StringComparer.Ordinal)];
        var groupIndex = Groups.Index().ToDictionary(group => group.Item.Name, group => group.Index);
        GroupOfRun = [.. Runs.Select(run => run.Group is { } group ? groupIndex[group] : -1)];
        SpreadHome = new long[Groups.Length * regions.Length];
        foreach (var run in Enumerable.Range(0, Runs.Length).Where(run => HomeOfRun[run] >= 0 && GroupOfRun[run] >= 0))
            SpreadHome[(GroupOfRun[run] * regions.Length) + RegionOfBin[HomeOfRun[run]]] += Runs[run].Gpus;
        SpreadMax = [.. Groups.SelectMany(group => regions.Select(region => group.GpusPerRegionMax - group.Held.GetValueOrDefault(region.Name)))];
        for (var row = 0; row < SpreadMax.Length; row++)
            SpreadMax[row] = Math.Max(SpreadMax[row], SpreadHome[row]);

        var binsOfSku = Enumerable.Range(0, Bins.Length).ToLookup(bin => Bins[bin].Sku);
        Candidates = [.. Enumerable.Range(0, Runs.Length).Select(run => CandidatesOf(run, binsOfSku))];
    }

    public PlacementRun[] Runs { get; }

    public int[] LevelOfRun { get; }

    public PlacementBin[] Bins { get; }

    public int[] RegionOfBin { get; }

    public string[] RegionNames { get; }

    public long[] RegionIngest { get; }

    /// <summary>[bin × <see cref="Levels"/> + level]: how many chunks of 2^level GPUs, each on one node, are free.</summary>
    public long[] Chunks { get; }

    /// <summary>The bin where it is; -1: it has no home.</summary>
    public int[] HomeOfRun { get; }

    /// <summary>What staying there is worth; 0 where it has no home.</summary>
    public long[] StayValue { get; }

    public PlacementGroup[] Groups { get; }

    /// <summary>-1: none.</summary>
    public int[] GroupOfRun { get; }

    /// <summary>[group × regions + region]: the GPUs of its runs that have their homes there.</summary>
    public long[] SpreadHome { get; }

    /// <summary>[group × regions + region]: the GPUs that its runs may have there, those at home included; these may always stay.</summary>
    public long[] SpreadMax { get; }

    /// <summary>Of each run, where it may go, best first; ties by bin. Its home is not among them.</summary>
    public Candidate[][] Candidates { get; }

    public Target TargetOf(Candidate place)
    {
        var bin = Bins[place.Bin];
        var site = Runs[place.Run].Sites[place.Site];
        return new Target(bin.Member, site.Region, bin.Sku, site.Store);
    }

    /// <summary>The place as a move of a plan, with what it costs.</summary>
    public PlannedMove MoveTo(Candidate place)
    {
        var run = Runs[place.Run];
        return new PlannedMove(run.Uid, TargetOf(place), place.Value, place.IngestBytes) { Cost = Valuation.Cost(run, run.Sites[place.Site], policy) };
    }

    private Candidate[] CandidatesOf(int index, ILookup<string, int> binsOfSku)
    {
        var run = Runs[index];
        if (HomeOfRun[index] >= 0 && !run.MayMigrate)
            return [];
        var excluded = run.Excluded.Select(exclusion => exclusion.Member).ToHashSet();
        var sites = run.Sites.Index().ToDictionary(site => site.Item.Region, site => site.Index);
        var candidates = new List<Candidate>();
        foreach (var (preference, choice) in run.Skus.Index())
        {
            foreach (var bin in binsOfSku[choice.Sku])
            {
                var member = members[Bins[bin].Member];
                if (bin == HomeOfRun[index] || member.NotTarget is not null || excluded.Contains(member.Name) || !sites.TryGetValue(member.Region, out var site))
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
