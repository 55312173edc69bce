using System.Collections.Immutable;
using Failover.Domain.Migration;

namespace Failover.Domain.Placement;

/// <summary>Why a run has no place in a greedy plan, member by member, in an operator's words: an ordered table, the first row that holds speaks.</summary>
internal sealed class PlacementReasons(PlacementInstance instance, PlacementProblem problem, GreedySearch search)
{
    private readonly ClosedDoors doors = new(instance, problem);
    private readonly Occupancy empty = new(instance);
    private readonly Dictionary<int, string> outbid = [];

    public ImmutableArray<MemberReason> For(int run) => doors.For(run, Reason);

    private string Reason(PlacementRun run, Candidate[] places, PlacementMember member)
    {
        // Had it the whole fleet to itself, would it fit?
        var roomy = places.Where(empty.FitsBin).ToArray();
        if (roomy.Length == 0)
            return TooSmall(run, places.MaxBy(place => instance.Chunks[place.Bin * PlacementInstance.Levels]));
        if (!empty.FitsIngest(roomy[0]))
            return Ingest(roomy[0], empty.IngestLeft(roomy[0]), member);
        if (!empty.FitsSpread(roomy[0]))
            return PlacementReasonText.Spread(run, empty.SpreadLeft(roomy[0]), member.Region);
        // It would, but for those that are worth more together: they have the ingest, the group's share, or the GPUs.
        if (!roomy.Any(search.Occupancy.FitsBin))
            return Outbid(roomy[0]);
        return search.Occupancy.FitsIngest(roomy[0])
            ? PlacementReasonText.Spread(run, search.Occupancy.SpreadLeft(roomy[0]), member.Region)
            : $"{Ingest(roomy[0], search.Occupancy.IngestLeft(roomy[0]), member)}; {OutbidInRegion(roomy[0])}";
    }

    private string TooSmall(PlacementRun run, Candidate place)
    {
        var row = place.Bin * PlacementInstance.Levels;
        var sku = instance.Bins[place.Bin].Sku;
        return instance.Chunks[row] < run.Gpus
            ? PlacementReasonText.TooSmall(run, sku, instance.Chunks[row])
            : PlacementReasonText.TooScattered(run, sku, instance.Chunks[row + instance.LevelOfRun[place.Run]]);
    }

    private static string Ingest(Candidate place, long left, PlacementMember member) => PlacementReasonText.Ingest(place.IngestBytes, left, member.Region);

    private string Outbid(Candidate place)
    {
        // What fits an empty bin and not the planned one has an occupant there. Said of the same bin to many runs: found once.
        if (!outbid.TryGetValue(place.Bin, out var words))
            outbid.Add(place.Bin, words = $"{PlacementReasonText.Outbid([NameOf(search.OccupantsOf(place.Bin))])} for {instance.Bins[place.Bin].Sku}");
        return words;
    }

    private string OutbidInRegion(Candidate place)
    {
        var region = instance.RegionOfBin[place.Bin];
        var bins = Enumerable.Range(0, instance.Bins.Length).Where(bin => instance.RegionOfBin[bin] == region);
        return PlacementReasonText.Outbid([NameOf(bins.SelectMany(search.OccupantsOf).Where(run => search.PlaceOf(run)!.Value.IngestBytes > 0))]);
    }

    private string NameOf(IEnumerable<int> runs) => instance.Runs[runs.MaxBy(run => search.PlaceOf(run)!.Value.Value)].Name;
}
