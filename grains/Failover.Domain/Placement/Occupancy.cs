namespace Failover.Domain.Placement;

/// <summary>
/// What is taken of bins, of regions' ingest and of groups' spread, beside those that have a home, which stay there. Gang sizes nest (1, 2, 4, 8), so a set of gangs can be packed onto the nodes exactly if, for each size s,
/// the chunks of s GPUs that gangs of s and more need are no more than the nodes have free. Order does not matter.
/// </summary>
internal sealed class Occupancy(PlacementInstance instance)
{
    private readonly long[] used = new long[instance.Chunks.Length];
    private readonly long[] ingested = new long[instance.RegionIngest.Length];
    private readonly long[] spread = [.. instance.SpreadHome];

    public bool Fits(Candidate place) => FitsBin(place) && FitsIngest(place) && FitsSpread(place);

    public bool FitsBin(Candidate place)
    {
        for (var level = instance.LevelOfRun[place.Run]; level >= 0; level--)
        {
            var row = (place.Bin * PlacementInstance.Levels) + level;
            if (used[row] + Need(place, level) > instance.Chunks[row])
                return false;
        }

        return true;
    }

    public bool FitsIngest(Candidate place) => IngestLeft(place) >= place.IngestBytes;

    public bool FitsSpread(Candidate place) => instance.GroupOfRun[place.Run] < 0 || SpreadLeft(place) >= instance.Runs[place.Run].Gpus;

    /// <summary>What the run's group, which it has, may still have in the place's region.</summary>
    public long SpreadLeft(Candidate place) => instance.SpreadMax[SpreadRow(place)] - spread[SpreadRow(place)];

    public long IngestLeft(Candidate place)
    {
        var region = instance.RegionOfBin[place.Bin];
        return instance.RegionIngest[region] - ingested[region];
    }

    public void Add(Candidate place) => Change(place, 1);

    public void Remove(Candidate place) => Change(place, -1);

    /// <summary>A run that has a home leaves it: what it gives back is at least a chunk of its size a worker.</summary>
    public void Leave(int run)
    {
        var home = new Candidate(instance.HomeOfRun[run], 0, run, 0, 0);
        Change(home, -1);
    }

    private void Change(Candidate place, int sign)
    {
        for (var level = instance.LevelOfRun[place.Run]; level >= 0; level--)
            used[(place.Bin * PlacementInstance.Levels) + level] += sign * Need(place, level);
        ingested[instance.RegionOfBin[place.Bin]] += sign * place.IngestBytes;
        if (instance.GroupOfRun[place.Run] >= 0)
            spread[SpreadRow(place)] += sign * instance.Runs[place.Run].Gpus;
    }

    private int SpreadRow(Candidate place) => (instance.GroupOfRun[place.Run] * instance.RegionIngest.Length) + instance.RegionOfBin[place.Bin];

    private long Need(Candidate place, int level) => (long)instance.Runs[place.Run].Workers << (instance.LevelOfRun[place.Run] - level);
}
