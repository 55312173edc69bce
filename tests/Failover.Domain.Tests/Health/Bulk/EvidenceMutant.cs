namespace Failover.Domain.Tests.Health.Bulk;

/// <summary>A guard taken away.</summary>
public enum EvidenceMutant
{
    None,

    /// <summary>One missed probe is doubt, one missed interval silence, and up is as fast as down.</summary>
    HysteresisOff,

    /// <summary>A store that does not answer is read as one that shows nothing new.</summary>
    CanaryOff,

    /// <summary>The quorum is of the sites heard of lately, not of the configured ones.</summary>
    QuorumOfTheLiving,

    /// <summary>An API that does not answer is enough.</summary>
    ProgressIgnored,

    /// <summary>Pauses that runs make again and again are not learnt.</summary>
    PausesForgotten,

    /// <summary>An observer that was paused takes what it last saw for what is.</summary>
    LagIgnored,

    /// <summary>The brake lets everything pass.</summary>
    BrakeOff,
}
