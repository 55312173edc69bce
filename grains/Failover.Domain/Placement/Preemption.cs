using System.Collections.Immutable;

namespace Failover.Domain.Placement;

/// <summary>Says for whom each run loses its home, so that it is not stopped before those are ready, and not at all if they do not come.</summary>
internal static class Preemption
{
    /// <summary>
    /// In each bin, the most valuable comers take what is free; who then lacks room needs what leaves, the cheapest first. What leaves for a rule on spread leaves for those of its
    /// group that come into the region.
    /// </summary>
    public static ImmutableArray<PreemptedRun> Of(PlacementInstance instance, Candidate?[] comers, ImmutableArray<int> binOf)
    {
        var leavers = Enumerable.Range(0, instance.Runs.Length).Where(run => instance.HomeOfRun[run] >= 0 && binOf[run] != instance.HomeOfRun[run]).ToArray();
        if (leavers.Length == 0)
            return [];
        var beneficiaries = leavers.ToDictionary(run => run, _ => new List<Candidate>());
        var coming = comers.Where(place => place is not null).Select(place => place!.Value).OrderByDescending(place => place.Value).ThenBy(place => place.Run).ToArray();
        foreach (var bin in coming.GroupBy(place => place.Bin))
            TakeRoom(instance, [.. bin], [.. leavers.Where(run => instance.HomeOfRun[run] == bin.Key).OrderBy(run => instance.StayValue[run]).ThenBy(run => run)], beneficiaries);
        foreach (var run in leavers.Where(run => beneficiaries[run].Count == 0))
            beneficiaries[run].AddRange(InItsStead(instance, coming, run));
        return
        [
            .. leavers.Where(run => binOf[run] < 0)
                .Select(run => new PreemptedRun(instance.Runs[run].Uid, instance.Runs[run].Home!, instance.StayValue[run], [.. beneficiaries[run].Select(place => instance.Runs[place.Run].Uid)])),
        ];
    }

    private static void TakeRoom(PlacementInstance instance, Candidate[] coming, int[] leaving, Dictionary<int, List<Candidate>> beneficiaries)
    {
        var free = new Occupancy(instance);
        var all = new Occupancy(instance);
        var left = new LinkedList<(int Run, int Gpus)>();
        var next = 0;
        foreach (var place in coming)
        {
            if (free.FitsBin(place))
            {
                free.Add(place);
                all.Add(place);
                continue;
            }

            var before = next;
            while (!all.FitsBin(place) && next < leaving.Length)
                all.Leave(leaving[next++]);
            all.Add(place);
            foreach (var run in leaving.AsSpan(before..next))
                left.AddLast((run, instance.Runs[run].Gpus));
            Claim(instance.Runs[place.Run].Gpus, place, left, leaving.AsSpan(before..next), beneficiaries);
        }
    }

    /// <summary>It needs those that left for it, and what earlier leavers have left over.</summary>
    private static void Claim(int gpus, Candidate place, LinkedList<(int Run, int Gpus)> left, ReadOnlySpan<int> forIt, Dictionary<int, List<Candidate>> beneficiaries)
    {
        foreach (var run in forIt)
            beneficiaries[run].Add(place);
        while (gpus > 0 && left.First is { Value: var leaver })
        {
            var taken = Math.Min(gpus, leaver.Gpus);
            gpus -= taken;
            if (!beneficiaries[leaver.Run].Contains(place))
                beneficiaries[leaver.Run].Add(place);
            left.RemoveFirst();
            if (leaver.Gpus > taken)
                left.AddFirst((leaver.Run, leaver.Gpus - taken));
        }
    }

    /// <summary>Those of its group that come into its region; else whoever comes into its bin.</summary>
    private static IEnumerable<Candidate> InItsStead(PlacementInstance instance, Candidate[] coming, int run)
    {
        var (bin, group) = (instance.HomeOfRun[run], instance.GroupOfRun[run]);
        var alike = coming.Where(place => group >= 0 && instance.GroupOfRun[place.Run] == group && instance.RegionOfBin[place.Bin] == instance.RegionOfBin[bin]).ToArray();
        return alike.Length > 0 ? alike : coming.Where(place => place.Bin == bin);
    }
}
