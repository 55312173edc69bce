using Failover.Domain.Placement.Solving;

namespace Failover.Domain.Placement;

/// <summary>
/// A placement problem as the solver takes it, position by position: runs, bins, regions and groups as in the instance; ingest in bytes; values in thousandths of a GPU-hour's
/// price, halved as often as it takes for the largest to fit (<see cref="Shift"/>; in practice never).
/// </summary>
internal sealed class SolverMap
{
    private readonly PlacementInstance instance;

    public SolverMap(PlacementInstance instance)
    {
        this.instance = instance;
        Shift = ShiftFor(instance);
        var builder = new GangProblemBuilder();
        // A region that takes more than 2^57 bytes in a window, 144 PB, counts as taking that: too little can't be wrong.
        foreach (var ingest in instance.RegionIngest)
            builder.AddRegion(Math.Min(ingest, GangProblemBuilder.IngestMax));
        AddBins(builder);
        foreach (var row in instance.SpreadMax.Chunk(Math.Max(1, instance.RegionNames.Length)))
            builder.AddGroup(row.Select(most => Math.Clamp(most, 0, GangProblemBuilder.CapacityMax)).ToArray());
        for (var run = 0; run < instance.Runs.Length; run++)
            AddRun(builder, run);
        Problem = builder.Build();
    }

    public GangProblem Problem { get; }

    /// <summary>The solver's values are the true ones without so many bits; at least 1.</summary>
    public int Shift { get; }

    /// <summary>What no plan is worth more than, in true values: what the shift cut off of each run's place is added again.</summary>
    public long TrueBound(long bound)
    {
        var most = Shift == 0 ? (Int128)bound : ((Int128)bound + instance.Runs.Length) << Shift;
        return (long)Int128.Min(most, long.MaxValue);
    }

    /// <summary>The run's place in the bin, which is not its home.</summary>
    public Candidate PlaceIn(int run, int bin) => instance.Candidates[run].First(place => place.Bin == bin);

    private static int ShiftFor(PlacementInstance instance)
    {
        var most = instance.StayValue.Concat(instance.Candidates.Where(places => places.Length > 0).Select(places => places[0].Value)).DefaultIfEmpty(0).Max();
        var shift = 0;
        while (most >> shift > GangProblemBuilder.ValueMax)
            shift++;
        return shift;
    }

    /// <summary>
    /// What is free, in chunks of each size, and what those at home there would give back: a chunk of its own size for each worker of theirs, and nothing larger, since where the
    /// workers sit is not known. Exact for what <see cref="PlanChecker"/> packs.
    /// </summary>
    private void AddBins(GangProblemBuilder builder)
    {
        const int levels = PlacementInstance.Levels;
        var gpus = new long[instance.Chunks.Length];
        for (var row = 0; row < gpus.Length; row++)
            gpus[row] = instance.Chunks[row] << (row % levels);
        for (var run = 0; run < instance.Runs.Length; run++)
        {
            for (var level = 0; instance.HomeOfRun[run] >= 0 && level <= instance.LevelOfRun[run]; level++)
                gpus[(instance.HomeOfRun[run] * levels) + level] += instance.Runs[run].Gpus;
        }

        for (var bin = 0; bin < instance.Bins.Length; bin++)
        {
            var rows = gpus.AsSpan(bin * levels, levels);
            foreach (ref var row in rows)
                row = Math.Min(row, GangProblemBuilder.CapacityMax);
            builder.AddBin(instance.RegionOfBin[bin], rows[0], rows[1], rows[2], rows[3]);
        }
    }

    private void AddRun(GangProblemBuilder builder, int index)
    {
        var run = instance.Runs[index];
        builder.AddRun(run.Gpus, run.GpusPerWorker, run.Tier, instance.GroupOfRun[index], instance.HomeOfRun[index]);
        if (instance.HomeOfRun[index] >= 0)
            builder.AddCandidate(instance.HomeOfRun[index], Math.Max(1, instance.StayValue[index] >> Shift), 0);
        foreach (var place in instance.Candidates[index])
            builder.AddCandidate(place.Bin, Math.Max(1, place.Value >> Shift), place.IngestBytes);
    }
}
