using System.Collections.Immutable;
using Failover.Domain.Migration;

namespace Failover.Domain.Placement;

/// <summary>
/// What keeps a run from a member whatever the plan: the first rows of the table of reasons. Where none holds, whoever made the plan speaks of the places that the run might have had there.
/// </summary>
internal sealed class ClosedDoors(PlacementInstance instance, PlacementProblem problem)
{
    private readonly PlacementMember[] members = [.. problem.Members.OrderBy(member => member.Name, StringComparer.Ordinal)];
    private readonly ILookup<string, PlacementBin> binsOfMember = instance.Bins.ToLookup(bin => bin.Member);
    private readonly Dictionary<string, long> spreadMax = problem.Groups.ToDictionary(group => group.Name, group => group.GpusPerRegionMax);

    /// <summary>A reason for each member; <paramref name="taken"/> says it where the run has places there, best first.</summary>
    public ImmutableArray<MemberReason> For(int run, Func<PlacementRun, Candidate[], PlacementMember, string> taken)
    {
        var places = instance.Candidates[run].ToLookup(place => instance.Bins[place.Bin].Member);
        return [.. members.Select(Reason)];

        MemberReason Reason(PlacementMember member) => Lasting(instance.Runs[run], member) is { } lasting
            ? new MemberReason(member.Name, lasting) { Never = true }
            : new MemberReason(member.Name, Passing(instance.Runs[run], member) ?? taken(instance.Runs[run], [.. places[member.Name]], member));
    }

    /// <summary>
    /// What stays so as the fleet is, even if nothing else ran there: told first, since no wait ends it. A member of which no GPUs were seen, or not how many its nodes have, keeps nobody
    /// out for good.
    /// </summary>
    private string? Lasting(PlacementRun run, PlacementMember member)
    {
        if (!run.Sites.Any(site => site.Region == member.Region))
            return run.RegionReasons.GetValueOrDefault(member.Region, $"region {member.Region} is not allowed");
        var bins = binsOfMember[member.Name].ToArray();
        var suitable = bins.Where(bin => run.Skus.Any(choice => choice.Sku == bin.Sku)).ToArray();
        if (run.Skus.IsEmpty || (bins.Length > 0 && suitable.Length == 0))
            return PlacementReasonText.NoSuchSku(run, bins.Select(bin => bin.Sku));
        if (suitable.Length > 0 && suitable.All(bin => IsTooSmall(bin, run)) && suitable.MaxBy(bin => Chunks(bin, 1)) is { } roomiest)
            return PlacementReasonText.TooLarge(run, roomiest.Sku, Chunks(roomiest, 1), Chunks(roomiest, run.GpusPerWorker));
        return run.Group is { } group && spreadMax[group] < run.Gpus ? PlacementReasonText.SpreadTooTight(run, spreadMax[group]) : null;
    }

    private string? Passing(PlacementRun run, PlacementMember member)
    {
        if (run.Excluded.FirstOrDefault(exclusion => exclusion.Member == member.Name) is { } exclusion)
            return exclusion.Reason;
        if (member.NotTarget is { } notTarget)
            return notTarget;
        return binsOfMember[member.Name].Any() ? null : PlacementReasonText.NoSuchSku(run, []);
    }

    private static bool IsTooSmall(PlacementBin bin, PlacementRun run) => !bin.NodesByGpus.IsEmpty && Chunks(bin, run.GpusPerWorker) < run.Workers;

    /// <summary>How often so many GPUs are found on one node if nothing runs there.</summary>
    private static long Chunks(PlacementBin bin, int gpus) => bin.NodesByGpus.Index().Sum(nodes => (long)nodes.Item * (nodes.Index / gpus));
}
