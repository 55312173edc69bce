namespace Failover.Domain.Placement.Solving;

/// <summary>One solve: the phases, what each may take of the budget, and the best of what they found.</summary>
internal sealed class SolveRun(GangProblem problem, ISolveBudget budget, GangSolveOptions options)
{
    /// <summary>Prices move the plan less than the search does, once they are near.</summary>
    private const double PriceShare = 0.3;

    private const int PricePasses = 300;

    /// <summary>Above, a pass over all bins takes longer than a deadline may be missed by.</summary>
    private const int DualCandidatesMax = 120_000;

    /// <summary>Up to here branch and bound mostly ends within a failover's budget, so it comes early.</summary>
    private const int SmallCandidatesMax = 5_000;

    /// <summary>Rounds before that, whatever the budget: branch and bound makes plans of its own.</summary>
    private const int SmallRounds = 1_000;

    /// <summary>Above, to try every place for its loss takes longer than it saves.</summary>
    private const int ReduceCandidatesMax = 12_000;

    /// <summary>Rows times columns; above, one pivot takes longer than a deadline may be missed by.</summary>
    private const long CellsMax = 2_500_000;

    /// <summary>Of the budget, for the first turn of branch and bound.</summary>
    private const double FirstShare = 0.05;

    /// <summary>Steps down the bound.</summary>
    private const int Steps = 100;
    private const int SmallSteps = 300;

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
        var ascent = new PriceAscent(problem, options.Prices);
        Price(ascent);
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

    private void Price(PriceAscent ascent)
    {
        for (var pass = 0; pass < PricePasses && !ascent.Settled && Spent(ascent.Work) < PriceShare; pass++)
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
        var small = problem.Candidates <= SmallCandidatesMax;
        var dual = problem.Candidates <= DualCandidatesMax;
        Improve(search, small ? Math.Max(0.15, 0.05 + Spent(0)) : dual ? Math.Max(0.45, 0.1 + Spent(0)) : 1, small ? SmallRounds : long.MaxValue);
        if (dual && !Done())
            Prove(prices, small, Resume);
        if (!Done())
            Improve(Resume(), 1);

        BinSearch Resume()
        {
            // What the search moves must be on its list.
            list.Fill(table, most, best);
            search.Adopt(best, bestValue);
            return search;
        }
    }

    private void Improve(BinSearch search, double until, long roundsMax = long.MaxValue)
    {
        var before = search.Work;
        // A round that finds nothing to choose among does no work of its own, and must not go on for ever.
        var rounds = 0L;
        bool Enough(long more) => Spent(more - before + rounds) >= until;
        for (; rounds < roundsMax && !Enough(search.Work) && search.BestValue < bound; rounds++)
            search.Round(Enough);
        work += search.Work - before + rounds;
        Keep(search.Best, search.BestValue);
    }

    /// <summary>
    /// Steps the bound down; where that leaves little open, branches on it and searches by turns, ever longer: either is better for what the other found.
    /// </summary>
    private void Prove(Prices prices, bool small, Func<BinSearch> resume)
    {
        var dual = new DualSearch(problem, prices, best, bestValue, deflected: small, more => Spent(more) >= 1);
        dual.Descend(small ? SmallSteps : Steps);
        work += dual.Work;
        Keep(dual.Best, dual.BestValue);
        bound = Math.Min(bound, Math.Max(bestValue, dual.Bound));
        if (problem.Candidates > ReduceCandidatesMax)
            return;
        LinearRows? lines = null;
        var reducedFor = -1L;
        for (var share = FirstShare; !Done(); share *= 2)
        {
            if (reducedFor < bestValue)
                lines = Reduce(dual);
            reducedFor = bestValue;
            if (lines!.Cells > CellsMax)
                return;
            Branch(lines, Math.Min(1, Spent(0) + share));
            if (!Done())
                Improve(resume(), Math.Min(1, Spent(0) + (share / 2)));
        }
    }

    private LinearRows Reduce(DualSearch dual)
    {
        var before = dual.Work;
        var lines = new LinearRows(problem, dual.Reduce(best, bestValue, more => Spent(more - before) >= 1));
        work += dual.Work - before;
        return lines;
    }

    private void Branch(LinearRows lines, double until)
    {
        var search = new LinearSearch(problem, lines, best, bestValue, more => Spent(more) >= until);
        search.Run();
        work += search.Work;
        Keep(search.Best, search.BestValue);
        bound = Math.Min(bound, Math.Max(bestValue, search.Bound));
    }
}
