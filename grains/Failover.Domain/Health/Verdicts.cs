namespace Failover.Domain.Health;

/// <summary>What a member's evidence adds up to. Ordered from the least to the most said, not by severity.</summary>
public enum MemberVerdict
{
    /// <summary>Nothing fresh was observed yet, or the observers doubt themselves; bounded, and never acted upon.</summary>
    Unknown,

    /// <summary>The API answers and nothing speaks against it.</summary>
    Healthy,

    /// <summary>It answers, but part of it is not well; no new work.</summary>
    Degraded,

    /// <summary>Stopped by its owner: runs wait, a drain is offered.</summary>
    Stopped,

    /// <summary>The API does not answer, but runs progress: watch, tell, don't move (I5).</summary>
    ControlPlaneDown,

    /// <summary>Something is wrong, and it is not settled yet what: no new work, nothing is moved.</summary>
    Suspect,

    /// <summary>Its runs are displaced.</summary>
    Lost,
}

/// <summary>An answer of a witness. A time-out is <see cref="Unknown"/> of the thing, and <see cref="No"/> only of "did it answer us".</summary>
public enum Answer
{
    /// <summary>Nothing can be said.</summary>
    Unknown,

    /// <summary>Yes.</summary>
    Yes,

    /// <summary>No.</summary>
    No,
}
