using System.Diagnostics;

namespace Failover.Domain.Placement;

/// <summary>
/// A plan in the making, for the runs that have no home: greedy construction in a given order, then exchanges as long as they gain. Those that have a home stay there.
/// </summary>
internal sealed class GreedySearch
{
    private readonly PlacementInstance instance;
    private readonly Occupancy occupancy;
    private readonly Candidate?[] places;
    private readonly SortedSet<int>[] occupants;
    private int trialsLeft;

    private GreedySearch(PlacementInstance instance, IEnumerable<int> order)
    {
        this.instance = instance;
        occupancy = new Occupancy(instance);
        places = new Candidate?[instance.Runs.Length];
        occupants = [.. instance.Bins.Select(_ => new SortedSet<int>())];
        foreach (var run in order)
            PutBest(run);
    }

    /// <summary>The plan's value so far.</summary>
    public long Value { get; private set; }

    /// <summary>The best of several orders, the first of equals: no single one is good on all instances.</summary>
    public static GreedySearch Best(PlacementInstance instance)
    {
        var runs = Homeless(instance);
        IEnumerable<int>[] orders =
        [
            runs.OrderByDescending(run => instance.Runs[run].Tier).ThenByDescending(run => instance.Runs[run].Gpus).ThenBy(run => run),
            runs.OrderByDescending(run => (Int128)BestValue(instance, run) * 1_000 / instance.Runs[run].Gpus).ThenBy(run => run),
            runs.OrderByDescending(run => instance.Runs[run].Gpus).ThenByDescending(run => BestValue(instance, run)).ThenBy(run => run),
            runs.OrderByDescending(run => BestValue(instance, run)).ThenBy(run => run),
        ];
        return orders.Select(order => new GreedySearch(instance, order)).MaxBy(search => search.Value)!;
    }

    /// <summary>Where the run goes; <see langword="null"/>: nowhere.</summary>
    public Candidate? PlaceOf(int run) => places[run];

    /// <summary>The runs that go to a bin.</summary>
    public IReadOnlyCollection<int> OccupantsOf(int bin) => occupants[bin];

    /// <summary>What the plan takes so far.</summary>
    public Occupancy Occupancy => occupancy;

    /// <summary>
    /// Looks for a better place for each run, the most valuable first, if need be by putting others out, which then look for the best that is left for
    /// them. Every change gains, so it ends; <paramref name="trials"/> bounds it.
    /// </summary>
    public void Improve(int trials)
    {
        trialsLeft = trials;
        var order = Homeless(instance).OrderByDescending(run => BestValue(instance, run)).ThenBy(run => run).ToArray();
        bool gained;
        do
        {
            gained = false;
            foreach (var run in order)
                gained |= TryBetter(run);
        }
        while (gained && trialsLeft > 0);
    }

    private bool TryBetter(int run)
    {
        foreach (var wish in instance.Candidates[run])
        {
            // Best first: from here on nothing is better than what it has.
            if (trialsLeft <= 0 || wish.Value <= (places[run]?.Value ?? 0))
                return false;
            var blockers = Blockers(wish);
            for (var first = 0; first < Math.Max(1, blockers.Length) && trialsLeft > 0; first++)
            {
                trialsLeft--;
                if (TryExchange(wish, blockers, first))
                    return true;
            }
        }

        return false;
    }

    /// <summary>Those that could make room, the least valuable GPUs first: in the bin, or in the region where it is the ingest that is short, or what the group may have.</summary>
    private int[] Blockers(Candidate wish)
    {
        if (occupancy.Fits(wish))
            return [];
        var region = instance.RegionOfBin[wish.Bin];
        var inRegion = Enumerable.Range(0, occupants.Length).Where(bin => instance.RegionOfBin[bin] == region).SelectMany(bin => occupants[bin]);
        var runs = !occupancy.FitsBin(wish) ? occupants[wish.Bin]
            : !occupancy.FitsIngest(wish) ? inRegion
            : inRegion.Where(run => instance.GroupOfRun[run] == instance.GroupOfRun[wish.Run]);
        return [.. runs.Where(run => run != wish.Run).OrderBy(run => (Int128)places[run]!.Value.Value * 1_000 / instance.Runs[run].Gpus).ThenBy(run => run)];
    }

    /// <summary>Gives the run its wish, putting out blockers from <paramref name="first"/> on until it fits; undone unless the whole gains.</summary>
    private bool TryExchange(Candidate wish, int[] blockers, int first)
    {
        var before = Value;
        var undo = new List<Candidate>();
        Lift(wish.Run, undo);
        for (var next = 0; next < blockers.Length && !occupancy.Fits(wish); next++)
            Lift(blockers[(first + next) % blockers.Length], undo);

        if (occupancy.Fits(wish))
        {
            Put(wish);
            foreach (var run in undo.Select(place => place.Run).Where(run => run != wish.Run).OrderByDescending(run => BestValue(instance, run)).ThenBy(run => run))
                PutBest(run);
            if (Value > before)
                return true;
        }

        Lift(wish.Run, []);
        foreach (var place in undo)
            Lift(place.Run, []);
        foreach (var place in undo)
            Put(place);
        Debug.Assert(Value == before, "An exchange that does not gain leaves no trace.");
        return false;
    }

    private void PutBest(int run)
    {
        foreach (var candidate in instance.Candidates[run])
        {
            if (!occupancy.Fits(candidate))
                continue;
            Put(candidate);
            return;
        }
    }

    private void Put(Candidate place)
    {
        occupancy.Add(place);
        occupants[place.Bin].Add(place.Run);
        places[place.Run] = place;
        Value = checked(Value + place.Value);
    }

    private void Lift(int run, List<Candidate> undo)
    {
        if (places[run] is not { } place)
            return;
        occupancy.Remove(place);
        occupants[place.Bin].Remove(run);
        places[run] = null;
        Value -= place.Value;
        undo.Add(place);
    }

    private static int[] Homeless(PlacementInstance instance) => [.. Enumerable.Range(0, instance.Runs.Length).Where(run => instance.HomeOfRun[run] < 0)];

    private static long BestValue(PlacementInstance instance, int run) => instance.Candidates[run] is [var best, ..] ? best.Value : 0;
}
