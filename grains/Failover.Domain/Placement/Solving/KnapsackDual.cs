namespace Failover.Domain.Placement.Solving;

/// <summary>
/// The bound that keeps each bin's choice exact and prices what couples bins: that a run has one place, ingest, spread. Never above the bound of
/// <see cref="PriceAscent"/> at the same prices, and mostly well below the linear relaxation (Geoffrion 1974). All in integers, so any state of it is a proof.
/// </summary>
internal sealed class KnapsackDual
{
    /// <summary>How much of the last direction is kept in small problems, 0 to 2; above 1 the new one leads away from it. In large ones plain steps come further.</summary>
    private const double Deflection = 1.5;

    private readonly GangProblem problem;
    private readonly double deflection;
    private readonly BinChoice choice = new(Rounding.Bound);
    private readonly int shift;

    // [run]: whether more than one bin might have it, and how many chose it.
    private readonly bool[] shared;
    private readonly int[] count;
    private readonly int[] binStart;
    private readonly int[] entryRun;
    private readonly int[] entryPlace;
    private readonly int[] entryOf;
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
    private readonly double[] direction;
    private readonly double[] slope;

    public KnapsackDual(GangProblem problem, Prices prices, bool deflected)
    {
        deflection = deflected ? Deflection : 0;
        this.problem = problem;
        shared = new bool[problem.Runs];
        Price = new long[problem.Runs];
        count = new int[problem.Runs];
        weight = new double[problem.Runs];
        var all = Int128.One;
        for (var run = 0; run < problem.Runs; run++)
        {
            long most = 0;
            for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
                most = Math.Max(most, problem.ValueOf[place]);
            all += most;
            shared[run] = problem.UsableEnd[run] - problem.Start[run] > 1;
            weight[run] = most;
            if (!shared[run])
                continue;
            sideWeight = Math.Max(sideWeight, most);
        }

        shift = Math.Clamp(58 - (int)Int128.Log2(all), 0, 12);
        (binStart, entryRun, entryPlace) = ByBin(problem);
        entryOf = new int[problem.Candidates];
        for (var entry = 0; entry < entryPlace.Length; entry++)
            entryOf[entryPlace[entry]] = entry;
        taken = new bool[entryRun.Length];
        binBound = new long[problem.Bins];
        dirty = new bool[problem.Bins];
        dirty.AsSpan().Fill(true);
        offered = new int[entryRun.Length];
        ingestUse = new long[problem.Regions];
        spreadUse = new long[problem.SpreadMax.Length];
        direction = new double[problem.Runs + problem.Regions + problem.SpreadMax.Length];
        slope = new double[direction.Length];
        ingestPrice = Array.ConvertAll(prices.Ingest, Scaled);
        spreadPrice = Array.ConvertAll(prices.Spread, Scaled);
        var table = new PriceTable(problem);
        table.Set(prices);
        for (var run = 0; run < problem.Runs; run++)
        {
            if (!shared[run])
                continue;
            for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
                Price[run] = Math.Max(Price[run], Scaled(problem.ValueOf[place] - table.Cost(run, place)));
        }
    }

    /// <summary>[run]: what its one place costs, in units of <see cref="Unit"/>.</summary>
    public long[] Price { get; }

    /// <summary>Parts of a value that prices are counted in.</summary>
    public long Unit => 1L << shift;

    public long Work => choice.Work;

    /// <summary>Where the choice of a bin lies in the tables below.</summary>
    public (int First, int End) EntriesOf(int bin) => (binStart[bin], binStart[bin + 1]);

    public int RunOf(int entry) => entryRun[entry];

    public int PlaceOf(int entry) => entryPlace[entry];

    public bool IsTaken(int entry) => taken[entry];

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
            binBound[bin] = Choose(bin, -1, -1, out _);
            dirty[bin] = false;
        }

        return Sum();
    }

    /// <summary>What the place's bin loses, in units, if the place must be among its choice; what was chosen stays. The highest number: it can't.</summary>
    public long LossWith(int place)
    {
        if (IsChosen(place))
            return 0;
        var bin = problem.BinOf[place];
        var worth = Choose(bin, entryOf[place], -1, out var possible);
        return possible ? binBound[bin] - worth : long.MaxValue;
    }

    /// <summary>What the place's bin loses, in units, if it can't have the place.</summary>
    public long LossWithout(int place)
    {
        if (!IsChosen(place))
            return 0;
        var bin = problem.BinOf[place];
        return binBound[bin] - Choose(bin, -1, entryOf[place], out _);
    }

    /// <summary>
    /// One step down the bound, of the length that Polyak gives for the target; evaluates no bin. Deflected: where the slope turns back, part of the last
    /// direction is kept (Camerini, Fratta and Maffioli, 1975), without which prices of bins that are alike go to and fro.
    /// </summary>
    public void Step(Int128 bound, Int128 target, double scale)
    {
        double along = 0, before = 0;
        for (var row = 0; row < direction.Length; row++)
        {
            slope[row] = SlopeOf(row);
            along += slope[row] * direction[row] * WeightOf(row);
            before += direction[row] * direction[row] * WeightOf(row);
        }

        var keep = along < 0 ? -deflection * along / before : 0;
        var norm = 0.0;
        for (var row = 0; row < direction.Length; row++)
        {
            direction[row] = slope[row] + (keep * direction[row]);
            if (direction[row] < 0 && PriceOf(row) == 0)
                direction[row] = 0;
            norm += direction[row] * direction[row] * WeightOf(row);
        }

        if (norm <= 0)
            return;
        var length = scale * Math.Max(1, (double)(bound - target)) / norm;
        for (var row = 0; row < direction.Length; row++)
        {
            if (direction[row] * WeightOf(row) is not 0 and var move)
                Reprice(row, Whole(length * move));
        }
    }

    /// <summary>Of the rows that are priced, runs come first, then ingest, then spread: what the bins take of them above what there is.</summary>
    private double SlopeOf(int row)
    {
        if (row < problem.Runs)
            return !shared[row] || (count[row] == 0 && Price[row] == 0) ? 0 : count[row] - 1;
        var side = row - problem.Runs;
        var over = side < problem.Regions
            ? ingestUse[side] - problem.Ingest[side]
            : spreadUse[side - problem.Regions] - problem.SpreadMax[side - problem.Regions];
        return over < 0 && PriceOf(row) == 0 ? 0 : over;
    }

    private double WeightOf(int row)
    {
        if (row < problem.Runs)
            return shared[row] ? weight[row] : 0;
        var side = row - problem.Runs;
        double most = side < problem.Regions ? problem.Ingest[side] : problem.SpreadMax[side - problem.Regions];
        return most <= 0 ? 0 : sideWeight / (most * most);
    }

    private long PriceOf(int row)
    {
        if (row < problem.Runs)
            return Price[row];
        var side = row - problem.Runs;
        return side < problem.Regions ? ingestPrice[side] : spreadPrice[side - problem.Regions];
    }

    private void Reprice(int row, long change)
    {
        if (row < problem.Runs)
        {
            SetPrice(row, Math.Max(0, Price[row] + change));
            return;
        }

        var side = row - problem.Runs;
        var (prices, at) = side < problem.Regions ? (ingestPrice, side) : (spreadPrice, side - problem.Regions);
        var price = Math.Clamp(prices[at] + change, 0, GangProblemBuilder.ValueMax);
        if (price == prices[at])
            return;
        prices[at] = price;
        for (var bin = 0; bin < problem.Bins; bin++)
            dirty[bin] |= problem.RegionOfBin[bin] == at % problem.Regions;
    }

    private Int128 Sum()
    {
        var sum = Int128.Zero;
        Array.Clear(count);
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

        foreach (var price in Price)
            sum += price;

        for (var region = 0; region < problem.Regions; region++)
            sum += (Int128)ingestPrice[region] * problem.Ingest[region];
        for (var row = 0; row < spreadPrice.Length; row++)
            sum += (Int128)spreadPrice[row] * problem.SpreadMax[row];
        return sum;
    }

    private void Use(int run, int place)
    {
        count[run]++;
        var region = problem.RegionOfBin[problem.BinOf[place]];
        ingestUse[region] += problem.IngestOf[place];
        if (problem.Group[run] >= 0)
            spreadUse[(problem.Group[run] * problem.Regions) + region] += problem.Gpus[run];
    }

    /// <summary>Without <paramref name="forced"/> and <paramref name="barred"/>, -1 each, what is chosen is kept as well.</summary>
    private long Choose(int bin, int forced, int barred, out bool possible)
    {
        var keep = forced < 0 && barred < 0;
        choice.Clear();
        problem.Capacity.AsSpan(bin * GangProblem.Levels, GangProblem.Levels).CopyTo(room);
        Int128 forcedWorth = 0;
        for (var entry = binStart[bin]; entry < binStart[bin + 1]; entry++)
        {
            var (run, place) = (entryRun[entry], entryPlace[entry]);
            if (keep)
                taken[entry] = false;
            if (entry == barred)
                continue;
            var profit = Profit(run, place);
            if (entry == forced)
            {
                forcedWorth = profit;
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
        var worth = forcedWorth + choice.Choose(room);
        for (var item = 0; item < choice.Count && keep; item++)
            taken[offered[item]] = choice.IsChosen(item);
        return (long)Int128.Max(worth, long.MinValue / 4);
    }

    /// <summary>What the place is worth to the bin, above its prices.</summary>
    private Int128 Profit(int run, int place)
    {
        var region = problem.RegionOfBin[problem.BinOf[place]];
        var profit = ((Int128)problem.ValueOf[place] << shift) - Price[run] - ((Int128)ingestPrice[region] * problem.IngestOf[place]);
        return problem.Group[run] < 0 ? profit : profit - ((Int128)spreadPrice[(problem.Group[run] * problem.Regions) + region] * problem.Gpus[run]);
    }

    /// <summary>Whether its bin chose the place.</summary>
    private bool IsChosen(int place) => taken[entryOf[place]];

    private void SetPrice(int run, long price)
    {
        if (Price[run] == price)
            return;
        Price[run] = price;
        Touch(run);
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
