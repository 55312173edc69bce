using Failover.Abstractions.Grains;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using Failover.Grains.Tests.Doubles;

namespace Failover.Grains.Tests.Planning;

/// <summary>Failovers that wait a moment for more of them.</summary>
public sealed class PlannerGatheringTests : IAsyncLifetime
{
    private readonly Bench _bench = new() { Planning = new PlanningPolicy() };
    private readonly string _uid = Samples.NewUid();

    public ValueTask InitializeAsync() => _bench.InitializeAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Pass_JustDisplaced_IsPlacedByItselfOnceItHasBeenQuiet()
    {
        await HealthyAsync("west-1");
        await _bench.PutAsync(Samples.Running(_uid));
        await _bench.Stores.CommitAsync("east", _uid, 1, 0);
        await _bench.Grains.GetGrain<IMemberGrain>("east-1").ApplyAsync(new MemberEvent.ConfirmedLost(_bench.Time.GetUtcNow(), "ann"));

        await _bench.Grains.GetGrain<IPlannerGrain>(IPlannerGrain.Key).PlanAsync();
        Assert.Equal(WaitReason.Displaced, (await _bench.Run(_uid).GetAsync())!.Waiting!.Reason);

        // Nobody pulses: the planner's own timer makes the pass.
        _bench.Time.Advance(_bench.Planning.GatherFor);
        var moved = await _bench.WaitForRunAsync(_uid, run => run.Step == RunStep.Verifying);
        Assert.Equal("west-1", moved.Epoch!.Target.Member);
    }

    private async Task HealthyAsync(string member)
    {
        var grain = _bench.Grains.GetGrain<IMemberGrain>(member);
        var now = _bench.Time.GetUtcNow();
        await grain.ApplyAsync(new MemberEvent.Observed(now, Samples.Capacity()));
        await grain.ApplyAsync(new MemberEvent.LeasesReported(now, "local", new LeaseReport(Answer.Yes, 1, TimeSpan.FromMinutes(1), "all")));
        await grain.ApplyAsync(new MemberEvent.ApiReported(now, "local", new ApiReport(Answer.Yes, TimeSpan.FromMinutes(1), false, "ready")));
    }
}
