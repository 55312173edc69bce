namespace Failover.Domain.Placement.Solving;

/// <summary>Prices laid out so that a place's cost is found at once.</summary>
internal sealed class PriceTable(GangProblem problem)
{
    private readonly double[] perGpu = new double[problem.Bins * GangProblem.Levels];
    private Prices prices = new(problem);

    public void Set(Prices given)
    {
        prices = given;
        given.Total(perGpu, problem.Bins);
    }

    /// <summary>What a GPU of a gang of the level costs in the bin, all of its rows together.</summary>
    public double PerGpu(int bin, int level) => perGpu[(level * problem.Bins) + bin];

    /// <summary>What the bin's rows are worth in all.</summary>
    public double Worth(int bin)
    {
        var worth = 0.0;
        for (var row = bin * GangProblem.Levels; row < (bin + 1) * GangProblem.Levels; row++)
            worth += prices.Bin[row] * problem.Capacity[row];
        return worth;
    }

    /// <summary>What the place takes of all rows, at their prices.</summary>
    public double Cost(int run, int place)
    {
        int bin = problem.BinOf[place];
        double gpus = problem.Gpus[run];
        var cost = gpus * perGpu[(problem.Level[run] * problem.Bins) + bin];
        var region = problem.RegionOfBin[bin];
        if (problem.IngestOf[place] != 0)
            cost += problem.IngestOf[place] * prices.Ingest[region];
        if (problem.Group[run] >= 0)
            cost += gpus * prices.Spread[(problem.Group[run] * problem.Regions) + region];
        return cost;
    }
}
