namespace Failover.Domain.Placement.Solving;

/// <summary>
/// Steps down the bound of <see cref="KnapsackDual"/>, makes plans of what the bins choose on the way, and at last tells which places no better plan has,
/// and which each better plan must have (reduced-cost fixing, with the bins' choices still exact).
/// </summary>
internal sealed class DualSearch
{
    private const int RepairEvery = 4;

    /// <summary>Steps shorter than this share do not matter any more.</summary>
    private const double ScaleMin = 0.002;

    private readonly GangProblem problem;
    private readonly KnapsackDual dual;
    private readonly Func<long, bool> spent;
    private readonly int[] best;

    /// <summary><paramref name="deflected"/>: for small problems; in large ones plain steps come further.</summary>
    public DualSearch(GangProblem problem, Prices prices, ReadOnlySpan<int> plan, long value, bool deflected, Func<long, bool> spent)
    {
        this.problem = problem;
        this.spent = spent;
        dual = new KnapsackDual(problem, prices, deflected);
        best = plan.ToArray();
        BestValue = value;
    }

    /// <summary>[run]: its candidate, or -1.</summary>
    public ReadOnlySpan<int> Best => best;

    public long BestValue { get; private set; }

    /// <summary>No plan is worth more.</summary>
    public long Bound { get; private set; } = long.MaxValue;

    public long Work => dual.Work;

    /// <summary>So many steps down, or until nothing better than the best plan is left, or the budget is spent.</summary>
    public void Descend(int steps)
    {
        var (lowest, state) = (Int128.MaxValue, dual.Save());
        var (stale, scale) = (0, 1.0);
        for (var step = 0; step < steps && scale > ScaleMin; step++)
        {
            var bound = dual.Evaluate(spent);
            if (bound == Int128.MaxValue || Settles(bound))
                return;
            // Progress is a share of what is left: where that is little, little steps still are worth their time.
            stale = lowest != Int128.MaxValue && lowest - bound <= (lowest - ((Int128)BestValue * dual.Unit)) / 64 ? stale + 1 : 0;
            if (bound < lowest)
                (lowest, state) = (bound, dual.Save());
            if (stale >= 8)
                (stale, scale) = (0, scale * 0.6);
            if (step % RepairEvery == 0)
                Repair();
            if (spent(Work))
                return;
            dual.Step(bound, (Int128)BestValue * dual.Unit, scale);
        }

        dual.Load(state);
        if (dual.Evaluate(spent) is var last && last < Int128.MaxValue)
            Settles(last);
    }

    /// <summary>
    /// [place]: 0 where no plan better than this one has it, 1 where each has it, -1 where that is not known: the more so where <paramref name="stop"/> says
    /// so of <see cref="Work"/>.
    /// </summary>
    public sbyte[] Reduce(ReadOnlySpan<int> plan, long value, Func<long, bool> stop)
    {
        plan.CopyTo(best);
        BestValue = value;
        var settled = new sbyte[problem.Candidates];
        settled.AsSpan().Fill(-1);
        var bound = dual.Evaluate(stop);
        for (var run = 0; run < problem.Runs && bound < Int128.MaxValue && !stop(Work); run++)
            Reduce(run, bound - ((Int128)(BestValue + 1) * dual.Unit), settled, stop);
        return settled;
    }

    private void Reduce(int run, Int128 slack, sbyte[] settled, Func<long, bool> stop)
    {
        var (first, end) = (problem.Start[run], problem.UsableEnd[run]);
        var without = Int128.Zero;
        for (var place = first; place < end; place++)
            without += dual.LossWithout(place);
        var (open, last) = (0, -1);
        for (var place = first; place < end; place++)
        {
            if (stop(Work))
                return;
            var loss = without - dual.LossWithout(place);
            if (loss <= slack)
                loss += dual.LossWith(place);
            if (loss <= slack)
                (open, last) = (open + 1, place);
            else
                settled[place] = 0;
        }

        if (open == 1 && dual.Price[run] + without > slack)
            settled[last] = 1;
    }

    private bool Settles(Int128 bound)
    {
        // Values are whole: what is left must reach the next one.
        Bound = Math.Min(Bound, (long)Int128.Max(bound / dual.Unit, 0));
        return Bound <= BestValue;
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
