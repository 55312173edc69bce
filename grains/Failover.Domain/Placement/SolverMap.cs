using Failover.Domain.Placement.Solving;

namespace Failover.Domain.Placement;

/// <summary>
/// A placement problem as the solver takes it, position by position: runs, bins, regions and groups as in the instance; values in thousandths of a GPU-hour's price, halved as often
/// as it takes for the largest to fit (<see cref="Shift"/>; in practice never); ingest in the largest unit that divides all needs of a region or, where its window has more than 2^24
/// of those, in such parts of it, needs rounded up: a byte's price would be too small to be a whole number.
/// </summary>
internal sealed class SolverMap
{
    /// <summary>The most parts of a region's window that ingest is counted in.</summary>
    private const long WindowMax = 1 << 24;

    private readonly PlacementInstance instance;
    private readonly long[] ingestUnit;

    public SolverMap(PlacementInstance instance)
    {
        this.instance = instance;
        Shift = ShiftFor(instance);
        var builder = new GangProblemBuilder();
        ingestUnit = IngestUnits(instance);
        foreach (var (region, window) in instance.RegionIngest.Index())
            builder.AddRegion(window / ingestUnit[region]);
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

    /// <summary>The bytes that a region's ingest is counted in.</summary>
    public long IngestUnit(int region) => ingestUnit[region];

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
            builder.AddCandidate(place.Bin, Math.Max(1, place.Value >> Shift), Parts(place.IngestBytes, instance.RegionOfBin[place.Bin]));
    }

    private long Parts(long bytes, int region) => (bytes / ingestUnit[region]) + (bytes % ingestUnit[region] == 0 ? 0 : 1);

    private static long[] IngestUnits(PlacementInstance instance)
    {
        var units = new long[instance.RegionIngest.Length];
        foreach (var place in instance.Candidates.SelectMany(places => places))
        {
            ref var unit = ref units[instance.RegionOfBin[place.Bin]];
            unit = Divisor(unit, place.IngestBytes);
        }

        foreach (var (region, window) in instance.RegionIngest.Index())
        {
            units[region] = Math.Max(1, units[region]);
            while (window / units[region] > WindowMax)
                units[region] *= 2;
        }

        return units;
    }

    private static long Divisor(long one, long other) => other == 0 ? one : Divisor(other, one % other);
}
