namespace Failover.Domain.Placement.Solving;

/// <summary>
/// Proves the best plan of a small problem: branch and bound over <see cref="KnapsackDual"/>. A node settles one more run that the bins do not agree on;
/// places that can't be part of a better plan are closed on the way (reduced-cost fixing).
/// </summary>
internal sealed class ExactSearch
{
    private const int RootSteps = 300;
    private const int NodeSteps = 30;

    private const int RepairEvery = 4;

    /// <summary>So many closed places and settled runs that another descent is worth its time.</summary>
    private const int ChangedMany = 8;

    private const int RoundsMax = 3;

    private readonly GangProblem problem;
    private readonly KnapsackDual dual;
    private readonly Func<long, bool> spent;
    private readonly int[] best;
    private readonly long[] ingestLeft;
    private readonly long[] spreadLeft;
    private readonly int[] bySize;
    private readonly List<(int Run, int Place, bool Settled)> trail = [];
    private BranchPromise? promise;

    /// <summary><paramref name="small"/>: a problem that may be searched to the end.</summary>
    public ExactSearch(GangProblem problem, Prices prices, ReadOnlySpan<int> plan, long value, bool small, Func<long, bool> spent)
    {
        this.problem = problem;
        this.spent = spent;
        dual = new KnapsackDual(problem, prices, deflected: small);
        best = plan.ToArray();
        BestValue = value;
        ingestLeft = [.. problem.Ingest];
        spreadLeft = [.. problem.SpreadMax];
        bySize = [.. Enumerable.Range(0, problem.Runs).OrderByDescending(run => problem.Gpus[run])];
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
        promise = new BranchPromise(problem, dual);
        if (!Descend(RootSteps, 1))
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
                // Progress is a share of what is left: where that is little, little steps still are worth their time.
                stale = lowest - bound > (lowest - ((Int128)BestValue * dual.Unit)) / 64 ? 0 : stale + 1;
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

            if (step % (Nodes == 0 ? RepairEvery : NodeSteps) == 0)
                Repair();
            if (Stopped |= spent(Work))
                return true;
            promise?.Note();
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

    /// <summary>Searches what is left here, and leaves it as it was.</summary>
    private void Branch()
    {
        Nodes++;
        var (mark, state) = (trail.Count, dual.Save());
        if (Tighten(out var options) is >= 0 and var run)
        {
            var here = dual.Save();
            foreach (var (place, _) in options)
            {
                if (!Settle(run, place))
                    continue;
                if (!Descend(NodeSteps, 0.5))
                    Branch();
                Unwind(trail.Count - 1);
                dual.Load(here);
                if (Stopped)
                    break;
            }
        }

        Unwind(mark);
        dual.Load(state);
    }

    /// <summary>
    /// Closes what can't be in a better plan, and settles runs that have one option left, until that leads no further. Returns the run whose options
    /// promise the smallest search, with these; -1: nothing better is left here.
    /// </summary>
    private int Tighten(out List<(int Place, Int128 Loss)> options)
    {
        options = [];
        for (var round = 1; ; round++)
        {
            var bound = dual.Evaluate();
            if (Settles(bound))
                return -1;
            var slack = bound - ((Int128)(BestValue + 1) * dual.Unit);
            var (run, before) = (-1, trail.Count);
            var least = double.PositiveInfinity;
            foreach (var candidate in bySize)
            {
                if (dual.Settled[candidate] != KnapsackDual.Free || !(dual.Shared[candidate] || Matters(candidate)))
                    continue;
                var left = Probe(candidate, slack);
                if ((Stopped |= spent(Work)) || left.Count == 0 || (left.Count == 1 && !Settle(candidate, left[0].Place)))
                    return -1;
                if (left.Count > 1 && promise!.Size(candidate, left, (double)slack) is var size && size < least)
                    (run, least, options) = (candidate, size, left);
            }

            if (trail.Count - before >= ChangedMany && round < RoundsMax)
            {
                if (Descend(NodeSteps, 0.5))
                    return -1;
                continue;
            }

            if (Undecided() is >= 0 and var undecided)
            {
                if (run >= 0)
                    return run;
                options = [.. Options(undecided).Select(place => (place, Int128.Zero))];
                return undecided;
            }

            // The bins agree and all that couples them is settled: this is the best plan here. It may be worth less than the bound still, by what rows are
            // paid for that nobody is left to use.
            Repair();
            return -1;
        }
    }

    /// <summary>What each option of the run takes from the bound at the prices as they are, the least first; what takes more than the slack is closed.</summary>
    private List<(int Place, Int128 Loss)> Probe(int run, Int128 slack)
    {
        var without = Int128.Zero;
        for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
            without += dual.LossWithout(place);
        var left = new List<(int Place, Int128 Loss)>();
        for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
        {
            if (dual.Closed[place])
                continue;
            var loss = without - dual.LossWithout(place);
            if (loss <= slack)
                loss += dual.LossWith(place);
            if (loss <= slack)
            {
                left.Add((place, loss));
                continue;
            }

            dual.Close(place, true);
            trail.Add((run, place, false));
        }

        if (dual.Price[run] + without <= slack)
            left.Add((-1, dual.Price[run] + without));
        left.Sort((one, other) => (one.Loss, one.Place).CompareTo((other.Loss, other.Place)));
        return left;
    }

    /// <summary>Settles the run; false: rows between bins leave no room for it.</summary>
    private bool Settle(int run, int place)
    {
        if (!MaySettle(run, place, 1))
            return false;
        dual.Settle(run, place);
        trail.Add((run, place, true));
        return true;
    }

    private void Unwind(int mark)
    {
        for (var at = trail.Count - 1; at >= mark; at--)
        {
            var (run, place, settled) = trail[at];
            if (!settled)
            {
                dual.Close(place, false);
                continue;
            }

            dual.Settle(run, KnapsackDual.Free);
            MaySettle(run, place, -1);
        }

        trail.RemoveRange(mark, trail.Count - mark);
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
