namespace Failover.Domain.Placement.Solving;

/// <summary>One solve: the phases, what each may take of the budget, and the best of what they found.</summary>
internal sealed class SolveRun(GangProblem problem, ISolveBudget budget, GangSolveOptions options)
{
    /// <summary>Prices move the plan less than the search does, once they are near.</summary>
    private const double PriceShare = 0.3;

    private const int PricePasses = 300;

    /// <summary>A re-solve starts near its prices.</summary>
    private const int WarmPasses = 40;

    /// <summary>Above, a pass over all bins takes longer than a deadline may be missed by.</summary>
    private const int DualCandidatesMax = 120_000;

    /// <summary>Above, branch and bound does not end within any budget that a failover has.</summary>
    private const int ExactSharedMax = 200;
    private const int ExactRunsMax = 300;
    private const int ExactCandidatesMax = 2_500;

    /// <summary>Rounds before branch and bound, which makes plans of its own: a few milliseconds, whatever the budget.</summary>
    private const int ExactRounds = 1_000;

    private readonly PriceTable table = new(problem);
    private long work;
    private long bound = long.MaxValue;
    private int[] best = [];
    private long bestValue = -1;

    public GangPlan Solve()
    {
        var first = options.Plan.IsEmpty ? GreedyPlan.ByValue(problem) : GreedyPlan.From(problem, options.Plan.AsSpan());
        work += problem.Candidates + problem.Runs;
        Keep(first.Places(), first.Value);
        var warm = options.Prices is { } given && given.Suits(problem);
        var ascent = new PriceAscent(problem, warm ? options.Prices : null);
        Price(ascent, warm);
        Certify(ascent.Best);
        if (!Done())
            Search(ascent.Best, first);
        return new GangPlan([.. best.Select(place => place < 0 ? -1 : problem.BinOf[place])], bestValue, bound, ascent.Best, work);
    }

    private bool Done() => bestValue >= bound || Spent(0) >= 1;

    private double Spent(long more) => budget.Spent(work + more);

    private void Keep(ReadOnlySpan<int> places, long value)
    {
        if (value <= bestValue)
            return;
        bestValue = value;
        best = places.ToArray();
    }

    private void Price(PriceAscent ascent, bool warm)
    {
        for (var pass = 0; pass < (warm ? WarmPasses : PricePasses) && !ascent.Settled && Spent(ascent.Work) < PriceShare; pass++)
            ascent.Pass(bestValue);
        work += ascent.Work;
    }

    private void Certify(Prices prices)
    {
        bound = Math.Min(bound, Certificate.Bound(problem, prices));
        work += problem.Candidates;
    }

    private void Search(Prices prices, PlanState first)
    {
        var list = new ShortList(problem);
        table.Set(prices);
        var shared = 0;
        for (var run = 0; run < problem.Runs; run++)
            shared += problem.UsableEnd[run] - problem.Start[run] > 1 ? 1 : 0;
        var most = Math.Clamp(20_000 / Math.Max(1, shared), 12, 40);
        list.Fill(table, most, first.Places());
        work += list.Work;
        var start = first;
        foreach (var perGpu in (ReadOnlySpan<bool>)[false, true])
        {
            if (Spent(0) >= 1)
                return;
            var plan = GreedyPlan.ByPrice(problem, list, table, perGpu);
            work += list.Count;
            if (plan.Value > start.Value)
                start = plan;
        }

        Keep(start.Places(), start.Value);
        var search = new BinSearch(problem, start, list, table, new SeededRandom(options.Seed));
        var exact = shared <= ExactSharedMax && problem.Candidates <= ExactCandidatesMax && problem.Runs <= ExactRunsMax;
        var dual = exact || problem.Candidates <= DualCandidatesMax;
        Improve(search, exact ? Math.Max(0.15, 0.05 + Spent(0)) : dual ? Math.Max(0.45, 0.1 + Spent(0)) : 1, exact ? ExactRounds : long.MaxValue);
        if (dual && !Done())
            Prove(prices, exact);
        if (Done())
            return;
        // What the search moves must be on its list.
        list.Fill(table, most, best);
        search.Adopt(best, bestValue);
        Improve(search, 1);
    }

    private void Improve(BinSearch search, double until, long roundsMax = long.MaxValue)
    {
        var before = search.Work;
        // A round that finds nothing to choose among does no work of its own, and must not go on for ever.
        var rounds = 0L;
        for (; rounds < roundsMax && Spent(search.Work - before + rounds) < until && search.BestValue < bound; rounds++)
            search.Round();
        work += search.Work - before + rounds;
        Keep(search.Best, search.BestValue);
    }

    private void Prove(Prices prices, bool toTheEnd)
    {
        var until = toTheEnd ? 0.85 : 0.8;
        var search = new ExactSearch(problem, prices, best, bestValue, toTheEnd, more => Spent(more) >= until);
        if (toTheEnd)
            search.Run();
        else
            search.Bound(100);
        work += search.Work;
        Keep(search.Best, search.BestValue);
        bound = Math.Min(bound, toTheEnd && !search.Stopped ? bestValue : Math.Max(bestValue, search.RootBound));
    }
}
