using Failover.Domain.Members;
using Failover.Domain.Planning;
using static Failover.Domain.Tests.Planning.Worlds;

namespace Failover.Domain.Tests.Planning;

public sealed class RampUpTests
{
    private static readonly PlanningPolicy Policy = new();

    [Theory]
    [InlineData(0, 0.25)]
    [InlineData(29, 0.25)]
    [InlineData(30, 0.5)]
    [InlineData(89, 0.75)]
    [InlineData(90, 1)]
    [InlineData(90_000, 1)]
    public void Share_SinceItsReturn_RisesStepByStep(int seconds, double share) => Assert.Equal(share, RampUp.Share(Back(seconds), Now, Policy));

    [Fact]
    public void Share_NeverLost_IsAll() => Assert.Equal(1, RampUp.Share(Member("e1"), Now, Policy));

    [Fact]
    public void Share_RampOff_IsAll() => Assert.Equal(1, RampUp.Share(Back(0), Now, Policy with { RampPeriod = TimeSpan.Zero }));

    [Fact]
    public void Limit_LessWhatWasGivenSince_KeepsWholeNodes()
    {
        var free = new FreePool("h100", [0, 0, 0, 0, 1, 0, 0, 0, 8]);
        var member = Back(30, nodes: 8);
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 0, 4], RampUp.Limit(free, member, Now, Policy).NodesByFreeGpus);

        var given = new GpuReservation("a", 1, "", "h100", 2, 8, Now.AddSeconds(-5));
        Assert.Equal(16, RampUp.Limit(free, member with { Reservations = [given] }, Now, Policy).FreeGpus);
        // What it had before counts for nothing.
        Assert.Equal(32, RampUp.Limit(free, member with { Reservations = [given with { At = Now.AddHours(-1) }] }, Now, Policy).FreeGpus);
    }

    [Fact]
    public void OwnersWord_IsToldWhereTheRowSaysOtherwise()
    {
        var input = Input([], Member("e1"), Member("e2") with { StoppedByOwner = true }, Member("w1") with { StoppedByOwner = true });
        var fleet = input.Fleet with { Members = [.. input.Fleet.Members.Select(spec => spec with { Stopped = spec.Name is "e1" or "w1" })] };

        Assert.Equal(
            [("e1", true), ("e2", false)],
            Displacement.OwnersWord(input with { Fleet = fleet }).Select(word => (word.Member, ((MemberEvent.OwnerReported)word.Event).Stopped)));
    }

    private static MemberState Back(int seconds, int nodes = 4) => Member("e1", nodes: nodes) with { ReturnedAt = Now.AddSeconds(-seconds) };
}
