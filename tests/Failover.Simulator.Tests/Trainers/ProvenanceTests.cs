using Failover.Simulator.Stores;
using Failover.Simulator.Trainers;

namespace Failover.Simulator.Tests.Trainers;

/// <summary>Expected digests were computed with Python's hashlib from the page's text, not with this code.</summary>
public sealed class ProvenanceTests
{
    private const string Uid = "01jd2m7k3q8v5w9x0y1z2a3b4c";
    private const string First = "1c66cf785172556b4903d142d4bb24851103079ce9abc397dc551dfc6afb735b";
    private const string Second = "fe09d04816bb44fae9c7528adea5d1b8d06bf03d00a8d4fca03819515666bcd5";
    private const string OfNextEpoch = "66a4b30e881da31b0c767b8edb9d80db82102fa420389f4fd0f1f73197c51a1b";

    [Fact]
    public void Compute_FirstCommit_MatchesTheVector() =>
        Assert.Equal(First, Provenance.Compute(Uid, parent: null, 1, 0, "8f14e45fceea167a", resumedFrom: null, 100));

    [Fact]
    public void Compute_SecondCommit_MatchesTheVector() =>
        Assert.Equal(Second, Provenance.Compute(Uid, First, 1, 0, "8f14e45fceea167a", resumedFrom: null, 200));

    [Fact]
    public void Compute_ResumedInTheNextEpoch_MatchesTheVector() =>
        Assert.Equal(OfNextEpoch, Provenance.Compute(Uid, Second, 2, 3, "00000000000000ff", new CommitRef(1, 1), 250));
}
