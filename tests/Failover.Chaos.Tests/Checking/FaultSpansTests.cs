using Failover.Chaos.Checking;
using Failover.Simulator.History;

namespace Failover.Chaos.Tests.Checking;

public sealed class FaultSpansTests
{
    private static readonly FaultSpans Spans = FaultSpans.From(
    [
        Fault("a", FaultPhase.Begin, 10), Fault("b", FaultPhase.Begin, 12), Fault("a", FaultPhase.End, 20), Fault("a", FaultPhase.Begin, 30), Fault("c", FaultPhase.Once, 40),
    ]);

    [Theory]
    [InlineData("a", 9, false)]
    [InlineData("a", 10, true)]
    [InlineData("a", 20, true)]
    [InlineData("a", 21, false)]
    [InlineData("a", 1000, true)] // Its second beginning has no end.
    [InlineData("b", 1000, true)]
    [InlineData("c", 40, true)]
    [InlineData("c", 41, false)]
    [InlineData("d", 40, false)]
    public void Lies_AtATime_FromBeginningToEnd(string target, int seconds, bool lies) =>
        Assert.Equal(lies, Spans.Lies(target, RecordBuilder.At(seconds), TimeSpan.Zero, "kind"));

    [Fact]
    public void Lies_WithSlack_ReachesBeyondBothEnds()
    {
        Assert.True(Spans.Lies("a", RecordBuilder.At(8), TimeSpan.FromSeconds(2), "kind"));
        Assert.True(Spans.Lies("a", RecordBuilder.At(22), TimeSpan.FromSeconds(2), "kind"));
        Assert.False(Spans.Lies("a", RecordBuilder.At(25), TimeSpan.FromSeconds(2), "kind"));
    }

    [Fact]
    public void Lies_OfAnotherKind_No() => Assert.False(Spans.Lies("a", RecordBuilder.At(15), TimeSpan.Zero, "other"));

    private static FaultInjected Fault(string target, FaultPhase phase, int seconds) => new("kind", target, phase) { At = RecordBuilder.At(seconds) };
}
