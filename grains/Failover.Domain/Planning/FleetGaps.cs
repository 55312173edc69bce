using System.Collections.Immutable;
using Failover.Domain.Fleet;
using Failover.Domain.Members;
using Failover.Domain.Migration;

namespace Failover.Domain.Planning;

/// <summary>A member or a store that rows speak of and the fleet file does not list, with how many runs need it.</summary>
/// <param name="What"><c>member</c> or <c>store</c>.</param>
/// <param name="Name">As the rows have it.</param>
/// <param name="Runs">Runs that are there, are on their way there, or have something of their lineage there; 0 where only the member's own row is left.</param>
public sealed record FleetGap(string What, string Name, int Runs);

/// <summary>What was taken out of the fleet file while it was still needed: nobody probes it, sweeps it or reads it any more, so somebody has to be told.</summary>
public static class FleetGaps
{
    private const string Member = "member";
    private const string Store = "store";

    /// <summary>All of them, members first, by name.</summary>
    public static ImmutableArray<FleetGap> Find(FleetSpec fleet, IEnumerable<RunState> runs, IEnumerable<MemberState> members)
    {
        ArgumentNullException.ThrowIfNull(fleet);
        var needed = runs.SelectMany(Needs).Distinct().GroupBy(need => (need.What, need.Name), (key, all) => new FleetGap(key.What, key.Name, all.Count())).ToList();
        var idle = members.Where(member => !needed.Any(gap => gap.What == Member && gap.Name == member.Name)).Select(member => new FleetGap(Member, member.Name, 0));
        return
        [
            .. needed.Concat(idle)
                .Where(gap => gap.What == Member ? fleet.FindMember(gap.Name) is null : fleet.FindStore(gap.Name) is null)
                .OrderBy(gap => gap.What, StringComparer.Ordinal).ThenBy(gap => gap.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>Why a run can't go back to where it was, if that is no longer listed.</summary>
    internal static ImmutableArray<MemberReason> Reasons(RunState run, FleetSpec fleet) => run.Epoch?.Target.Member is { } home && fleet.FindMember(home) is null
        ? [new MemberReason(home, "the fleet file no longer lists it, where the run was last: put it back, or let the run go elsewhere") { Never = true }]
        : [];

    private static IEnumerable<(string Run, string What, string Name)> Needs(RunState run)
    {
        foreach (var store in RunStores.Of(run))
            yield return (run.Uid, Store, store);
        if (run.IsTombstone)
            yield break;
        foreach (var target in new[] { run.Epoch?.Target, InFlight.HasTarget(run.Step) ? run.Move?.Target : null }.OfType<Target>())
            yield return (run.Uid, Member, target.Member);
    }
}
