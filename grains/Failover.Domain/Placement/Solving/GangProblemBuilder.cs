namespace Failover.Domain.Placement.Solving;

/// <summary>
/// The door of the solver: takes a problem part by part, and turns away what would overflow or mean nothing by an <see cref="ArgumentException"/> that
/// names it. Positions count from 0 in the order of adding.
/// </summary>
public sealed class GangProblemBuilder
{
    /// <summary>The most that a pair may be worth; with <see cref="RunsMax"/> it keeps all sums within 64 bits.</summary>
    public const long ValueMax = 1L << 44;

    /// <summary>The most ingest of a pair, or of a region.</summary>
    public const long IngestMax = 1L << 57;

    /// <summary>The most runs.</summary>
    public const int RunsMax = 1 << 17;

    /// <summary>The most bins; a position is two bytes.</summary>
    public const int BinsMax = ushort.MaxValue;

    /// <summary>The most GPUs of one gang.</summary>
    public const int GpusMax = 1 << 24;

    /// <summary>The most GPUs of a bin, or of a group in a region.</summary>
    public const long CapacityMax = 1L << 40;

    private const int TiersMax = 4;

    private readonly List<long> ingest = [];
    private readonly List<int> regionOfBin = [];
    private readonly List<long> capacity = [];
    private readonly List<(long Most, long[] ByRegion)> spreadMax = [];
    private readonly List<int> gpus = [];
    private readonly List<byte> level = [];
    private readonly List<byte> tier = [];
    private readonly List<int> group = [];
    private readonly List<int> home = [];
    private readonly List<int> start = [];
    private readonly List<ushort> binOf = [];
    private readonly List<long> valueOf = [];
    private readonly List<long> ingestOf = [];

    /// <summary>A region into which this much may be brought: 0 to <see cref="IngestMax"/>, in any unit, the same throughout. Of more than some 2^30 units bounds are weak: a unit's price is a whole number.</summary>
    public int AddRegion(long ingestMax)
    {
        Require(ingestMax is >= 0 and <= IngestMax, $"region {ingest.Count}: ingest is 0 to 2^57, not {ingestMax}");
        ingest.Add(ingestMax);
        return ingest.Count - 1;
    }

    /// <summary>A bin: the GPUs that it has in chunks of 1, 2, 4 and 8 on one node. A node with 7 free has 7, 6, 4 and 0.</summary>
    public int AddBin(int region, long inOnes, long inTwos, long inFours, long inEights)
    {
        Require(regionOfBin.Count < BinsMax, $"at most {BinsMax} bins");
        Require(region >= 0 && region < ingest.Count, $"bin {regionOfBin.Count}: there is no region {region}");
        Require(inOnes <= CapacityMax && inOnes >= inTwos && inTwos >= inFours && inFours >= inEights && inEights >= 0,
            $"bin {regionOfBin.Count}: GPUs in larger chunks are 0 to those in smaller ones, to 2^40, not {inOnes}, {inTwos}, {inFours}, {inEights}");
        regionOfBin.Add(region);
        capacity.AddRange([inOnes, inTwos, inFours, inEights]);
        return regionOfBin.Count - 1;
    }

    /// <summary>A group whose runs together may have this many GPUs in any one region.</summary>
    public int AddGroup(long gpusPerRegionMax)
    {
        Require(gpusPerRegionMax is >= 0 and <= CapacityMax, $"group {spreadMax.Count}: GPUs a region are 0 to 2^40, not {gpusPerRegionMax}");
        spreadMax.Add((gpusPerRegionMax, []));
        return spreadMax.Count - 1;
    }

    /// <summary>A group whose runs together may have this many GPUs in each region, by position; all regions are there already.</summary>
    public int AddGroup(ReadOnlySpan<long> gpusByRegion)
    {
        Require(gpusByRegion.Length == ingest.Count, $"group {spreadMax.Count}: a number for each of {ingest.Count} regions, not {gpusByRegion.Length}");
        foreach (var most in gpusByRegion)
            Require(most is >= 0 and <= CapacityMax, $"group {spreadMax.Count}: GPUs a region are 0 to 2^40, not {most}");
        spreadMax.Add((0, gpusByRegion.ToArray()));
        return spreadMax.Count - 1;
    }

    /// <summary>
    /// A run, whose candidates are added next. <paramref name="chunk"/>: the GPUs it needs together on one node, 1, 2, 4 or 8; <paramref name="gangGpus"/>
    /// is a multiple of it. <paramref name="spreadGroup"/> and <paramref name="homeBin"/>: -1 if it has none.
    /// </summary>
    public int AddRun(int gangGpus, int chunk, int runTier, int spreadGroup = -1, int homeBin = -1)
    {
        var run = gpus.Count;
        Require(run < RunsMax, $"at most {RunsMax} runs");
        Require(chunk is 1 or 2 or 4 or 8, $"run {run}: GPUs together are 1, 2, 4 or 8, not {chunk}");
        Require(gangGpus is >= 1 and <= GpusMax && gangGpus % chunk == 0, $"run {run}: GPUs are a multiple of {chunk} up to 2^24, not {gangGpus}");
        Require(runTier is >= 0 and < TiersMax, $"run {run}: tier is 0 to 3, not {runTier}");
        Require(spreadGroup >= -1 && spreadGroup < spreadMax.Count, $"run {run}: there is no group {spreadGroup}");
        Require(homeBin >= -1 && homeBin < regionOfBin.Count, $"run {run}: there is no bin {homeBin}");
        gpus.Add(gangGpus);
        level.Add((byte)int.Log2(chunk));
        tier.Add((byte)runTier);
        group.Add(spreadGroup);
        home.Add(homeBin);
        start.Add(binOf.Count);
        return run;
    }

    /// <summary>
    /// A place that the run added last may have. <paramref name="value"/> is at most <see cref="ValueMax"/>; below 1 it is never taken. A bin is listed once.
    /// </summary>
    public void AddCandidate(int bin, long value, long bringsIn)
    {
        var run = gpus.Count - 1;
        Require(run >= 0, "a candidate comes after its run");
        Require(bin >= 0 && bin < regionOfBin.Count, $"run {run}: there is no bin {bin}");
        Require(value is >= -ValueMax and <= ValueMax, $"run {run}: a place is worth up to 2^44 either way, not {value}");
        Require(bringsIn is >= 0 and <= IngestMax, $"run {run}: what it brings in is 0 to 2^57, not {bringsIn}");
        Require(binOf.Count < Array.MaxLength / 2, "too many candidates");
        binOf.Add((ushort)bin);
        valueOf.Add(value);
        ingestOf.Add(bringsIn);
    }

    /// <summary>The problem. The builder is spent.</summary>
    public GangProblem Build()
    {
        start.Add(binOf.Count);
        var parts = new Parts
        {
            Ingest = [.. ingest],
            RegionOfBin = [.. regionOfBin],
            Capacity = [.. capacity],
            SpreadMax = [.. spreadMax.SelectMany(group => Enumerable.Range(0, ingest.Count).Select(region => region < group.ByRegion.Length ? group.ByRegion[region] : group.Most))],
            Gpus = [.. gpus],
            Level = [.. level],
            Tier = [.. tier],
            Group = [.. group],
            Home = [.. home],
            Start = [.. start],
            UsableEnd = new int[gpus.Count],
            BinOf = Spend(binOf),
            ValueOf = Spend(valueOf),
            IngestOf = Spend(ingestOf),
        };
        for (var run = 0; run < parts.Gpus.Length; run++)
            Sort(parts, run);
        return new GangProblem(parts);
    }

    /// <summary>The usable candidates first, by bin.</summary>
    private static void Sort(Parts parts, int run)
    {
        var first = parts.Start[run];
        var places = Enumerable.Range(first, parts.Start[run + 1] - first)
            .Select(place => (Bin: parts.BinOf[place], Value: parts.ValueOf[place], Ingest: parts.IngestOf[place], Usable: Usable(parts, run, place)))
            .OrderBy(place => !place.Usable).ThenBy(place => place.Bin).ToArray();
        Require(places.DistinctBy(place => place.Bin).Count() == places.Length, $"run {run}: a bin is listed twice");
        for (var i = 0; i < places.Length; i++)
            (parts.BinOf[first + i], parts.ValueOf[first + i], parts.IngestOf[first + i]) = (places[i].Bin, places[i].Value, places[i].Ingest);
        parts.UsableEnd[run] = first + places.Count(place => place.Usable);
    }

    private static bool Usable(Parts parts, int run, int place)
    {
        var bin = parts.BinOf[place];
        return parts.ValueOf[place] > 0
            && parts.Gpus[run] <= parts.Capacity[(bin * GangProblem.Levels) + parts.Level[run]]
            && parts.IngestOf[place] <= parts.Ingest[parts.RegionOfBin[bin]]
            && (parts.Group[run] < 0 || parts.Gpus[run] <= parts.SpreadMax[(parts.Group[run] * parts.Ingest.Length) + parts.RegionOfBin[bin]]);
    }

    private static T[] Spend<T>(List<T> list)
    {
        T[] array = [.. list];
        // The large lists are not needed twice.
        list.Clear();
        list.Capacity = 0;
        return array;
    }

    private static void Require(bool holds, string otherwise, string argument = "problem")
    {
        if (!holds)
            throw new ArgumentException(otherwise, argument);
    }

    internal sealed class Parts
    {
        public required long[] Ingest { get; init; }

        public required int[] RegionOfBin { get; init; }

        public required long[] Capacity { get; init; }

        /// <summary>[group × regions + region].</summary>
        public required long[] SpreadMax { get; init; }

        public required int[] Gpus { get; init; }

        public required byte[] Level { get; init; }

        public required byte[] Tier { get; init; }

        public required int[] Group { get; init; }

        public required int[] Home { get; init; }

        public required int[] Start { get; init; }

        public required int[] UsableEnd { get; init; }

        public required ushort[] BinOf { get; init; }

        public required long[] ValueOf { get; init; }

        public required long[] IngestOf { get; init; }
    }
}
