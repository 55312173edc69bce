using System.Collections.Immutable;
using Failover.Domain.Migration;
using Failover.Domain.Placement.Solving;

namespace Failover.Domain.Placement;

/// <summary>Why a run has no place in a solver's plan, member by member, and what one that has a place would have had instead.</summary>
internal sealed class SolverReasons(PlacementProblem problem, PlacementInstance instance, SolverMap map, GangPlan gang)
{
    /// <summary>A runner-up is looked for among so many of a run's best places.</summary>
    private const int PlacesMax = 8;

    /// <summary>
    /// By how much a run is outbid is found by choosing the bin's runs anew, some 30 µs a time; the displaced wait for it. So many times, then no more margins are told.
    /// </summary>
    private const int ExactMax = 5_000;

    private readonly ClosedDoors doors = new(instance, problem);
    private readonly GangReasons reasons = new(map.Problem, gang);
    private readonly HashSet<int> homes = [.. instance.HomeOfRun];
    private long[]? broughtInto;
    private int exact;

    /// <summary>A reason for each member, of a run without a place.</summary>
    public ImmutableArray<MemberReason> For(int run) => doors.For(run, Reason);

    /// <summary>The next best place of a run that has one, by what the plan would be worth less.</summary>
    public RunnerUp? RunnerUpOf(int run)
    {
        var here = map.PlaceIn(run, gang.BinOf[run]);
        RunnerUp? best = null;
        foreach (var place in instance.Candidates[run].Where(place => place.Bin != here.Bin).Take(PlacesMax))
        {
            if (exact >= ExactMax)
                break;
            exact++;
            var reason = reasons.WhyNot(run, place.Bin);
            long? loss = reason.Row switch
            {
                KeptOutBy.Nothing => here.Value - place.Value,
                // The margin counts from no place at all.
                KeptOutBy.Outbid => (reason.Margin << map.Shift) + here.Value,
                _ => null,
            };
            if (loss is { } less && (best is null || less < best.Loss))
                best = new RunnerUp(instance.Bins[place.Bin].Member, instance.Bins[place.Bin].Sku, less);
        }

        return best;
    }

    /// <summary>Of a member's bins, the one that could hold it, the best first; else the roomiest.</summary>
    private string Reason(PlacementRun run, Candidate[] places, PlacementMember member)
    {
        var rows = map.Problem.Capacity;
        var level = int.Log2(run.GpusPerWorker);
        var roomy = places.Where(place => rows[(place.Bin * GangProblem.Levels) + level] >= run.Gpus).ToArray();
        var place = roomy.Length > 0 ? roomy[0] : places.MaxBy(place => rows[place.Bin * GangProblem.Levels]);
        var sku = instance.Bins[place.Bin].Sku;
        if (exact >= ExactMax && roomy.Length > 0)
            return $"outbid for {sku}";
        exact++;
        var reason = reasons.WhyNot(place.Run, place.Bin);
        return reason.Row switch
        {
            KeptOutBy.TooSmall => PlacementReasonText.TooSmall(run, sku, reason.Has, homes.Contains(place.Bin) ? "free or to be had by preemption" : "free"),
            KeptOutBy.TooScattered => PlacementReasonText.TooScattered(run, sku, reason.Has / run.GpusPerWorker),
            KeptOutBy.Ingest when reason.By.IsEmpty => Ingest(place, member.Region),
            KeptOutBy.Ingest => $"{Ingest(place, member.Region)}; {Outbid(reason.By)}",
            KeptOutBy.Spread => PlacementReasonText.Spread(run, reason.Has, member.Region),
            KeptOutBy.Outbid when reason.Margin > 0 => $"{Outbid(reason.By)} for {sku}, by {PlacementReasonText.Worth(reason.Margin << map.Shift)}",
            KeptOutBy.Outbid => $"{Outbid(reason.By)} for {sku}, though not by worth: the plan was not worked out to the end, or tiers are strict",
            // Whoever fits is put in before reasons are given.
            _ => throw new InvalidOperationException($"Run {run.Uid} would fit into {member.Name}/{sku} by the plan that leaves it out ({reason.Row})."),
        };
    }

    /// <summary>In bytes, which the solver does not count: of the window what is left, or all of it where that is too little.</summary>
    private string Ingest(Candidate place, string region)
    {
        var index = instance.RegionOfBin[place.Bin];
        var window = instance.RegionIngest[index];
        broughtInto ??= BroughtInto();
        return PlacementReasonText.Ingest(place.IngestBytes, place.IngestBytes > window ? window : window - broughtInto[index], region);
    }

    private string Outbid(ImmutableArray<int> runs) => PlacementReasonText.Outbid(runs.Select(other => instance.Runs[other].Name));

    private long[] BroughtInto()
    {
        var bytes = new long[instance.RegionIngest.Length];
        for (var run = 0; run < instance.Runs.Length; run++)
        {
            if (gang.BinOf[run] is var bin && bin >= 0 && bin != instance.HomeOfRun[run])
                bytes[instance.RegionOfBin[bin]] += map.PlaceIn(run, bin).IngestBytes;
        }

        return bytes;
    }
}
