using Failover.Domain.Health;

namespace Failover.Domain.Members;

/// <summary>What keeps us from a member's API, for people; says nothing of whether the member is lost.</summary>
public sealed record MemberTrouble(ApiTrouble Trouble, string Detail)
{
    /// <summary>What it means and what to do.</summary>
    public string Advice => ApiTroubles.Advice(Trouble);

    /// <summary>
    /// The trouble, or <see langword="null"/>: what a site's prober met last, the newest first; else what took the watch's sight, as a member may answer
    /// probes and let us do nothing.
    /// </summary>
    public static MemberTrouble? Of(MemberState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var probed = state.Evidence.Where(said => said.Trouble != ApiTrouble.None).MaxBy(said => said.At);
        return probed is not null ? new MemberTrouble(probed.Trouble, probed.Detail)
            : state is { SightLostSince: not null, SightLost: { Trouble: not ApiTrouble.None } loss } ? new MemberTrouble(loss.Trouble, loss.Detail)
            : null;
    }
}
