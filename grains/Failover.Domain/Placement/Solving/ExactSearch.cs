namespace Failover.Domain.Placement.Solving;

/// <summary>
/// Proves the best plan of a small problem: branch and bound over <see cref="KnapsackDual"/>. A node settles one more run that the bins do not agree on;
/// places that can't be part of a better plan are closed on the way (reduced-cost fixing).
/// </summary>
internal sealed class ExactSearch
{
    private const int RootSteps = 300;
    private const int NodeSteps = 30;

    /// <summary>So many closed places that another descent is worth its time.</summary>
    private const int ClosedMany = 8;

    private readonly GangProblem problem;
    private readonly KnapsackDual dual;
    private readonly Func<long, bool> spent;
    private readonly int[] best;
    private readonly long[] ingestLeft;
    private readonly long[] spreadLeft;

    public ExactSearch(GangProblem problem, Prices prices, ReadOnlySpan<int> plan, long value, Func<long, bool> spent)
    {
        this.problem = problem;
        this.spent = spent;
        dual = new KnapsackDual(problem, prices);
        best = plan.ToArray();
        BestValue = value;
        ingestLeft = [.. problem.Ingest];
        spreadLeft = [.. problem.SpreadMax];
    }

    /// <summary>[run]: its candidate, or -1.</summary>
    public ReadOnlySpan<int> Best => best;

    public long BestValue { get; private set; }

    /// <summary>Proven before anything was settled.</summary>
    public long RootBound { get; private set; } = long.MaxValue;

    public bool Stopped { get; private set; }

    public long Nodes { get; private set; }

    public long Work => dual.Work;

    /// <summary>Only the bound, by so many steps.</summary>
    public void Bound(int steps) => Descend(steps, 1);

    /// <summary>To the end, or until the budget is spent. In the end, unless <see cref="Stopped"/>, the best plan is optimal.</summary>
    public void Run()
    {
        if (Descend(RootSteps, 1))
            return;
        Fix([]);
        if (!Descend(RootSteps / 3, 0.5))
            Branch();
    }

    /// <summary>Steps down the bound; true: nothing better than the best plan is left here.</summary>
    private bool Descend(int steps, double scale)
    {
        var lowest = Int128.MaxValue;
        var state = dual.Save();
        var stale = 0;
        for (var step = 0; step < steps; step++)
        {
            var bound = dual.Evaluate(spent);
            if (bound == Int128.MaxValue)
            {
                Stopped = true;
                return true;
            }

            if (Settles(bound))
                return true;
            if (bound < lowest)
            {
                stale = lowest - bound > bound / 100_000 ? 0 : stale + 1;
                lowest = bound;
                state = dual.Save();
            }
            else
            {
                stale++;
            }

            if (stale >= 8)
            {
                stale = 0;
                if ((scale *= 0.6) < 0.002)
                    break;
            }

            if (step % 4 == 0)
                Repair();
            if (Stopped |= spent(Work))
                return true;
            dual.Step(bound, (Int128)BestValue * dual.Unit, scale);
        }

        dual.Load(state);
        return Settles(dual.Evaluate());
    }

    private bool Settles(Int128 bound)
    {
        // Values are whole: what is left must reach the next one.
        var whole = (long)Int128.Max(bound / dual.Unit, 0);
        if (Nodes == 0)
            RootBound = Math.Min(RootBound, whole);
        return whole <= BestValue;
    }

    /// <summary>Closes places that can't be in a better plan, and remembers them.</summary>
    private void Fix(List<int> closed)
    {
        var bound = dual.Evaluate();
        for (var bin = 0; bin < problem.Bins; bin++)
        {
            var (first, end) = dual.EntriesOf(bin);
            for (var entry = first; entry < end; entry++)
            {
                var (run, place) = (dual.RunOf(entry), dual.PlaceOf(entry));
                if (!dual.Shared[run] || dual.Settled[run] != KnapsackDual.Free || dual.Closed[place] || dual.IsTaken(entry))
                    continue;
                if (dual.With(bin, entry) is { } worth && (bound - dual.WorthOf(bin) + worth) / dual.Unit > BestValue)
                    continue;
                closed.Add(place);
            }
        }

        foreach (var place in closed)
            dual.Close(place, true);
    }

    private void Branch()
    {
        if (Stopped)
            return;
        Nodes++;
        var run = Undecided();
        if (run < 0)
        {
            // The bins agree and all that couples them is settled: this is the best plan here.
            Repair();
            return;
        }

        var state = dual.Save();
        foreach (var place in Options(run))
        {
            if (!MaySettle(run, place, 1))
                continue;
            dual.Settle(run, place);
            if (!Descend(NodeSteps, 0.5))
            {
                List<int> closed = [];
                Fix(closed);
                // With places closed the bound may come down further, and close more.
                if (!Settles(dual.Evaluate()) && (closed.Count < ClosedMany || !Descend(NodeSteps, 0.5)))
                    Branch();
                foreach (var opened in closed)
                    dual.Close(opened, false);
            }

            dual.Settle(run, KnapsackDual.Free);
            MaySettle(run, place, -1);
            dual.Load(state);
            if (Stopped)
                return;
        }
    }

    /// <summary>Takes what the place needs of ingest and spread, or gives it back; false: there is too little.</summary>
    private bool MaySettle(int run, int place, int sign)
    {
        if (place < 0)
            return true;
        var region = problem.RegionOfBin[problem.BinOf[place]];
        var row = (problem.Group[run] * problem.Regions) + region;
        if (sign > 0 && (problem.IngestOf[place] > ingestLeft[region] || (problem.Group[run] >= 0 && problem.Gpus[run] > spreadLeft[row])))
            return false;
        ingestLeft[region] -= sign * problem.IngestOf[place];
        if (problem.Group[run] >= 0)
            spreadLeft[row] -= sign * problem.Gpus[run];
        return true;
    }

    /// <summary>The open places, the most promising first, and none at all.</summary>
    private List<int> Options(int run)
    {
        var open = new List<int>();
        for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
        {
            if (!dual.Closed[place])
                open.Add(place);
        }

        open.Sort((left, right) => (problem.ValueOf[right], left).CompareTo((problem.ValueOf[left], right)));
        open.Add(-1);
        return open;
    }

    /// <summary>
    /// The dearest free run that the bins disagree on; else one that matters to a row between bins that is overdrawn, or that is paid for and not used up;
    /// -1: none, so that what the bins chose is a plan, and worth the bound.
    /// </summary>
    private int Undecided()
    {
        dual.Evaluate();
        int torn = -1, coupled = -1;
        for (var run = 0; run < problem.Runs; run++)
        {
            if (dual.Settled[run] != KnapsackDual.Free)
                continue;
            if (dual.Shared[run] && dual.Count[run] != 1 && (dual.Count[run] > 1 || dual.Price[run] > 0) && (torn < 0 || dual.Price[run] > dual.Price[torn]))
                torn = run;
            else if (torn < 0 && (coupled < 0 || problem.Gpus[run] > problem.Gpus[coupled]) && Matters(run))
                coupled = run;
        }

        return torn >= 0 ? torn : coupled;
    }

    private bool Matters(int run)
    {
        for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
        {
            if (dual.Closed[place])
                continue;
            var region = problem.RegionOfBin[problem.BinOf[place]];
            if ((problem.IngestOf[place] > 0 && dual.IngestIsOff(region)) || (problem.Group[run] >= 0 && dual.SpreadIsOff((problem.Group[run] * problem.Regions) + region)))
                return true;
        }

        return false;
    }

    /// <summary>Makes a plan of what the bins chose: of several places the best; who then has none gets what is left.</summary>
    private void Repair()
    {
        var plan = new PlanState(problem);
        for (var bin = 0; bin < problem.Bins; bin++)
        {
            var (first, end) = dual.EntriesOf(bin);
            for (var entry = first; entry < end; entry++)
            {
                var (run, place) = (dual.RunOf(entry), dual.PlaceOf(entry));
                if (!dual.IsTaken(entry) || plan.Seats[run].Value >= problem.ValueOf[place])
                    continue;
                plan.Move(run, -1);
                if (plan.Fits(run, place))
                    plan.Move(run, place);
            }
        }

        GreedyPlan.Fill(problem, plan);
        if (plan.Value <= BestValue)
            return;
        BestValue = plan.Value;
        plan.CopyTo(best);
    }
}
