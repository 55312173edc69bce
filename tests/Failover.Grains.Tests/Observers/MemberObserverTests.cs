using Failover.Abstractions.Grains;
using Failover.Abstractions.Ports;
using Failover.Abstractions.State;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Grains.Observers;
using Failover.Grains.Tests.Doubles;

namespace Failover.Grains.Tests.Observers;

/// <summary>What a watch tells of a member, and how a message that was lost on the way is mended.</summary>
public sealed class MemberObserverTests(Bench bench) : IClassFixture<Bench>
{
    private static readonly MemberObservation Sight = Samples.Sight();

    [Fact]
    public async Task LostSight_MemberCantStoreIt_ThrowsSoThatTheWatchTellsItAgain()
    {
        var observer = Observer("east-1");
        await observer.ObserveAsync(Sight);
        bench.Table.Failing = ["east-1"];

        await Assert.ThrowsAnyAsync<Exception>(() => observer.LostSightAsync(new SightLoss(ApiTrouble.Unreachable, "cut")));

        bench.Table.Failing = [];
        await observer.LostSightAsync(new SightLoss(ApiTrouble.Unreachable, "cut"));
        Assert.NotNull((await Member("east-1").GetAsync()).SightLostSince);
    }

    [Fact]
    public async Task Refresh_LossWasOvertakenByAnOlderPicture_TellsTheLossAgain()
    {
        var observer = Observer("west-1");
        await observer.ObserveAsync(Sight);
        await observer.LostSightAsync(new SightLoss(ApiTrouble.Unreachable, "cut"));
        await Member("west-1").ApplyAsync(new MemberEvent.Observed(bench.Time.GetUtcNow(), Sight.Capacity));
        Assert.Null((await Member("west-1").GetAsync()).SightLostSince);

        await observer.RefreshAsync();

        Assert.NotNull((await Member("west-1").GetAsync()).SightLostSince);
    }

    [Fact]
    public async Task Refresh_PictureWasOvertakenByAnOlderLoss_TellsThePictureAgain()
    {
        var observer = Observer("north-1");
        await observer.ObserveAsync(Sight);
        await Member("north-1").ApplyAsync(new MemberEvent.LostSight(bench.Time.GetUtcNow(), "an answer that came late"));

        await observer.RefreshAsync();

        Assert.Null((await Member("north-1").GetAsync()).SightLostSince);
        var written = await bench.Table.ReadAsync(TableStorage.PartitionOf("member"), "north-1", TestContext.Current.CancellationToken);
        await observer.RefreshAsync();
        // Told again, and nothing new: nothing is stored again.
        Assert.Equal(written!.ETag, (await bench.Table.ReadAsync(TableStorage.PartitionOf("member"), "north-1", TestContext.Current.CancellationToken))!.ETag);
    }

    private IMemberGrain Member(string name) => bench.Grains.GetGrain<IMemberGrain>(name);

    private MemberObserver Observer(string member) =>
        new(member, "local", new SightingBoard(), bench.Grains, new HealthPolicy(), bench.Time, failed => Assert.Fail(failed));
}
