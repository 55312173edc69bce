namespace Failover.Domain.Tests.Migration.Bulk;

/// <summary>A guard taken away.</summary>
public enum Mutant
{
    None,

    /// <summary>The row's writes are unconditional.</summary>
    EtagCheckOff,

    /// <summary>An epoch is called sealed without its seal.</summary>
    SealSkipped,

    /// <summary>The survey offers what has the highest step as the newest.</summary>
    HighestStep,

    /// <summary>Nothing is pinned.</summary>
    NoPin,

    /// <summary>Effects are done as they were issued, whatever the row says by now.</summary>
    NoReread,

    /// <summary>Copies found corrupt are told as verified.</summary>
    VerificationOff,

    /// <summary>Provenances are shown as their history gives them, whatever stands in the commits.</summary>
    ProvenanceOff,
}
