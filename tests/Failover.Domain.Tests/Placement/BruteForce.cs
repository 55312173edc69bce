using Failover.Domain.Placement;

namespace Failover.Domain.Tests.Placement;

/// <summary>Tries every assignment of a tiny problem; whether a set of gangs fits onto nodes is tried out pod by pod.</summary>
internal static class BruteForce
{
    public static long Optimum(PlacementProblem problem, PlacementPolicy policy) => new Trial(new PlacementInstance(problem, policy)).Best(0);

    public static bool Packs(IReadOnlyList<int> nodesByFreeGpus, IEnumerable<(int Workers, int GpusPerWorker)> gangs)
    {
        var nodes = nodesByFreeGpus.SelectMany((count, free) => Enumerable.Repeat(free, count)).ToArray();
        var pods = gangs.SelectMany(gang => Enumerable.Repeat(gang.GpusPerWorker, gang.Workers)).OrderDescending().ToArray();
        return pods.Sum() <= nodes.Sum() && Packs(nodes, pods, 0);
    }

    private static bool Packs(int[] nodes, int[] pods, int next)
    {
        if (next == pods.Length)
            return true;
        var tried = new HashSet<int>();
        for (var node = 0; node < nodes.Length; node++)
        {
            if (nodes[node] < pods[next] || !tried.Add(nodes[node]))
                continue;
            nodes[node] -= pods[next];
            var fits = Packs(nodes, pods, next + 1);
            nodes[node] += pods[next];
            if (fits)
                return true;
        }

        return false;
    }

    /// <summary>An assignment in the making: of each run its place elsewhere, or whether it is at home.</summary>
    private sealed class Trial(PlacementInstance instance)
    {
        private readonly List<Candidate> chosen = [];
        private readonly HashSet<int> home = [.. Enumerable.Range(0, instance.Runs.Length).Where(run => instance.HomeOfRun[run] >= 0)];

        /// <summary>Those at home first: once it is known who leaves, more comers never make room.</summary>
        private readonly int[] order = [.. Enumerable.Range(0, instance.Runs.Length).OrderBy(run => instance.HomeOfRun[run] < 0)];

        public long Best(int next)
        {
            if (next == order.Length)
                return Sound() ? chosen.Sum(place => place.Value) + home.Sum(at => instance.StayValue[at]) : 0;
            var run = order[next];
            var best = Best(next + 1);
            var left = home.Remove(run);
            if (left)
                best = Math.Max(best, Best(next + 1));
            foreach (var place in instance.Candidates[run])
            {
                chosen.Add(place);
                if (left || Sound())
                    best = Math.Max(best, Best(next + 1));
                chosen.RemoveAt(chosen.Count - 1);
            }

            if (left)
                home.Add(run);
            return best;
        }

        private bool Sound() => chosen.GroupBy(place => place.Bin).All(bin => Packs(Nodes(bin.Key), bin.Select(place => (instance.Runs[place.Run].Workers, instance.Runs[place.Run].GpusPerWorker))))
            && chosen.GroupBy(place => instance.RegionOfBin[place.Bin]).All(region => region.Sum(place => place.IngestBytes) <= instance.RegionIngest[region.Key])
            && chosen.Where(place => instance.GroupOfRun[place.Run] >= 0).All(place => Spread(instance.GroupOfRun[place.Run], instance.RegionOfBin[place.Bin]));

        /// <summary>What is free, and a node for each worker of those that have left.</summary>
        private int[] Nodes(int bin)
        {
            var nodes = new int[Math.Max(9, instance.Bins[bin].NodesByFreeGpus.Length)];
            instance.Bins[bin].NodesByFreeGpus.CopyTo(nodes);
            foreach (var run in Enumerable.Range(0, instance.Runs.Length).Where(run => instance.HomeOfRun[run] == bin && !home.Contains(run)))
                nodes[instance.Runs[run].GpusPerWorker] += instance.Runs[run].Workers;
            return nodes;
        }

        private bool Spread(int group, int region)
        {
            var moved = chosen.Where(place => instance.GroupOfRun[place.Run] == group && instance.RegionOfBin[place.Bin] == region).Sum(place => (long)instance.Runs[place.Run].Gpus);
            var kept = home.Where(run => instance.GroupOfRun[run] == group && instance.RegionOfBin[instance.HomeOfRun[run]] == region).Sum(run => (long)instance.Runs[run].Gpus);
            return moved + kept <= instance.SpreadMax[(group * instance.RegionNames.Length) + region];
        }
    }
}
