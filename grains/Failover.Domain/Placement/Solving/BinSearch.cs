namespace Failover.Domain.Placement.Solving;

/// <summary>
/// Improves a plan by large steps: all that a bin holds is chosen anew, exactly, among those that could have it; who leaves looks for another place, and the
/// bins that lost a run are chosen anew in turn. A chain of such steps that does not gain is undone.
/// </summary>
internal sealed class BinSearch
{
    /// <summary>Bins in one chain. Longer ones seldom gain, and each costs some ten microseconds.</summary>
    private const int ChainMax = 6;

    /// <summary>Rounds without progress, a bin, before large runs are forced elsewhere.</summary>
    private const int PatiencePerBin = 10;

    private const int PatienceMin = 300;
    private const int KickMax = 5;
    private const int ReinsertPercent = 10;
    private const int InsertDepth = 2;
    private const int GoneMax = 3;

    private readonly GangProblem problem;
    private readonly PlanState plan;
    private readonly ShortList list;
    private readonly PriceTable prices;
    private readonly SeededRandom random;
    private readonly BinChoice choice = new(Rounding.Feasible);
    private readonly List<int> offered = [];
    private readonly List<int> chosen = [];
    private readonly List<int> leavers = [];
    private readonly List<int> chain = [];
    private readonly long[] room = new long[GangProblem.Levels];
    private readonly int[] best;
    private readonly int[] movers;
    private long scanned;
    private int stale;

    public BinSearch(GangProblem problem, PlanState plan, ShortList list, PriceTable prices, SeededRandom random)
    {
        this.problem = problem;
        this.plan = plan;
        this.list = list;
        this.prices = prices;
        this.random = random;
        best = plan.Places();
        BestValue = plan.Value;
        movers = [.. Enumerable.Range(0, problem.Runs).Where(run => list.PlacesOf(run).Length > 1).OrderByDescending(run => problem.Gpus[run]).ThenBy(run => run)];
    }

    public ReadOnlySpan<int> Best => best;

    public long BestValue { get; private set; }

    public long Work => choice.Work + scanned;

    /// <summary>One chain of steps, from a bin or a run chosen at random; <paramref name="spent"/> by its work, it may leave runs out, and is undone.</summary>
    public void Round(Func<long, bool> spent)
    {
        if (movers.Length > 0 && ++stale > Math.Max(PatienceMin, PatiencePerBin * problem.Bins))
        {
            Kick();
        }

        if (movers.Length > 0 && random.Below(100) < ReinsertPercent)
        {
            Reinsert(spent);
            return;
        }

        var mark = plan.Mark;
        var before = plan.Value;
        var bin = random.Below(problem.Bins);
        var forced = -1;
        if (random.Below(2) == 0 && RandomPlace(out forced) is >= 0 and var place)
            bin = problem.BinOf[place];
        chain.Clear();
        var zeal = random.Below(3) * 0.5;
        Choose(bin, forced, zeal);
        for (var link = 0; link < chain.Count; link++)
            Choose(chain[link], -1, link < 3 ? zeal * 0.5 : 0);
        Accept(mark, before);
    }

    private void Accept(int mark, long before)
    {
        if (plan.Value < before)
        {
            plan.Undo(mark);
            return;
        }

        plan.Keep();
        if (plan.Value <= BestValue)
            return;
        // Crumbs don't count as progress.
        if (plan.Value - BestValue > BestValue / 100_000)
            stale = 0;
        BestValue = plan.Value;
        plan.CopyTo(best);
    }

    /// <summary>A place that a run does not have; one of its better ones rather than not. -1: none was found in a few attempts.</summary>
    private int RandomPlace(out int run)
    {
        for (var attempt = 0; attempt < 30; attempt++)
        {
            run = random.Below(problem.Runs);
            var places = list.PlacesOf(run);
            if (places.Length < 1 || (places.Length == 1 && plan.PlaceOf(run) >= 0))
                continue;
            var place = places[Math.Min(random.Below(places.Length), random.Below(places.Length))];
            if (place != plan.PlaceOf(run))
                return place;
        }

        run = -1;
        return -1;
    }

    /// <summary>
    /// Chooses anew what the bin holds, <paramref name="forced"/> among it. <paramref name="zeal"/>: how far prices are believed of what a run leaves free
    /// elsewhere, 0 to 1.
    /// </summary>
    private void Choose(int bin, int forced, double zeal)
    {
        var known = Offer(bin, forced, zeal);
        if (!Room(bin, forced) || choice.Choose(room, forced >= 0 ? -1 : known) < 0)
            return;

        for (var item = 0; item < choice.Count; item++)
        {
            if (choice.IsChosen(item))
                chosen.Add(offered[item]);
        }

        if (forced >= 0)
            chosen.Sort();
        Apply(bin, list.Of(bin));
    }

    /// <summary>Offers the bin all who would gain by it, but for the forced one, which is chosen. Returns what those who are there gain.</summary>
    private long Offer(int bin, int forced, double zeal)
    {
        choice.Clear();
        offered.Clear();
        chosen.Clear();
        var entries = list.Of(bin);
        var seats = plan.Seats;
        scanned += entries.Length;
        long known = 0;
        for (var i = 0; i < entries.Length; i++)
        {
            ref readonly var entry = ref entries[i];
            if (entry.Run == forced)
            {
                chosen.Add(i);
                continue;
            }

            var seat = seats[entry.Run];
            var here = seat.Place == entry.Place;
            var profit = entry.Value - (here ? Elsewhere(entry) : seat.Value);
            if (!here && zeal > 0 && seat.Place >= 0)
                profit += (long)Math.Min(seat.Value, zeal * entry.Gpus * prices.PerGpu(seat.Bin, entry.Level));
            if (profit <= 0 || (!here && entry.Coupled && !MayEnter(entry.Run, seat.Place, entry.Place)))
                continue;
            if (here)
                known += profit;
            choice.Add(entry.Gpus, entry.Level, profit);
            offered.Add(i);
        }

        return known;
    }

    /// <summary>
    /// Puts a run where that gains most all told: each of its bins is tried with it. Others that had to go, and have more than one place to go to, are put in
    /// the same way, to a depth.
    /// </summary>
    private void Insert(int run, int avoid, int depth, Func<long, bool> spent)
    {
        var bestGain = long.MinValue;
        var bestPlace = -1;
        foreach (var place in list.PlacesOf(run))
        {
            int bin = problem.BinOf[place];
            if (bin == avoid || !MayEnter(run, -1, place))
                continue;
            if (spent(Work))
                return;
            var gain = problem.ValueOf[place];
            if (!plan.FitsBin(run, place))
            {
                var known = Offer(bin, run, 0);
                if (!Room(bin, run))
                    continue;
                gain += choice.Choose(room) - known;
            }

            if (gain > bestGain)
                (bestGain, bestPlace) = (gain, place);
        }

        if (bestPlace < 0 || bestGain <= 0)
            return;
        Choose(problem.BinOf[bestPlace], run, 0);
        if (depth == 0)
            return;
        int[] gone =
        [
            .. leavers.Where(other => plan.PlaceOf(other) < 0 && list.PlacesOf(other).Length > 1)
                .OrderByDescending(other => problem.Gpus[other]).ThenBy(other => other).Take(GoneMax),
        ];
        foreach (var other in gone)
        {
            if (plan.PlaceOf(other) < 0)
                Insert(other, problem.BinOf[bestPlace], depth - 1, spent);
        }
    }

    /// <summary>Takes a run out, a large one rather than not, lets others have what it leaves, and puts it where that gains most.</summary>
    private void Reinsert(Func<long, bool> spent)
    {
        var mark = plan.Mark;
        var before = plan.Value;
        var run = movers[Math.Min(random.Below(movers.Length), random.Below(movers.Length))];
        var left = plan.Seats[run].Bin;
        chain.Clear();
        if (left >= 0)
        {
            plan.Move(run, -1);
            chain.Add(left);
            if (random.Below(2) == 0)
                Choose(left, -1, random.Below(3) * 0.5);
        }

        Insert(run, left, InsertDepth, spent);
        for (var link = 0; link < chain.Count; link++)
            Choose(chain[link], -1, 0);
        Accept(mark, before);
    }

    /// <summary>Goes on from a better plan that was found otherwise.</summary>
    public void Adopt(ReadOnlySpan<int> places, long value)
    {
        BestValue = value;
        places.CopyTo(best);
        Restore();
        stale = 0;
    }

    private void Restore()
    {
        for (var run = 0; run < best.Length; run++)
        {
            if (plan.PlaceOf(run) != best[run])
                plan.Move(run, -1);
        }

        for (var run = 0; run < best.Length; run++)
            plan.Move(run, best[run]);
        plan.Keep();
    }

    /// <summary>Leaves a plan that nothing improves any more: from the best one, a few large runs are forced to other places, at whatever loss.</summary>
    private void Kick()
    {
        stale = 0;
        Restore();
        for (var push = 1 + random.Below(KickMax); push > 0; push--)
        {
            var run = movers[Math.Min(random.Below(movers.Length), random.Below(movers.Length))];
            var places = list.PlacesOf(run);
            var place = places[random.Below(places.Length)];
            if (place == plan.PlaceOf(run) || !MayEnter(run, plan.PlaceOf(run), place))
                continue;
            chain.Clear();
            Choose(problem.BinOf[place], run, 0);
            for (var link = 0; link < chain.Count; link++)
                Choose(chain[link], -1, 0);
        }

        plan.Keep();
    }

    /// <summary>What the bin has besides the forced one; false: not even that fits.</summary>
    private bool Room(int bin, int forced)
    {
        problem.Capacity.AsSpan(bin * GangProblem.Levels, GangProblem.Levels).CopyTo(room);
        if (forced < 0)
            return true;
        for (var level = 0; level < GangProblem.Levels; level++)
        {
            if (level <= problem.Level[forced])
                room[level] -= problem.Gpus[forced];
            if (level > 0)
                room[level] = Math.Min(room[level], room[level - 1]);
        }

        return room[GangProblem.Levels - 1] >= 0;
    }

    private bool MayEnter(int run, int now, int place)
    {
        var region = problem.RegionOfBin[problem.BinOf[place]];
        var same = now >= 0 && problem.RegionOfBin[problem.BinOf[now]] == region;
        var ingest = problem.IngestOf[place] - (same ? problem.IngestOf[now] : 0);
        if (ingest > 0 && ingest > plan.IngestLeft(region))
            return false;
        return same || problem.Group[run] < 0 || problem.Gpus[run] <= plan.SpreadLeft(problem.Group[run], region);
    }

    /// <summary>The worth of the best place that the run could have at once if it left.</summary>
    private long Elsewhere(in ShortList.Entry entry)
    {
        var places = list.PlacesOf(entry.Run);
        scanned += places.Length;
        foreach (var other in places)
        {
            if (other != entry.Place && plan.FitsBin(entry.Run, other) && MayEnter(entry.Run, entry.Place, other))
                return problem.ValueOf[other];
        }

        return 0;
    }

    private void Apply(int bin, ReadOnlySpan<ShortList.Entry> entries)
    {
        leavers.Clear();
        var next = 0;
        for (var i = 0; i < entries.Length; i++)
        {
            if (next < chosen.Count && chosen[next] == i)
            {
                next++;
                continue;
            }

            if (plan.PlaceOf(entries[i].Run) != entries[i].Place)
                continue;
            plan.Move(entries[i].Run, -1);
            leavers.Add(entries[i].Run);
        }

        foreach (var i in chosen)
        {
            var (run, place) = (entries[i].Run, entries[i].Place);
            var seat = plan.Seats[run];
            // Each might enter alone; together they may have too much ingest.
            if (seat.Place == place || !MayEnter(run, seat.Place, place))
                continue;
            if (seat.Place >= 0)
                Link(seat.Bin, bin);
            plan.Move(run, place);
        }

        foreach (var run in leavers)
            Settle(run, bin);
    }

    /// <summary>The best place that is free for who had to go; if there is none, its best bin is chosen anew.</summary>
    private void Settle(int run, int left)
    {
        var places = list.PlacesOf(run);
        foreach (var place in places)
        {
            if (!plan.Fits(run, place))
                continue;
            plan.Move(run, place);
            return;
        }

        Link(problem.BinOf[places[0]], left);
    }

    private void Link(int next, int bin)
    {
        if (next != bin && chain.Count < ChainMax && !chain.Contains(next))
            chain.Add(next);
    }
}
