using System.Collections.Immutable;

namespace Failover.Domain.Placement.Solving;

/// <summary>Judges a plan against every row of its problem in exact integers, with none of the solver's arithmetic.</summary>
public static class GangChecker
{
    /// <summary>What is wrong with the plan; empty where it is sound.</summary>
    public static ImmutableArray<string> Check(GangProblem problem, ReadOnlySpan<int> binOf, long value)
    {
        if (binOf.Length != problem.Runs)
            return [$"{binOf.Length} runs are planned, the problem has {problem.Runs}"];
        var faults = ImmutableArray.CreateBuilder<string>();
        var used = new Int128[problem.Bins, GangProblem.Levels];
        var ingested = new Int128[problem.Regions];
        var spread = new Int128[problem.Groups, problem.Regions];
        var total = Int128.Zero;
        for (var run = 0; run < binOf.Length; run++)
        {
            var bin = binOf[run];
            if (bin == -1)
                continue;
            if (PlaceOf(problem, run, bin) is not { } place)
            {
                faults.Add($"run {run} has no candidate in bin {bin}");
                continue;
            }

            total += problem.ValueOf[place];
            var region = problem.RegionOfBin[bin];
            for (var level = 0; level <= problem.Level[run]; level++)
                used[bin, level] += problem.Gpus[run];
            ingested[region] += problem.IngestOf[place];
            if (problem.Group[run] >= 0)
                spread[problem.Group[run], region] += problem.Gpus[run];
        }

        CheckRows(problem, used, ingested, spread, faults);
        if (total != value)
            faults.Add($"the plan says it is worth {value}, its places add up to {total}");
        return faults.ToImmutable();
    }

    private static int? PlaceOf(GangProblem problem, int run, int bin)
    {
        for (var place = problem.Start[run]; place < problem.Start[run + 1]; place++)
        {
            if (problem.BinOf[place] == bin)
                return place;
        }

        return null;
    }

    private static void CheckRows(GangProblem problem, Int128[,] used, Int128[] ingested, Int128[,] spread, ImmutableArray<string>.Builder faults)
    {
        for (var bin = 0; bin < problem.Bins; bin++)
        {
            for (var level = 0; level < GangProblem.Levels; level++)
            {
                var most = problem.Capacity[(bin * GangProblem.Levels) + level];
                if (used[bin, level] > most)
                    faults.Add($"bin {bin}: {used[bin, level]} GPUs in chunks of {1 << level} or more, of {most}");
            }
        }

        for (var region = 0; region < problem.Regions; region++)
        {
            if (ingested[region] > problem.Ingest[region])
                faults.Add($"region {region}: {ingested[region]} is brought in, {problem.Ingest[region]} may be");
            for (var group = 0; group < problem.Groups; group++)
            {
                var most = problem.SpreadMax[(group * problem.Regions) + region];
                if (spread[group, region] > most)
                    faults.Add($"group {group}: {spread[group, region]} GPUs in region {region}, {most} may be");
            }
        }
    }
}
