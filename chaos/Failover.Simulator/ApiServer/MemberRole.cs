namespace Failover.Simulator.ApiServer;

/// <summary>What a user may do on a member; a closed set.</summary>
public enum MemberRole
{
    /// <summary>Everything.</summary>
    Admin,

    /// <summary>Get, list and watch.</summary>
    ReadOnly,

    /// <summary>What roles that are stored on the member, and bound to it, allow.</summary>
    Bound,

    /// <summary>Known, but allowed nothing: 403.</summary>
    Forbidden,

    /// <summary>Its token has run out: 401.</summary>
    Expired,
}
