namespace Failover.Domain.Placement.Solving;

/// <summary>
/// The bound that keeps each bin's choice exact and prices what couples bins: that a run has one place, ingest, spread. Never above the bound of
/// <see cref="PriceAscent"/> at the same prices, and mostly well below the linear relaxation (Geoffrion 1974). All in integers, so any state of it is a proof.
/// Runs may be settled, and places closed, for a search over what is left.
/// </summary>
internal sealed class KnapsackDual
{
    /// <summary>The run is free to have any of its open places, or none.</summary>
    public const int Free = -2;

    private readonly GangProblem problem;
    private readonly BinChoice choice = new(Rounding.Bound);
    private readonly int shift;
    private readonly int[] binStart;
    private readonly int[] entryRun;
    private readonly int[] entryPlace;
    private readonly bool[] taken;
    private readonly long[] binBound;
    private readonly bool[] dirty;
    private readonly int[] offered;
    private readonly long[] room = new long[GangProblem.Levels];
    private readonly double[] weight;
    private readonly double sideWeight;
    private readonly long[] ingestUse;
    private readonly long[] spreadUse;
    private readonly long[] ingestPrice;
    private readonly long[] spreadPrice;

    public KnapsackDual(GangProblem problem, Prices prices)
    {
        this.problem = problem;
        Shared = new bool[problem.Runs];
        Price = new long[problem.Runs];
        Count = new int[problem.Runs];
        Settled = new int[problem.Runs];
        Settled.AsSpan().Fill(Free);
        Closed = new bool[problem.Candidates];
        weight = new double[problem.Runs];
        var all = Int128.One;
        for (var run = 0; run < problem.Runs; run++)
        {
            long most = 0;
            for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
                most = Math.Max(most, problem.ValueOf[place]);
            all += most;
            Shared[run] = problem.UsableEnd[run] - problem.Start[run] > 1;
            weight[run] = most;
            if (!Shared[run])
                continue;
            sideWeight = Math.Max(sideWeight, most);
        }

        shift = Math.Clamp(58 - (int)Int128.Log2(all), 0, 12);
        (binStart, entryRun, entryPlace) = ByBin(problem);
        taken = new bool[entryRun.Length];
        binBound = new long[problem.Bins];
        dirty = new bool[problem.Bins];
        dirty.AsSpan().Fill(true);
        offered = new int[entryRun.Length];
        ingestUse = new long[problem.Regions];
        spreadUse = new long[problem.SpreadMax.Length];
        ingestPrice = Array.ConvertAll(prices.Ingest, Scaled);
        spreadPrice = Array.ConvertAll(prices.Spread, Scaled);
        var table = new PriceTable(problem);
        table.Set(prices);
        for (var run = 0; run < problem.Runs; run++)
        {
            if (!Shared[run])
                continue;
            for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
                Price[run] = Math.Max(Price[run], Scaled(problem.ValueOf[place] - table.Cost(run, place)));
        }
    }

    /// <summary>[run]: whether more than one bin might have it.</summary>
    public bool[] Shared { get; }

    /// <summary>[run]: what its one place costs, in units of <see cref="Unit"/>.</summary>
    public long[] Price { get; }

    /// <summary>[run]: how many bins chose it.</summary>
    public int[] Count { get; }

    /// <summary>[run]: its place, -1 for none, or <see cref="Free"/>.</summary>
    public int[] Settled { get; }

    /// <summary>[place]: it is out of the question.</summary>
    public bool[] Closed { get; }

    /// <summary>Parts of a value that prices are counted in.</summary>
    public long Unit => 1L << shift;

    public long Work => choice.Work;

    /// <summary>Where the choice of a bin lies in the tables below.</summary>
    public (int First, int End) EntriesOf(int bin) => (binStart[bin], binStart[bin + 1]);

    public int RunOf(int entry) => entryRun[entry];

    public int PlaceOf(int entry) => entryPlace[entry];

    public bool IsTaken(int entry) => taken[entry];

    /// <summary>What a region, or a group in a region, takes too much of (or leaves, below 0).</summary>
    public long IngestOver(int region) => ingestUse[region] - problem.Ingest[region];

    public long SpreadOver(int row) => spreadUse[row] - problem.SpreadMax[row];

    /// <summary>Whether the row is overdrawn, or paid for and not used up.</summary>
    public bool IngestIsOff(int region) => IngestOver(region) > 0 || (IngestOver(region) < 0 && ingestPrice[region] > 0);

    public bool SpreadIsOff(int row) => SpreadOver(row) > 0 || (SpreadOver(row) < 0 && spreadPrice[row] > 0);

    /// <summary>Settles a run, or frees it.</summary>
    public void Settle(int run, int place)
    {
        Settled[run] = place;
        Touch(run);
    }

    public void Close(int place, bool closed)
    {
        Closed[place] = closed;
        dirty[problem.BinOf[place]] = true;
    }

    public void SetPrice(int run, long price)
    {
        if (Price[run] == price)
            return;
        Price[run] = price;
        Touch(run);
    }

    /// <summary>All prices as they are.</summary>
    public State Save() => new([.. Price], [.. ingestPrice], [.. spreadPrice]);

    public void Load(State state)
    {
        for (var run = 0; run < problem.Runs; run++)
            SetPrice(run, state.Price[run]);
        if (!ingestPrice.AsSpan().SequenceEqual(state.Ingest) || !spreadPrice.AsSpan().SequenceEqual(state.Spread))
            dirty.AsSpan().Fill(true);
        state.Ingest.CopyTo(ingestPrice, 0);
        state.Spread.CopyTo(spreadPrice, 0);
    }

    /// <summary>The bound, in units; none, the highest number, if it has to stop on the way.</summary>
    public Int128 Evaluate(Func<long, bool>? stop = null)
    {
        for (var bin = 0; bin < problem.Bins; bin++)
        {
            if (!dirty[bin])
                continue;
            if (stop is not null && stop(Work))
                return Int128.MaxValue;
            binBound[bin] = Choose(bin, -1, out _);
            dirty[bin] = false;
        }

        return Sum();
    }

    /// <summary>The bin's worth, in units, if this entry must be among its choice. What was chosen stays. Null: it can't.</summary>
    public long? With(int bin, int entry)
    {
        var worth = Choose(bin, entry, out var possible);
        return possible ? worth : null;
    }

    public long WorthOf(int bin) => binBound[bin];

    /// <summary>One step down the bound, of the length that Polyak gives for the target; evaluates no bin.</summary>
    public void Step(Int128 bound, Int128 target, double scale)
    {
        var norm = 0.0;
        for (var run = 0; run < problem.Runs; run++)
        {
            if (Slope(run) is not 0 and var slope)
                norm += (double)slope * slope * weight[run];
        }

        for (var region = 0; region < problem.Regions; region++)
            norm += SideNorm(IngestOver(region), ingestPrice[region], problem.Ingest[region]);
        for (var row = 0; row < spreadUse.Length; row++)
            norm += SideNorm(SpreadOver(row), spreadPrice[row], problem.SpreadMax[row]);
        if (norm <= 0)
            return;
        var length = scale * Math.Max(1, (double)(bound - target)) / norm;
        for (var run = 0; run < problem.Runs; run++)
        {
            if (Slope(run) is not 0 and var slope)
                SetPrice(run, Math.Max(0, Price[run] + Whole(length * slope * weight[run])));
        }

        StepSides(length);
    }

    private int Slope(int run) => !Shared[run] || Settled[run] != Free || (Count[run] == 0 && Price[run] == 0) ? 0 : Count[run] - 1;

    private double SideNorm(long over, long price, long most) =>
        most <= 0 || over == 0 || (over < 0 && price == 0) ? 0 : (double)over * over * sideWeight / ((double)most * most);

    private void StepSides(double length)
    {
        for (var region = 0; region < problem.Regions; region++)
        {
            if (SideNorm(IngestOver(region), ingestPrice[region], problem.Ingest[region]) > 0)
                Reprice(ingestPrice, region, region, length * IngestOver(region) * sideWeight / ((double)problem.Ingest[region] * problem.Ingest[region]));
        }

        for (var row = 0; row < spreadUse.Length; row++)
        {
            if (SideNorm(SpreadOver(row), spreadPrice[row], problem.SpreadMax[row]) > 0)
            {
                Reprice(
                    spreadPrice, row, row % problem.Regions,
                    length * SpreadOver(row) * sideWeight / ((double)problem.SpreadMax[row] * problem.SpreadMax[row]));
            }
        }
    }

    private void Reprice(long[] prices, int row, int region, double change)
    {
        var price = Math.Clamp(prices[row] + Whole(change), 0, GangProblemBuilder.ValueMax);
        if (price == prices[row])
            return;
        prices[row] = price;
        for (var bin = 0; bin < problem.Bins; bin++)
            dirty[bin] |= problem.RegionOfBin[bin] == region;
    }

    private Int128 Sum()
    {
        var sum = Int128.Zero;
        Array.Clear(Count);
        Array.Clear(ingestUse);
        Array.Clear(spreadUse);
        for (var bin = 0; bin < problem.Bins; bin++)
        {
            sum += binBound[bin];
            for (var entry = binStart[bin]; entry < binStart[bin + 1]; entry++)
            {
                if (taken[entry])
                    Use(entryRun[entry], entryPlace[entry]);
            }
        }

        for (var run = 0; run < problem.Runs; run++)
        {
            if (Settled[run] == Free)
                sum += Price[run];
        }

        for (var region = 0; region < problem.Regions; region++)
            sum += (Int128)ingestPrice[region] * problem.Ingest[region];
        for (var row = 0; row < spreadPrice.Length; row++)
            sum += (Int128)spreadPrice[row] * problem.SpreadMax[row];
        return sum;
    }

    private void Use(int run, int place)
    {
        Count[run]++;
        var region = problem.RegionOfBin[problem.BinOf[place]];
        ingestUse[region] += problem.IngestOf[place];
        if (problem.Group[run] >= 0)
            spreadUse[(problem.Group[run] * problem.Regions) + region] += problem.Gpus[run];
    }

    private long Choose(int bin, int forced, out bool possible)
    {
        choice.Clear();
        problem.Capacity.AsSpan(bin * GangProblem.Levels, GangProblem.Levels).CopyTo(room);
        Int128 fixedWorth = 0;
        for (var entry = binStart[bin]; entry < binStart[bin + 1]; entry++)
        {
            var (run, place) = (entryRun[entry], entryPlace[entry]);
            var given = Settled[run] == place;
            if (forced < 0)
                taken[entry] = given;
            if (Closed[place] || (!given && Settled[run] != Free))
                continue;
            var profit = Profit(run, place, given);
            if (given || entry == forced)
            {
                fixedWorth += profit;
                for (int level = problem.Level[run]; level >= 0; level--)
                    room[level] -= problem.Gpus[run];
            }
            else if (profit > 0)
            {
                offered[choice.Add(problem.Gpus[run], problem.Level[run], (long)profit)] = entry;
            }
        }

        possible = true;
        for (var level = 0; level < GangProblem.Levels; level++)
        {
            if (level > 0)
                room[level] = Math.Min(room[level], room[level - 1]);
            possible &= room[level] >= 0;
        }

        if (!possible)
            return long.MinValue / 4;
        var worth = fixedWorth + choice.Choose(room);
        for (var item = 0; item < choice.Count && forced < 0; item++)
            taken[offered[item]] = choice.IsChosen(item);
        return (long)worth;
    }

    /// <summary>What the place is worth to the bin, above its prices.</summary>
    private Int128 Profit(int run, int place, bool given)
    {
        var region = problem.RegionOfBin[problem.BinOf[place]];
        var profit = ((Int128)problem.ValueOf[place] << shift) - (given ? 0 : Price[run]) - ((Int128)ingestPrice[region] * problem.IngestOf[place]);
        return problem.Group[run] < 0 ? profit : profit - ((Int128)spreadPrice[(problem.Group[run] * problem.Regions) + region] * problem.Gpus[run]);
    }

    private void Touch(int run)
    {
        for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
            dirty[problem.BinOf[place]] = true;
    }

    private long Scaled(double value) => value > 0 ? (long)Math.Min(value * Unit, GangProblemBuilder.ValueMax * 4096.0) : 0;

    private static long Whole(double change) =>
        (long)Math.Clamp(change >= 0 ? Math.Ceiling(change) : Math.Floor(change), -GangProblemBuilder.ValueMax, GangProblemBuilder.ValueMax);

    private static (int[] Start, int[] Run, int[] Place) ByBin(GangProblem problem)
    {
        var order = Enumerable.Range(0, problem.Runs).OrderBy(run => BinKnapsack.Order(problem.Gpus[run], problem.Level[run])).ToArray();
        var start = new int[problem.Bins + 2];
        var usable = 0;
        for (var run = 0; run < problem.Runs; run++)
        {
            for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++, usable++)
                start[problem.BinOf[place] + 2]++;
        }

        for (var bin = 1; bin < start.Length; bin++)
            start[bin] += start[bin - 1];
        var (runs, places) = (new int[usable], new int[usable]);
        foreach (var run in order)
        {
            for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
            {
                var at = start[problem.BinOf[place] + 1]++;
                runs[at] = run;
                places[at] = place;
            }
        }

        return (start[..^1], runs, places);
    }

    internal sealed record State(long[] Price, long[] Ingest, long[] Spread);
}
