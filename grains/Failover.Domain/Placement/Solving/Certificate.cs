namespace Failover.Domain.Placement.Solving;

/// <summary>
/// The bound that prices prove, in exact integers: no plan of the problem is worth more, whatever rounding errors went into the prices.
/// </summary>
internal static class Certificate
{
    private const int Shift = 16;

    /// <summary>Σ over runs of max(0, max over places of value − price × use), + price × capacity; rounded down, as plans are whole.</summary>
    public static long Bound(GangProblem problem, Prices prices)
    {
        var perGpu = new long[problem.Bins * GangProblem.Levels];
        var ingest = Array.ConvertAll(prices.Ingest, Fixed);
        var spread = Array.ConvertAll(prices.Spread, Fixed);
        var bound = Int128.Zero;
        for (var bin = 0; bin < problem.Bins; bin++)
        {
            long sum = 0;
            for (var level = 0; level < GangProblem.Levels; level++)
            {
                var row = (bin * GangProblem.Levels) + level;
                var price = Fixed(prices.Bin[row]);
                bound += (Int128)price * problem.Capacity[row];
                perGpu[row] = sum += price;
            }
        }

        for (var region = 0; region < problem.Regions; region++)
            bound += (Int128)ingest[region] * problem.Ingest[region];
        for (var row = 0; row < spread.Length; row++)
            bound += (Int128)spread[row] * problem.SpreadMax[row];
        for (var run = 0; run < problem.Runs; run++)
            bound += Best(problem, run, perGpu, ingest, spread);
        return (long)Int128.Min(bound >> Shift, long.MaxValue);
    }

    private static Int128 Best(GangProblem problem, int run, long[] perGpu, long[] ingest, long[] spread)
    {
        var best = Int128.Zero;
        var gpus = problem.Gpus[run];
        var group = problem.Group[run] * problem.Regions;
        for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
        {
            int bin = problem.BinOf[place];
            var region = problem.RegionOfBin[bin];
            var gain = ((Int128)problem.ValueOf[place] << Shift) - ((Int128)perGpu[(bin * GangProblem.Levels) + problem.Level[run]] * gpus);
            if (problem.IngestOf[place] > 0)
                gain -= (Int128)ingest[region] * problem.IngestOf[place];
            if (group >= 0)
                gain -= (Int128)spread[group + region] * gpus;
            if (gain > best)
                best = gain;
        }

        return best;
    }

    /// <summary>No GPU needs a price above the highest value; so four of them still fit.</summary>
    private static long Fixed(double price) => price > 0 ? (long)(Math.Min(price, GangProblemBuilder.ValueMax) * (1L << Shift)) : 0;
}
