using System.Collections.Immutable;
using System.Globalization;
using Failover.Domain.Migration;

namespace Failover.Domain.Placement;

/// <summary>Why a run has no place, member by member, in an operator's words: an ordered table, the first row that holds speaks.</summary>
internal sealed class PlacementReasons(PlacementInstance instance, PlacementProblem problem, GreedySearch search)
{
    private readonly PlacementMember[] members = [.. problem.Members.OrderBy(member => member.Name, StringComparer.Ordinal)];
    private readonly ILookup<string, int> binsOfMember = Enumerable.Range(0, instance.Bins.Length).ToLookup(bin => instance.Bins[bin].Member);
    private readonly Occupancy empty = new(instance);
    private readonly Dictionary<int, string> outbid = [];

    public ImmutableArray<MemberReason> For(int run)
    {
        var places = instance.Candidates[run].ToLookup(place => instance.Bins[place.Bin].Member);
        return [.. members.Select(member => new MemberReason(member.Name, Reason(instance.Runs[run], [.. places[member.Name]], member)))];
    }

    private string Reason(PlacementRun run, Candidate[] places, PlacementMember member)
    {
        if (!run.Sites.Any(site => site.Region == member.Region))
            return run.RegionReasons.GetValueOrDefault(member.Region, $"region {member.Region} is not allowed");
        if (run.Excluded.FirstOrDefault(exclusion => exclusion.Member == member.Name) is { } exclusion)
            return exclusion.Reason;
        if (member.NotTarget is { } notTarget)
            return notTarget;
        if (places.Length == 0)
            return NoSuchSku(run, member);
        // Had it the whole fleet to itself, would it fit?
        var roomy = places.Where(empty.FitsBin).ToArray();
        if (roomy.Length == 0)
            return TooSmall(run, places.MaxBy(place => instance.Chunks[place.Bin * PlacementInstance.Levels]));
        if (!empty.FitsIngest(roomy[0]))
            return Ingest(roomy[0], empty.IngestLeft(roomy[0]), member);
        if (!empty.FitsSpread(roomy[0]))
            return Spread(roomy[0], empty.SpreadLeft(roomy[0]), member);
        // It would, but for those that are worth more together: they have the ingest, or the GPUs.
        if (!roomy.Any(search.Occupancy.FitsBin))
            return Outbid(roomy[0]);
        return search.Occupancy.FitsIngest(roomy[0])
            ? Spread(roomy[0], search.Occupancy.SpreadLeft(roomy[0]), member)
            : $"{Ingest(roomy[0], search.Occupancy.IngestLeft(roomy[0]), member)}; {OutbidInRegion(roomy[0])}";
    }

    private string Spread(Candidate place, long left, PlacementMember member) =>
        $"spread: needs {instance.Runs[place.Run].Gpus} GPUs, its group {instance.Runs[place.Run].Group} may have {Math.Max(0, left)} more in {member.Region}";

    private string NoSuchSku(PlacementRun run, PlacementMember member)
    {
        if (run.Skus.IsEmpty)
            return "none of its GPU types is in the fleet file";
        var wanted = string.Join(" or ", run.Skus.Select(choice => choice.Sku));
        var there = binsOfMember[member.Name].Select(bin => instance.Bins[bin].Sku).ToArray();
        return there.Length == 0 ? $"no {wanted} there: no GPUs seen" : $"no {wanted} there, only {string.Join(", ", there)}";
    }

    private string TooSmall(PlacementRun run, Candidate place)
    {
        var bin = instance.Bins[place.Bin];
        var row = place.Bin * PlacementInstance.Levels;
        var free = instance.Chunks[row];
        if (free < run.Gpus)
            return $"not enough {bin.Sku}: needs {run.Gpus} GPUs, {free} free";
        var chunks = instance.Chunks[row + instance.LevelOfRun[place.Run]];
        return run.GpusPerWorker == 8
            ? $"whole nodes of {bin.Sku}: needs {run.Workers} free nodes, {chunks}"
            : $"{bin.Sku} too scattered: needs {run.GpusPerWorker} GPUs on one node {run.Workers} times, {chunks} times free";
    }

    private static string Ingest(Candidate place, long left, PlacementMember member) =>
        $"ingest: needs {Gigabytes(place.IngestBytes)} GB brought into {member.Region}, which takes {Gigabytes(left)} GB more for now";

    private string Outbid(Candidate place)
    {
        // What fits an empty bin and not the planned one has an occupant there. Said of the same bin to many runs: found once.
        if (!outbid.TryGetValue(place.Bin, out var words))
            outbid.Add(place.Bin, words = $"outbid by {NameOf(search.OccupantsOf(place.Bin))} for {instance.Bins[place.Bin].Sku}");
        return words;
    }

    private string OutbidInRegion(Candidate place)
    {
        var region = instance.RegionOfBin[place.Bin];
        var bins = Enumerable.Range(0, instance.Bins.Length).Where(bin => instance.RegionOfBin[bin] == region);
        return $"outbid by {NameOf(bins.SelectMany(search.OccupantsOf).Where(run => search.PlaceOf(run)!.Value.IngestBytes > 0))}";
    }

    private string NameOf(IEnumerable<int> runs) => instance.Runs[runs.MaxBy(run => search.PlaceOf(run)!.Value.Value)].Name;

    private static string Gigabytes(long bytes) => (bytes / 1_000_000_000m).ToString("0.###", CultureInfo.InvariantCulture);
}
