namespace Failover.Domain.Placement.Solving;

/// <summary>
/// The places worth a thought: of each run the few that are best at given prices, and the one that it has. Both ways: by run, and by bin in the order that
/// <see cref="BinKnapsack"/> wants.
/// </summary>
internal sealed class ShortList
{
    private readonly GangProblem problem;
    private readonly int[] bySize;
    private readonly int[] runStart;
    private readonly int[] binStart;
    private int[] places = [];
    private Entry[] entries = [];

    public ShortList(GangProblem problem)
    {
        this.problem = problem;
        runStart = new int[problem.Runs + 1];
        binStart = new int[problem.Bins + 1];
        bySize = new int[problem.Runs];
        var keys = new long[problem.Runs];
        for (var run = 0; run < problem.Runs; run++)
        {
            bySize[run] = run;
            keys[run] = BinKnapsack.Order(problem.Gpus[run], problem.Level[run]);
        }

        Array.Sort(keys, bySize);
    }

    public long Work { get; private set; }

    /// <summary>Of the run, best first.</summary>
    public ReadOnlySpan<int> PlacesOf(int run) => places.AsSpan(runStart[run], runStart[run + 1] - runStart[run]);

    /// <summary>How many places are listed.</summary>
    public int Count => runStart[problem.Runs];

    /// <summary>Who might come to a bin, large chunks and large gangs first. All that is needed of them, side by side: this is read more than all else.</summary>
    public ReadOnlySpan<Entry> Of(int bin) => entries.AsSpan(binStart[bin], binStart[bin + 1] - binStart[bin]);

    /// <summary>A run's place in a bin. <paramref name="Coupled"/>: it takes ingest, or counts in a group.</summary>
    internal readonly record struct Entry(long Value, int Run, int Place, int Gpus, byte Level, bool Coupled);

    /// <summary>Lists anew: the <paramref name="most"/> best of each run at these prices, and those of the plans, whatever they are worth.</summary>
    public void Fill(PriceTable prices, int most, params ReadOnlySpan<int[]> plans)
    {
        var room = 0;
        for (var run = 0; run < problem.Runs; run++)
            room += Math.Min(most + plans.Length, problem.UsableEnd[run] - problem.Start[run]);
        if (places.Length < room)
            (places, entries) = (new int[room], new Entry[room]);

        var gains = new double[most];
        var end = 0;
        for (var run = 0; run < problem.Runs; run++)
        {
            runStart[run] = end;
            Work += problem.UsableEnd[run] - problem.Start[run];
            end += Best(run, prices, gains, places.AsSpan(end));
            foreach (var plan in plans)
            {
                if (plan[run] >= 0 && !places.AsSpan(runStart[run], end - runStart[run]).Contains(plan[run]))
                    places[end++] = plan[run];
            }
        }

        runStart[problem.Runs] = end;
        ByBin();
    }

    private int Best(int run, PriceTable prices, Span<double> gains, Span<int> into)
    {
        var count = 0;
        for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
        {
            var gain = problem.ValueOf[place] - prices.Cost(run, place);
            var at = count < gains.Length ? count++ : gain > gains[count - 1] ? count - 1 : -1;
            if (at < 0)
                continue;
            for (; at > 0 && gains[at - 1] < gain; at--)
                (gains[at], into[at]) = (gains[at - 1], into[at - 1]);
            (gains[at], into[at]) = (gain, place);
        }

        return count;
    }

    private void ByBin()
    {
        Array.Clear(binStart);
        foreach (var place in places.AsSpan(0, runStart[problem.Runs]))
            binStart[problem.BinOf[place] + 1]++;
        for (var bin = 0; bin < problem.Bins; bin++)
            binStart[bin + 1] += binStart[bin];
        foreach (var run in bySize)
        {
            foreach (var place in PlacesOf(run))
            {
                var at = binStart[problem.BinOf[place]]++;
                entries[at] = new Entry(
                    problem.ValueOf[place], run, place, problem.Gpus[run], problem.Level[run], problem.IngestOf[place] > 0 || problem.Group[run] >= 0);
            }
        }

        for (var bin = problem.Bins; bin > 0; bin--)
            binStart[bin] = binStart[bin - 1];
        binStart[0] = 0;
    }
}
