namespace Failover.Domain.Placement.Solving;

/// <summary>
/// The linear relaxation of what is left of a problem once some places are settled: max Σ value·x, Σ need·x ≤ capacity in each row, 0 ≤ x ≤ 1, all in whole
/// numbers. A column is an open place. Rows that can't bind are left out.
/// </summary>
internal sealed class LinearRows
{
    private readonly List<int> places = [];
    private readonly List<int> runs = [];
    private readonly List<(int Run, int Place)> given = [];
    private readonly List<int> start = [];
    private readonly List<int> row = [];
    private readonly List<long> need = [];
    private readonly Dictionary<int, int> rowOf = [];
    private readonly List<long> capacity = [];
    private readonly List<long> wanted = [];

    /// <summary><paramref name="settled"/>, [place]: 0 not taken, 1 taken, -1 open.</summary>
    public LinearRows(GangProblem problem, ReadOnlySpan<sbyte> settled)
    {
        for (var run = 0; run < problem.Runs; run++)
        {
            for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
            {
                if (settled[place] > 0)
                    Give(problem, run, place);
                else if (settled[place] < 0)
                    Add(problem, run, place);
            }
        }

        start.Add(row.Count);
        Value = [.. places.Select(place => problem.ValueOf[place])];
        Capacity = [.. capacity.Where((left, at) => wanted[at] > left)];
        (Start, Row, Need) = WithoutIdle();
    }

    /// <summary>What is taken already asks for more than there is.</summary>
    public bool Impossible { get; private set; }

    /// <summary>[column]: its place.</summary>
    public IReadOnlyList<int> Place => places;

    /// <summary>[column]: its run.</summary>
    public IReadOnlyList<int> RunOf => runs;

    /// <summary>Places that are taken.</summary>
    public IReadOnlyList<(int Run, int Place)> Given => given;

    /// <summary>What those are worth together.</summary>
    public long GivenValue { get; private set; }

    /// <summary>[column]; 1 and up.</summary>
    public long[] Value { get; }

    /// <summary>[row]: what is left of it; 0 and up unless <see cref="Impossible"/>.</summary>
    public long[] Capacity { get; }

    /// <summary>[column]: where its parts begin in <see cref="Row"/> and <see cref="Need"/>; one more entry for the end.</summary>
    public int[] Start { get; }

    /// <summary>[part].</summary>
    public int[] Row { get; }

    /// <summary>[part]; 1 and up.</summary>
    public long[] Need { get; }

    /// <summary>How many places are open.</summary>
    public int Columns => Value.Length;

    /// <summary>How many rows may bind.</summary>
    public int Rows => Capacity.Length;

    /// <summary>Rows times columns.</summary>
    public long Cells => (long)Rows * Columns;

    private void Give(GangProblem problem, int run, int place)
    {
        // No sum of what fits overflows.
        if (Impossible)
            return;
        given.Add((run, place));
        GivenValue += problem.ValueOf[place];
        foreach (var (key, part, most) in Parts(problem, run, place))
            Impossible |= (capacity[RowOf(key, most)] -= part) < 0;
    }

    private void Add(GangProblem problem, int run, int place)
    {
        places.Add(place);
        runs.Add(run);
        start.Add(row.Count);
        foreach (var (key, part, most) in Parts(problem, run, place))
        {
            var at = RowOf(key, most);
            wanted[at] = Math.Min(wanted[at] + part, long.MaxValue / 2);
            row.Add(at);
            need.Add(part);
        }
    }

    private int RowOf(int key, long most)
    {
        if (rowOf.TryGetValue(key, out var at))
            return at;
        rowOf.Add(key, at = capacity.Count);
        capacity.Add(most);
        wanted.Add(0);
        return at;
    }

    private (int[] Start, int[] Row, long[] Need) WithoutIdle()
    {
        var kept = new int[capacity.Count];
        for (int at = 0, count = 0; at < kept.Length; at++)
            kept[at] = wanted[at] > capacity[at] ? count++ : -1;
        var starts = new int[start.Count];
        var (rows, needs) = (new List<int>(row.Count), new List<long>(row.Count));
        for (var column = 0; column < places.Count; column++)
        {
            starts[column] = rows.Count;
            for (var part = start[column]; part < start[column + 1]; part++)
            {
                if (kept[row[part]] < 0)
                    continue;
                rows.Add(kept[row[part]]);
                needs.Add(need[part]);
            }
        }

        starts[^1] = rows.Count;
        return (starts, [.. rows], [.. needs]);
    }

    /// <summary>What the place needs of each row, by a number of the row.</summary>
    private static IEnumerable<(int Key, long Need, long Capacity)> Parts(GangProblem problem, int run, int place)
    {
        int bin = problem.BinOf[place];
        var region = problem.RegionOfBin[bin];
        yield return (run, 1, 1);
        var key = problem.Runs;
        for (var level = 0; level <= problem.Level[run]; level++)
        {
            // A level with as much room as the one below is kept by that.
            var at = (bin * GangProblem.Levels) + level;
            if (level == 0 || problem.Capacity[at] < problem.Capacity[at - 1])
                yield return (key + at, problem.Gpus[run], problem.Capacity[at]);
        }

        key += problem.Capacity.Length;
        if (problem.IngestOf[place] > 0)
            yield return (key + region, problem.IngestOf[place], problem.Ingest[region]);
        key += problem.Regions;
        if (problem.Group[run] >= 0)
        {
            var at = (problem.Group[run] * problem.Regions) + region;
            yield return (key + at, problem.Gpus[run], problem.SpreadMax[at]);
        }
    }
}
