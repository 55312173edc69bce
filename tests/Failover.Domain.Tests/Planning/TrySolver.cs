using System.Collections.Immutable;
using Failover.Domain.Migration;
using Failover.Domain.Placement;

namespace Failover.Domain.Tests.Planning;

/// <summary>The best plan of a tiny problem, preemption included, by trying everything.</summary>
internal static class TrySolver
{
    public static PlacementPlan Solve(PlacementProblem problem, PlacementPolicy policy)
    {
        var instance = new PlacementInstance(problem, policy);
        var homes = Enumerable.Range(0, instance.Runs.Length).Where(run => instance.HomeOfRun[run] >= 0).ToArray();
        var (best, chosen, left) = (-1L, new List<Candidate>(), new HashSet<int>());
        for (var leave = 0; leave < 1 << homes.Length; leave++)
        {
            var leavers = homes.Where((_, bit) => (leave & (1 << bit)) != 0).ToHashSet();
            Try(0, [], leavers);
        }

        return PlanOf(problem, instance, chosen, left, best);

        void Try(int run, List<Candidate> sofar, HashSet<int> leavers)
        {
            if (run == instance.Runs.Length)
            {
                var value = sofar.Sum(place => place.Value) + homes.Where(home => !leavers.Contains(home)).Sum(home => instance.StayValue[home]);
                if (value > best)
                    (best, chosen, left) = (value, [.. sofar], leavers);
                return;
            }

            Try(run + 1, sofar, leavers);
            foreach (var place in instance.Candidates[run])
            {
                sofar.Add(place);
                if (Fits(instance, sofar, leavers, place))
                    Try(run + 1, sofar, leavers);
                sofar.RemoveAt(sofar.Count - 1);
            }
        }
    }

    private static bool Fits(PlacementInstance instance, List<Candidate> places, HashSet<int> leavers, Candidate last)
    {
        var region = instance.RegionOfBin[last.Bin];
        if (places.Where(place => instance.RegionOfBin[place.Bin] == region).Sum(place => place.IngestBytes) > instance.RegionIngest[region])
            return false;
        if (instance.GroupOfRun[last.Run] is var group and >= 0)
        {
            var row = (group * instance.RegionIngest.Length) + region;
            var spread = instance.SpreadHome[row] - leavers.Where(run => instance.GroupOfRun[run] == group && instance.RegionOfBin[instance.HomeOfRun[run]] == region).Sum(run => (long)instance.Runs[run].Gpus);
            if (spread + places.Where(place => instance.GroupOfRun[place.Run] == group && instance.RegionOfBin[place.Bin] == region).Sum(place => (long)instance.Runs[place.Run].Gpus) > instance.SpreadMax[row])
                return false;
        }

        return PacksInto(instance, places, leavers, last.Bin);
    }

    private static bool PacksInto(PlacementInstance instance, IEnumerable<Candidate> places, HashSet<int> leavers, int bin)
    {
        var nodes = new int[Math.Max(9, instance.Bins[bin].NodesByFreeGpus.Length)];
        instance.Bins[bin].NodesByFreeGpus.CopyTo(nodes);
        foreach (var run in leavers.Where(run => instance.HomeOfRun[run] == bin))
            nodes[instance.Runs[run].GpusPerWorker] += instance.Runs[run].Workers;
        return Placement.BruteForce.Packs(nodes, places.Where(place => place.Bin == bin).Select(place => (instance.Runs[place.Run].Workers, instance.Runs[place.Run].GpusPerWorker)));
    }

    private static PlacementPlan PlanOf(PlacementProblem problem, PlacementInstance instance, List<Candidate> chosen, HashSet<int> left, long value)
    {
        var placed = chosen.ToDictionary(place => place.Run);
        var members = problem.Members.Select(member => member.Name).Order(StringComparer.Ordinal).ToArray();
        return new PlacementPlan(
            problem.SnapshotVersion,
            [.. chosen.OrderBy(place => place.Run).Select(place => new PlannedMove(instance.Runs[place.Run].Uid, instance.TargetOf(place), place.Value, place.IngestBytes))],
            [.. Enumerable.Range(0, instance.Runs.Length).Where(run => !placed.ContainsKey(run) && instance.HomeOfRun[run] < 0)
                .Select(run => new UnplacedRun(instance.Runs[run].Uid, [.. members.Select(member => new MemberReason(member, "no room"))]))],
            value)
        {
            Stays = [.. Enumerable.Range(0, instance.Runs.Length).Where(run => instance.HomeOfRun[run] >= 0 && !left.Contains(run)).Select(run => new PlannedStay(instance.Runs[run].Uid, instance.StayValue[run]))],
            Preempted = [.. left.Order().Select(run => new PreemptedRun(instance.Runs[run].Uid, instance.Runs[run].Home!, instance.StayValue[run], For(instance, chosen, run)))],
        };
    }

    /// <summary>All that come into its bin: in what these tests try, none of them fits beside it.</summary>
    private static ImmutableArray<string> For(PlacementInstance instance, List<Candidate> chosen, int leaver) =>
        [.. chosen.Where(place => place.Bin == instance.HomeOfRun[leaver]).OrderByDescending(place => place.Value).Select(place => instance.Runs[place.Run].Uid)];
}
