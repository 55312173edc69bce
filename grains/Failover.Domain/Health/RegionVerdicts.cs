using Failover.Domain.Members;

namespace Failover.Domain.Health;

/// <summary>A region's verdict, whether its members may be targets at all, and why.</summary>
public sealed record RegionVerdict(string Region, MemberVerdict Verdict, bool IsTarget, string Reason);

/// <summary>What a region's members add up to.</summary>
public static class RegionVerdicts
{
    /// <summary>
    /// The verdict from its members' states (others are passed over). <see cref="MemberVerdict.Lost"/>: at least one member is lost, and each other is too
    /// or is suspect without runs to tell; then none of the region is a target. It displaces nothing: runs are displaced by their own member's verdict.
    /// </summary>
    public static RegionVerdict Of(string region, IEnumerable<MemberState> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        var own = members.Where(member => member.Region == region).ToList();
        bool Any(MemberVerdict verdict) => own.Exists(member => member.Verdict == verdict);
        bool All(MemberVerdict verdict) => own.TrueForAll(member => member.Verdict == verdict);

        // First match wins.
        return own switch
        {
            [] => Say(MemberVerdict.Unknown, "It has no members."),
            // The members that could tell are lost; those that run nothing could never be told apart from lost ones.
            _ when Any(MemberVerdict.Lost) && own.TrueForAll(IsLostOrMute) => Say(MemberVerdict.Lost, "All of its members that could tell are lost."),
            _ when All(MemberVerdict.Healthy) => Say(MemberVerdict.Healthy, "All of its members are healthy."),
            _ when All(MemberVerdict.Stopped) => Say(MemberVerdict.Stopped, "All of its members were stopped by their owners."),
            // Something works there, something does not; each member speaks for itself.
            _ when Any(MemberVerdict.Healthy) || Any(MemberVerdict.Degraded) => Say(MemberVerdict.Degraded, "Some of its members are not healthy."),
            _ when Any(MemberVerdict.Lost) || Any(MemberVerdict.Suspect) => Say(MemberVerdict.Suspect, "None of its members is well."),
            _ when Any(MemberVerdict.ControlPlaneDown) => Say(MemberVerdict.ControlPlaneDown, "None of its members' control planes answers."),
            _ => Say(MemberVerdict.Unknown, "Nothing is known of its members."),
        };

        RegionVerdict Say(MemberVerdict verdict, string reason) => new(region, verdict, verdict != MemberVerdict.Lost, reason);
    }

    private static bool IsLostOrMute(MemberState member) =>
        member.Verdict == MemberVerdict.Lost
        || (member.Verdict == MemberVerdict.Suspect && (member.Capacity is null || member.Capacity.Workloads.IsEmpty));
}
