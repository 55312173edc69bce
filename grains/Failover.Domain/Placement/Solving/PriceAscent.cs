namespace Failover.Domain.Placement.Solving;

/// <summary>
/// Prices on the coupling rows by sub-gradients of the Lagrangian bound Σ_run max(0, max_bin(value − price × use)) + price × capacity: deflected, scaled
/// by capacity, with Polyak's step towards the best plan known (Held, Wolfe and Crowder, 1974; Camerini, Fratta and Maffioli, 1975).
/// </summary>
internal sealed class PriceAscent
{
    /// <summary>Passes without progress before steps get shorter: fewer waste good steps, more waste passes.</summary>
    private const int Patience = 12;

    private readonly GangProblem problem;
    private readonly double[] capacity;
    private readonly double[] direction;
    private readonly double[] use;
    private readonly double[] total;
    private readonly double[] ingestOfBin;
    private readonly double[] weight;
    private readonly int ingestRow;
    private readonly int spreadRow;
    private readonly double[] price;
    private double step = 1;
    private int stale;

    public PriceAscent(GangProblem problem, Prices? warm)
    {
        this.problem = problem;
        ingestRow = problem.Bins * GangProblem.Levels;
        spreadRow = ingestRow + problem.Regions;
        var rows = spreadRow + (problem.Groups * problem.Regions);
        capacity = new double[rows];
        direction = new double[rows];
        use = new double[rows];
        price = new double[rows];
        total = new double[problem.Bins * GangProblem.Levels];
        ingestOfBin = new double[problem.Bins];
        weight = new double[rows];
        for (var row = 0; row < ingestRow; row++)
        {
            capacity[row] = problem.Capacity[row];
        }

        for (var region = 0; region < problem.Regions; region++)
            capacity[ingestRow + region] = problem.Ingest[region];
        for (var row = 0; row < problem.Groups * problem.Regions; row++)
            capacity[spreadRow + row] = problem.SpreadMax[row];
        Weigh();
        Best = new Prices(problem);
        if (warm is not null && warm.Suits(problem))
        {
            warm.CopyTo(Best);
            Load(Best);
        }
    }

    /// <summary>The prices of the lowest bound.</summary>
    public Prices Best { get; }

    /// <summary>The lowest bound so far, in rounded numbers; certified only by <see cref="Solving.Certificate"/>.</summary>
    public double Bound { get; private set; } = double.PositiveInfinity;

    public long Work { get; private set; }

    /// <summary>Steps have become too short to matter.</summary>
    public bool Settled => step < 0.002;

    private void Weigh()
    {
        var gpus = 0.0;
        for (var row = 0; row < ingestRow; row++)
        {
            // A level with as much room as the one below is kept by that.
            var idle = row % GangProblem.Levels > 0 && capacity[row] == capacity[row - 1];
            weight[row] = idle || capacity[row] <= 0 ? 0 : 1 / capacity[row];
            if (row % GangProblem.Levels == 0) gpus += capacity[row];
        }
        var typical = gpus / Math.Max(1, problem.Regions);
        for (var row = ingestRow; row < spreadRow; row++)
        {
            var unit = typical / Math.Max(1, capacity[row]);
            weight[row] = capacity[row] <= 0 ? 0 : unit * unit / typical;
        }
        for (var row = spreadRow; row < weight.Length; row++)
            weight[row] = capacity[row] <= 0 ? 0 : 1 / capacity[row];
    }

    /// <summary>One pass over all places, and one step. <paramref name="target"/>: the value of the best plan known.</summary>
    public void Pass(double target)
    {
        var bound = Evaluate();
        if (bound < Bound * (1 - 1e-5))
            stale = 0;
        else if (++stale >= Patience)
        {
            step *= 0.6;
            stale = 0;
        }

        if (bound < Bound)
        {
            Bound = bound;
            Save(Best);
        }

        Step(bound, target);
    }

    private void Step(double bound, double target)
    {
        double along = 0, before = 0;
        for (var row = 0; row < price.Length; row++)
        {
            if (weight[row] <= 0)
                continue;
            var slope = use[row] - capacity[row];
            // A row with room to spare and no price stays out of it.
            if (price[row] <= 0 && slope < 0)
                slope = 0;
            use[row] = slope;
            along += slope * direction[row] * weight[row];
            before += direction[row] * direction[row] * weight[row];
        }

        var keep = along < 0 ? -along / before : 0;
        var norm = 0.0;
        for (var row = 0; row < price.Length; row++)
        {
            if (weight[row] <= 0)
                continue;
            direction[row] = use[row] + (keep * direction[row]);
            if (price[row] <= 0 && direction[row] < 0)
                direction[row] = 0;
            norm += direction[row] * direction[row] * weight[row];
        }

        if (norm <= 0)
            return;
        var length = step * Math.Max(bound - target, bound * 1e-6) / norm;
        for (var row = 0; row < price.Length; row++)
        {
            if (weight[row] > 0)
                price[row] = Math.Max(0, price[row] + (length * direction[row] * weight[row]));
        }
    }
    private double Evaluate()
    {
        Total();
        Array.Clear(use);
        var bound = 0.0;
        for (var row = 0; row < price.Length; row++)
            bound += price[row] * capacity[row];
        for (var run = 0; run < problem.Runs; run++)
        {
            var first = problem.Start[run];
            var count = problem.UsableEnd[run] - first;
            Work += count + 4;
            var best = problem.Group[run] < 0 ? BestOf(run, first, count, out var at) : BestOfGrouped(run, first, count, out at);
            if (at < 0)
                continue;
            bound += best;
            Use(run, first + at);
        }

        return bound;
    }

    /// <summary>What the run gains most above its cost, and where; -1: nowhere. This is the loop that a pass spends its time in.</summary>
    private double BestOf(int run, int first, int count, out int at)
    {
        at = -1;
        var best = 0.0;
        double gpus = problem.Gpus[run];
        ReadOnlySpan<double> perGpu = total.AsSpan(problem.Level[run] * problem.Bins, problem.Bins);
        ReadOnlySpan<double> perIngest = ingestOfBin.AsSpan(0, problem.Bins);
        ReadOnlySpan<ushort> bins = problem.BinOf.AsSpan(first, count);
        ReadOnlySpan<long> values = problem.ValueOf.AsSpan(first, count);
        ReadOnlySpan<long> ingests = problem.IngestOf.AsSpan(first, count);
        for (var i = 0; i < bins.Length; i++)
        {
            int bin = bins[i];
            var gain = values[i] - (gpus * perGpu[bin]) - (ingests[i] * perIngest[bin]);
            if (gain > best)
            {
                best = gain;
                at = i;
            }
        }

        return best;
    }

    private double BestOfGrouped(int run, int first, int count, out int at)
    {
        at = -1;
        var best = 0.0;
        double gpus = problem.Gpus[run];
        var perGpu = total.AsSpan(problem.Level[run] * problem.Bins, problem.Bins);
        var spread = price.AsSpan(spreadRow + (problem.Group[run] * problem.Regions), problem.Regions);
        for (var i = 0; i < count; i++)
        {
            int bin = problem.BinOf[first + i];
            var gain = problem.ValueOf[first + i] - (gpus * (perGpu[bin] + spread[problem.RegionOfBin[bin]])) - (problem.IngestOf[first + i] * ingestOfBin[bin]);
            if (gain > best)
            {
                best = gain;
                at = i;
            }
        }

        return best;
    }

    private void Use(int run, int place)
    {
        int bin = problem.BinOf[place];
        double gpus = problem.Gpus[run];
        for (int level = problem.Level[run]; level >= 0; level--)
            use[(bin * GangProblem.Levels) + level] += gpus;
        var region = problem.RegionOfBin[bin];
        use[ingestRow + region] += problem.IngestOf[place];
        if (problem.Group[run] >= 0)
            use[spreadRow + (problem.Group[run] * problem.Regions) + region] += gpus;
    }

    private void Total()
    {
        for (var bin = 0; bin < problem.Bins; bin++)
        {
            var sum = 0.0;
            for (var level = 0; level < GangProblem.Levels; level++)
                total[(level * problem.Bins) + bin] = sum += price[(bin * GangProblem.Levels) + level];
            ingestOfBin[bin] = price[ingestRow + problem.RegionOfBin[bin]];
        }
    }

    private void Load(Prices prices)
    {
        prices.Bin.CopyTo(price, 0);
        prices.Ingest.CopyTo(price, ingestRow);
        prices.Spread.CopyTo(price, spreadRow);
    }

    private void Save(Prices prices)
    {
        price.AsSpan(0, ingestRow).CopyTo(prices.Bin);
        price.AsSpan(ingestRow, problem.Regions).CopyTo(prices.Ingest);
        price.AsSpan(spreadRow).CopyTo(prices.Spread);
    }
}
