using Failover.Domain.Placement;

namespace Failover.Domain.Tests.Placement;

/// <summary>Tries every assignment of a tiny problem; whether a set of gangs fits onto nodes is tried out pod by pod.</summary>
internal static class BruteForce
{
    public static long Optimum(PlacementProblem problem, PlacementPolicy policy)
    {
        var instance = new PlacementInstance(problem, policy);
        return Best(instance, 0, [], new long[instance.RegionIngest.Length]);
    }

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

    private static long Best(PlacementInstance instance, int run, List<Candidate> chosen, long[] ingest)
    {
        if (run == instance.Runs.Length)
            return chosen.Sum(place => place.Value);
        var best = Best(instance, run + 1, chosen, ingest);
        foreach (var place in instance.Candidates[run])
        {
            var region = instance.RegionOfBin[place.Bin];
            chosen.Add(place);
            ingest[region] += place.IngestBytes;
            var gangs = chosen.Where(other => other.Bin == place.Bin).Select(other => (instance.Runs[other.Run].Workers, instance.Runs[other.Run].GpusPerWorker));
            if (ingest[region] <= instance.RegionIngest[region] && Packs(instance.Bins[place.Bin].NodesByFreeGpus, gangs))
                best = Math.Max(best, Best(instance, run + 1, chosen, ingest));
            ingest[region] -= place.IngestBytes;
            chosen.RemoveAt(chosen.Count - 1);
        }

        return best;
    }
}
