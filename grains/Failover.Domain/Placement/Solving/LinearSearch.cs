namespace Failover.Domain.Placement.Solving;

/// <summary>
/// Proves the best plan of what is left of a problem: branch and bound over its linear relaxation. Each node's bound is proven in exact integers; what no
/// better plan can have is settled on the way, and where that is much at the root, a smaller problem is gone on with.
/// </summary>
internal sealed class LinearSearch
{
    /// <summary>Nearer to 0 or 1 is whole.</summary>
    private const double Whole = 1e-6;

    /// <summary>Choices on the way to a node. A search that goes deeper does not end; and the stack must.</summary>
    private const int DepthMax = 1_000;

    private readonly GangProblem problem;
    private readonly LinearRows lines;
    private readonly Func<long, bool> spent;
    private readonly DualSimplex simplex;
    private readonly LinearProof proof;
    private readonly BranchCosts costs;
    private readonly int[] best;
    private readonly PlanState plan;
    private readonly int[] byValue;
    private readonly long[] left;
    private readonly List<int> trail = [];
    private long workElsewhere;
    private Int128 proven;
    private int overdrawn;
    private int depth;

    /// <summary><paramref name="lines"/>: without places that no plan better than <paramref name="known"/> has, and with those that each has.</summary>
    public LinearSearch(GangProblem problem, LinearRows lines, ReadOnlySpan<int> known, long value, Func<long, bool> spent)
    {
        this.problem = problem;
        this.lines = lines;
        this.spent = spent;
        simplex = new DualSimplex(lines);
        proof = new LinearProof(lines);
        costs = new BranchCosts(lines.Columns);
        best = known.ToArray();
        BestValue = value;
        left = [.. lines.Capacity];
        byValue = [.. Enumerable.Range(0, lines.Columns).OrderByDescending(column => lines.Value[column])];
        plan = new PlanState(problem);
        if (lines.Impossible)
            return;
        foreach (var (run, place) in lines.Given)
            plan.Move(run, place);
        plan.Keep();
    }

    /// <summary>[run]: its candidate, or -1.</summary>
    public ReadOnlySpan<int> Best => best;

    public long BestValue { get; private set; }

    /// <summary>No plan is worth more than this, or than the best one known at the start.</summary>
    public long Bound { get; private set; } = long.MaxValue;

    /// <summary>The budget is spent, or the search too deep.</summary>
    public bool Stopped { get; private set; }

    public long Nodes { get; private set; }

    public long Work => simplex.Work + workElsewhere;

    /// <summary>To the end, or until <see cref="Stopped"/>. In the end the best plan is optimal.</summary>
    public void Run()
    {
        if (!lines.Impossible && !IsClosed(out var bound))
        {
            Bound = (long)Int128.Min(proven / proof.Unit, long.MaxValue);
            if (trail.Count * 3 > lines.Columns)
                GoOnSmaller();
            else
                Branch(bound);
        }

        if (!Stopped)
            Bound = BestValue;
    }

    private void GoOnSmaller()
    {
        var settled = new sbyte[problem.Candidates];
        foreach (var (_, place) in lines.Given)
            settled[place] = 1;
        for (var column = 0; column < lines.Columns; column++)
            settled[lines.Place[column]] = simplex.Settled[column];
        var before = Work;
        var rest = new LinearSearch(problem, new LinearRows(problem, settled), best, BestValue, more => spent(before + more));
        rest.Run();
        workElsewhere += rest.Work;
        Nodes += rest.Nodes;
        Stopped |= rest.Stopped;
        Bound = Math.Min(Bound, rest.Bound);
        BestValue = rest.BestValue;
        rest.best.CopyTo(best, 0);
    }

    /// <summary>Searches what is left here, and leaves it as it was. Returns its bound as it was before a column was settled by choice.</summary>
    private double Explore()
    {
        var mark = trail.Count;
        if (!IsClosed(out var bound))
            Branch(bound);
        Unwind(mark);
        return bound;
    }

    private void Branch(double bound)
    {
        Nodes++;
        if (Stopped |= depth == DepthMax)
            return;
        var (column, first) = Choose();
        if (column < 0)
        {
            Take();
            return;
        }

        var at = simplex.ValueOf(column);
        for (var side = 0; side < 2 && !Stopped; side++)
        {
            var to = (sbyte)(side == 0 ? first : 1 - first);
            Settle(column, to);
            depth++;
            costs.Note(column, to, Math.Abs(to - at), bound - Math.Max(Explore(), BestValue));
            depth--;
            Unwind(trail.Count - 1);
        }
    }

    /// <summary>
    /// Whether nothing better than the best plan is left here; settles what is certain. <paramref name="bound"/>: rounded; infinite where nothing is proven.
    /// </summary>
    private bool IsClosed(out double bound)
    {
        bound = BestValue;
        // Needs are never negative: there is nothing left exactly where what is taken does not fit.
        if (overdrawn > 0)
            return true;
        for (var attempt = 0; ; attempt++)
        {
            // Rounding errors may hide a proof: then all over again.
            if (attempt > 0)
                simplex.Reset();
            var outcome = simplex.Solve(attempt == 0 ? BestValue - lines.GivenValue + 0.5 : double.NegativeInfinity, more => spent(workElsewhere + more));
            if (Stopped |= outcome == DualSimplex.Outcome.Stopped)
                return true;
            if (outcome == DualSimplex.Outcome.Optimal)
                Take();
            proven = proof.Bound(simplex.Multiplier, simplex.Settled);
            bound = (double)proven / (double)proof.Unit;
            var slack = proven - ((BestValue + 1) * proof.Unit);
            if (slack < 0)
                return true;
            if (outcome == DualSimplex.Outcome.Optimal || attempt > 0)
            {
                Reduce(slack);
                return overdrawn > 0;
            }
        }
    }

    private void Reduce(Int128 slack)
    {
        for (var column = 0; column < lines.Columns; column++)
        {
            if (simplex.Settled[column] < 0 && Int128.Abs(proof.Gain[column]) > slack)
                Settle(column, (sbyte)(proof.Gain[column] > 0 ? 1 : 0));
        }
    }

    /// <summary>The open column that both ways promise most to take from the bound, and the way that takes less; -1: none is open.</summary>
    private (int Column, sbyte First) Choose()
    {
        var (chosen, most) = (-1, -1.0);
        var first = (sbyte)1;
        for (var column = 0; column < lines.Columns; column++)
        {
            if (simplex.Settled[column] >= 0 || simplex.ValueOf(column) is not (> Whole and < 1 - Whole and var at))
                continue;
            var (down, up) = simplex.Penalty(column);
            var promise = costs.Promise(column, at, lines.Value[column], down, up);
            if (promise > most)
                (chosen, most, first) = (column, promise, (sbyte)(up <= down ? 1 : 0));
        }

        for (var column = 0; column < lines.Columns && most < 0; column++)
        {
            if (simplex.Settled[column] < 0 && (chosen < 0 || lines.Value[column] > lines.Value[chosen]))
                chosen = column;
        }

        return (chosen, first);
    }

    /// <summary>Makes a plan of what is settled, and chosen wholly; open places that are left go to who has none, the most valuable first.</summary>
    private void Take()
    {
        workElsewhere += 4 * lines.Columns;
        for (var column = 0; column < lines.Columns; column++)
        {
            if (simplex.Settled[column] is var at && (at < 0 ? simplex.ValueOf(column) > 1 - Whole : at == 1))
                Put(column);
        }

        foreach (var column in byValue)
            Put(column);
        if (plan.Value > BestValue)
        {
            BestValue = plan.Value;
            plan.CopyTo(best);
        }

        plan.Undo(0);
    }

    private void Put(int column)
    {
        if (plan.PlaceOf(lines.RunOf[column]) < 0 && plan.Fits(lines.RunOf[column], lines.Place[column]))
            plan.Move(lines.RunOf[column], lines.Place[column]);
    }

    private void Settle(int column, sbyte at)
    {
        simplex.Settle(column, at);
        trail.Add(column);
        if (at == 1)
            Use(column, 1);
    }

    private void Unwind(int mark)
    {
        for (var i = trail.Count - 1; i >= mark; i--)
        {
            if (simplex.Settled[trail[i]] == 1)
                Use(trail[i], -1);
            simplex.Settle(trail[i], -1);
        }

        trail.RemoveRange(mark, trail.Count - mark);
    }

    /// <summary>Takes what the column needs of each row, or gives it back.</summary>
    private void Use(int column, int sign)
    {
        for (var part = lines.Start[column]; part < lines.Start[column + 1]; part++)
        {
            ref var room = ref left[lines.Row[part]];
            overdrawn -= room < 0 ? 1 : 0;
            room -= sign * lines.Need[part];
            overdrawn += room < 0 ? 1 : 0;
        }
    }
}
