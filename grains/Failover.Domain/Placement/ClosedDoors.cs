using System.Collections.Immutable;
using Failover.Domain.Migration;

namespace Failover.Domain.Placement;

/// <summary>
/// What keeps a run from a member whatever the plan: the first rows of the table of reasons. Where none holds, whoever made the plan speaks of the places that the run might have had there.
/// </summary>
internal sealed class ClosedDoors(PlacementInstance instance, PlacementProblem problem)
{
    private readonly PlacementMember[] members = [.. problem.Members.OrderBy(member => member.Name, StringComparer.Ordinal)];
    private readonly ILookup<string, int> binsOfMember = Enumerable.Range(0, instance.Bins.Length).ToLookup(bin => instance.Bins[bin].Member);

    /// <summary>A reason for each member; <paramref name="taken"/> says it where the run has places there, best first.</summary>
    public ImmutableArray<MemberReason> For(int run, Func<PlacementRun, Candidate[], PlacementMember, string> taken)
    {
        var places = instance.Candidates[run].ToLookup(place => instance.Bins[place.Bin].Member);
        return [.. members.Select(member => new MemberReason(member.Name, Closed(instance.Runs[run], places[member.Name].Any(), member) ?? taken(instance.Runs[run], [.. places[member.Name]], member)))];
    }

    private string? Closed(PlacementRun run, bool hasPlaces, PlacementMember member)
    {
        if (!run.Sites.Any(site => site.Region == member.Region))
            return run.RegionReasons.GetValueOrDefault(member.Region, $"region {member.Region} is not allowed");
        if (run.Excluded.FirstOrDefault(exclusion => exclusion.Member == member.Name) is { } exclusion)
            return exclusion.Reason;
        if (member.NotTarget is { } notTarget)
            return notTarget;
        return hasPlaces ? null : PlacementReasonText.NoSuchSku(run, binsOfMember[member.Name].Select(bin => instance.Bins[bin].Sku));
    }
}
