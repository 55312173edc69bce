using CsCheck;
using Failover.Domain.Placement.Solving;

namespace Failover.Domain.Tests.Placement.Solving;

/// <summary>A bin's nodes, as how many have 0 to 8 GPUs free.</summary>
internal sealed record BinSpec(int Region, int[] NodesByFree);

internal sealed record RunSpec(int Workers, int Chunk, int Tier, int Group, (int Bin, long Value, long Ingest)[] Places)
{
    public int Gpus => Workers * Chunk;
}

/// <summary>A problem that can be altered, built, packed and searched through.</summary>
internal sealed record GangSpec(long[] Ingest, BinSpec[] Bins, long[] Groups, RunSpec[] Runs)
{
    /// <summary>Two regions, up to three bins, one group, crowded; all rows matter.</summary>
    public static Gen<GangSpec> Gen(int runsMax) =>
        from ingest in CsCheck.Gen.Long[0, 30].Array[2]
        from bins in GenBin.Array[1, 3]
        from spread in CsCheck.Gen.Long[0, 30]
        from runs in GenRun(bins.Length).Array[0, runsMax]
        select new GangSpec(ingest, bins, [spread], runs);

    public GangProblem Build()
    {
        var builder = new GangProblemBuilder();
        foreach (var region in Ingest)
            builder.AddRegion(region);
        foreach (var bin in Bins)
            builder.AddBin(bin.Region, Chunks(bin, 1), Chunks(bin, 2), Chunks(bin, 4), Chunks(bin, 8));
        foreach (var group in Groups)
            builder.AddGroup(group);
        foreach (var run in Runs)
        {
            builder.AddRun(run.Gpus, run.Chunk, run.Tier, run.Group);
            foreach (var (bin, value, bringsIn) in run.Places)
                builder.AddCandidate(bin, value, bringsIn);
        }

        return builder.Build();
    }

    /// <summary>The most that any plan of the admitted runs is worth, found by trying all; plans are judged by the checker.</summary>
    public long Optimum(Func<RunSpec, bool>? admitted = null)
    {
        var problem = Build();
        var plan = Enumerable.Repeat(-1, Runs.Length).ToArray();
        return Best(problem, plan, 0, 0, run => admitted?.Invoke(run) ?? true);
    }

    /// <summary>Whether the gangs can be put onto the nodes, the widest pods first, each onto the fullest node that takes it.</summary>
    public bool Packs(ReadOnlySpan<int> plan)
    {
        for (var bin = 0; bin < Bins.Length; bin++)
        {
            var nodes = Bins[bin].NodesByFree.SelectMany((count, free) => Enumerable.Repeat(free, count)).ToArray();
            var pods = new List<int>();
            for (var run = 0; run < Runs.Length; run++)
            {
                if (plan[run] == bin)
                    pods.AddRange(Enumerable.Repeat(Runs[run].Chunk, Runs[run].Workers));
            }

            foreach (var pod in pods.OrderDescending())
            {
                Array.Sort(nodes);
                var node = Array.FindIndex(nodes, free => free >= pod);
                if (node < 0)
                    return false;
                nodes[node] -= pod;
            }
        }

        return true;
    }

    private long Best(GangProblem problem, int[] plan, int run, long value, Func<RunSpec, bool> admitted)
    {
        if (!GangChecker.Check(problem, plan, value).IsEmpty)
            return long.MinValue;
        if (run == Runs.Length)
            return value;
        var best = Best(problem, plan, run + 1, value, admitted);
        foreach (var place in admitted(Runs[run]) ? Runs[run].Places : [])
        {
            plan[run] = place.Bin;
            best = Math.Max(best, Best(problem, plan, run + 1, value + place.Value, admitted));
        }

        plan[run] = -1;
        return best;
    }

    private static long Chunks(BinSpec bin, int size) => bin.NodesByFree.Select((count, free) => (long)count * (free / size) * size).Sum();

    private static Gen<BinSpec> GenBin =>
        from region in CsCheck.Gen.Int[0, 1]
        from nodes in CsCheck.Gen.Frequency((2, CsCheck.Gen.Const(0)), (1, CsCheck.Gen.Int[1, 2])).Array[9]
        select new BinSpec(region, nodes);

    private static Gen<RunSpec> GenRun(int bins) =>
        from workers in CsCheck.Gen.Int[1, 3]
        from level in CsCheck.Gen.Int[0, 3]
        from tier in CsCheck.Gen.Int[0, 3]
        from spreadGroup in CsCheck.Gen.Int[-2, 0]
        from mask in CsCheck.Gen.Int[0, 7]
        from values in CsCheck.Gen.Long[-2, 60].Array[3]
        from bringsIn in CsCheck.Gen.Long[0, 12].Array[3]
        select new RunSpec(workers, 1 << level, tier, Math.Max(-1, spreadGroup), [.. Enumerable.Range(0, bins).Where(bin => (mask & (1 << bin)) != 0).Select(bin => (bin, values[bin] * (tier + 1), Math.Max(0, bringsIn[bin] - 4)))]);
}
