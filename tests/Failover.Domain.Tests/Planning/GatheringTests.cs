using Failover.Domain.Migration;
using Failover.Domain.Planning;
using static Failover.Domain.Tests.Planning.Worlds;

namespace Failover.Domain.Tests.Planning;

public sealed class GatheringTests
{
    private static readonly PlanningPolicy Policy = new() { GatherFor = TimeSpan.FromMilliseconds(500), GatherMax = TimeSpan.FromSeconds(2) };

    [Theory]
    [InlineData(100, 0, 400)]      // One, a moment ago.
    [InlineData(500, 0, 0)]        // One, long enough ago.
    [InlineData(1_200, 100, 400)]  // A second one came.
    [InlineData(1_900, 100, 100)]  // Others keep coming, and the first has waited almost as long as it may.
    [InlineData(2_000, 0, 0)]      // It has.
    [InlineData(-100, 0, 600)]     // The run's time is ahead of ours.
    public void HoldFor_Displaced_IsUntilItIsQuietOrTheFirstHasWaitedEnough(int first, int second, int milliseconds)
    {
        PosedRun[] runs = second == 0 ? [Displaced(first)] : [Displaced(first), Displaced(second)];
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Gathering.HoldFor(runs, Now, Policy));
    }

    [Fact]
    public void HoldFor_NobodyFreshlyDisplaced_IsNothing()
    {
        Assert.Equal(TimeSpan.Zero, Gathering.HoldFor([], Now, Policy));
        Assert.Equal(TimeSpan.Zero, Gathering.HoldFor([Of(WaitReason.NoFit, MoveCause.Failover), Of(WaitReason.BackingOff, MoveCause.Restart), Of(WaitReason.Displaced, MoveCause.Restart)], Now, Policy));
    }

    [Fact]
    public void HoldFor_RunsThatAPlanLeftOutLongAgo_DoNotCountAsTheFirst() =>
        Assert.Equal(TimeSpan.FromMilliseconds(400), Gathering.HoldFor([Displaced(100), Of(WaitReason.NoFit, MoveCause.Failover, 3_600_000)], Now, Policy));

    [Fact]
    public void HoldFor_TurnedOff_IsNothing() => Assert.Equal(TimeSpan.Zero, Gathering.HoldFor([Displaced(0)], Now, Policy with { GatherFor = TimeSpan.Zero }));

    private static PosedRun Displaced(int millisecondsAgo) => Of(WaitReason.Displaced, MoveCause.Failover, millisecondsAgo);

    private static PosedRun Of(WaitReason reason, MoveCause cause, int millisecondsAgo = 0) =>
        new(Run("a").On("e1").WaitingFor(reason) with { StepSince = Now.AddMilliseconds(-millisecondsAgo) }, cause);
}
