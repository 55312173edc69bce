namespace Failover.Domain.Placement.Solving;

/// <summary>Plans made run by run: a feasible one at once, and better ones where prices say what a place really costs.</summary>
internal static class GreedyPlan
{
    /// <summary>The most valuable run first, each to the best place that is left.</summary>
    public static PlanState ByValue(GangProblem problem)
    {
        var plan = new PlanState(problem);
        Fill(problem, plan);
        return plan;
    }

    /// <summary>As many runs as possible where they were, the most valuable first; the others to the best place that is left.</summary>
    public static PlanState From(GangProblem problem, ReadOnlySpan<int> binOf)
    {
        var plan = new PlanState(problem);
        var order = new int[problem.Runs];
        var keys = new long[problem.Runs];
        for (var run = 0; run < problem.Runs; run++)
        {
            order[run] = run;
            var place = binOf[run] < 0 ? -1 : problem.Find(run, binOf[run]);
            keys[run] = place < 0 ? 0 : -problem.ValueOf[place];
        }

        Array.Sort(keys, order);
        foreach (var run in order)
        {
            if (binOf[run] >= 0 && problem.Find(run, binOf[run]) is >= 0 and var place && plan.Fits(run, place))
                plan.Move(run, place);
        }

        Fill(problem, plan);
        return plan;
    }

    /// <summary>Gives who has no place the best one that is left, the most valuable run first.</summary>
    public static void Fill(GangProblem problem, PlanState plan)
    {
        var order = new int[problem.Runs];
        var keys = new long[problem.Runs];
        for (var run = 0; run < problem.Runs; run++)
        {
            order[run] = run;
            for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
                keys[run] = Math.Min(keys[run], -problem.ValueOf[place]);
        }

        Array.Sort(keys, order);
        foreach (var run in order)
        {
            if (plan.PlaceOf(run) >= 0)
                continue;
            var best = -1;
            for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
            {
                if ((best < 0 || problem.ValueOf[place] > problem.ValueOf[best]) && plan.Fits(run, place))
                    best = place;
            }

            plan.Move(run, best);
        }

        plan.Keep();
    }

    /// <summary>In the order of what each run gains above its cost, per GPU to the given power, each to the place where that is most.</summary>
    public static PlanState ByPrice(GangProblem problem, ShortList list, PriceTable prices, bool perGpu)
    {
        var order = new int[problem.Runs];
        var keys = new double[problem.Runs];
        for (var run = 0; run < problem.Runs; run++)
        {
            order[run] = run;
            var places = list.PlacesOf(run);
            if (places.IsEmpty)
                continue;
            keys[run] = -(problem.ValueOf[places[0]] - prices.Cost(run, places[0]));
            if (perGpu)
                keys[run] /= problem.Gpus[run];
        }

        Array.Sort(keys, order);
        var plan = new PlanState(problem);
        foreach (var run in order)
        {
            foreach (var place in list.PlacesOf(run))
            {
                if (!plan.Fits(run, place))
                    continue;
                plan.Move(run, place);
                break;
            }
        }

        plan.Keep();
        return plan;
    }
}
