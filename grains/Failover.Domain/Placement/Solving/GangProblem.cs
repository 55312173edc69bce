namespace Failover.Domain.Placement.Solving;

/// <summary>
/// Who may go where, and for how much, as positions and numbers: displaced runs, and incumbents that may stay, be preempted or migrate, are all runs with
/// candidates. Made by <see cref="GangProblemBuilder"/>, which checks it. About 22 bytes a candidate.
/// </summary>
/// <remarks>
/// Rows, all in GPUs: of a bin, one for each level, nested: what needs chunks of 2^level GPUs or larger takes no more than there is in such chunks;
/// of a region, ingest; of a group and a region, spread.
/// </remarks>
public sealed class GangProblem
{
    /// <summary>Chunks are 1, 2, 4 and 8 GPUs of one node.</summary>
    public const int Levels = 4;

    internal GangProblem(GangProblemBuilder.Parts parts)
    {
        Ingest = parts.Ingest;
        RegionOfBin = parts.RegionOfBin;
        Capacity = parts.Capacity;
        SpreadMax = parts.SpreadMax;
        Gpus = parts.Gpus;
        Level = parts.Level;
        Tier = parts.Tier;
        Group = parts.Group;
        Home = parts.Home;
        Start = parts.Start;
        UsableEnd = parts.UsableEnd;
        BinOf = parts.BinOf;
        ValueOf = parts.ValueOf;
        IngestOf = parts.IngestOf;
    }

    /// <summary>How many runs there are.</summary>
    public int Runs => Gpus.Length;

    /// <summary>How many bins there are.</summary>
    public int Bins => RegionOfBin.Length;

    /// <summary>How many regions there are.</summary>
    public int Regions => Ingest.Length;

    /// <summary>How many spread groups there are.</summary>
    public int Groups => Regions == 0 ? 0 : SpreadMax.Length / Regions;

    /// <summary>How many pairs of run and bin are listed.</summary>
    public int Candidates => BinOf.Length;

    internal long[] Ingest { get; }

    internal int[] RegionOfBin { get; }

    /// <summary>[bin × <see cref="Levels"/> + level], in GPUs; never rises with the level.</summary>
    internal long[] Capacity { get; }

    /// <summary>[group × regions + region], in GPUs.</summary>
    internal long[] SpreadMax { get; }

    internal int[] Gpus { get; }

    internal byte[] Level { get; }

    internal byte[] Tier { get; }

    /// <summary>-1: none.</summary>
    internal int[] Group { get; }

    /// <summary>-1: none. Where it runs now.</summary>
    internal int[] Home { get; }

    /// <summary>[run]: its first candidate; one more entry for the end. Those that it may ever have come first, by bin.</summary>
    internal int[] Start { get; }

    /// <summary>[run]: from here to the next run's start are candidates that are worth nothing, or could not hold it even if all else were empty.</summary>
    internal int[] UsableEnd { get; }

    internal ushort[] BinOf { get; }

    internal long[] ValueOf { get; }

    internal long[] IngestOf { get; }

    /// <summary>The candidate by which the run goes to the bin; -1: not listed, worth nothing or impossible.</summary>
    internal int Find(int run, int bin)
    {
        var at = Array.BinarySearch(BinOf, Start[run], UsableEnd[run] - Start[run], (ushort)bin);
        return at < 0 ? -1 : at;
    }

    /// <summary>
    /// What is left for the runs of one tier once the plan has what it has: the same runs, those of other tiers without a place to go to.
    /// </summary>
    internal GangProblem Rest(PlanState plan, int tier)
    {
        var capacity = new long[Capacity.Length];
        for (var bin = 0; bin < Bins; bin++)
        {
            var least = long.MaxValue;
            for (var level = 0; level < Levels; level++)
                capacity[(bin * Levels) + level] = least = Math.Min(least, plan.Free(bin, level));
        }

        var usableEnd = new int[Runs];
        for (var run = 0; run < Runs; run++)
            usableEnd[run] = Tier[run] == tier ? UsableEnd[run] : Start[run];
        return With(
            capacity, usableEnd,
            [.. Enumerable.Range(0, Regions).Select(plan.IngestLeft)],
            [.. Enumerable.Range(0, SpreadMax.Length).Select(row => plan.SpreadLeft(row / Regions, row % Regions))]);
    }

    /// <summary>The same runs, where one bin has half of what it had.</summary>
    internal GangProblem WithHalfOf(int bin)
    {
        long[] capacity = [.. Capacity];
        for (var level = 0; level < Levels; level++)
            capacity[(bin * Levels) + level] /= 2;
        return With(capacity, UsableEnd, Ingest, SpreadMax);
    }

    private GangProblem With(long[] capacity, int[] usableEnd, long[] ingest, long[] spreadMax) => new(new GangProblemBuilder.Parts
    {
        Ingest = ingest,
        SpreadMax = spreadMax,
        Capacity = capacity,
        UsableEnd = usableEnd,
        RegionOfBin = RegionOfBin,
        Gpus = Gpus,
        Level = Level,
        Tier = Tier,
        Group = Group,
        Home = Home,
        Start = Start,
        BinOf = BinOf,
        ValueOf = ValueOf,
        IngestOf = IngestOf,
    });
}
