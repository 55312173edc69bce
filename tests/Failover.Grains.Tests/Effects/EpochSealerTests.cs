using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;
using Failover.Grains.Effects;
using Failover.Grains.Tests.Doubles;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Failover.Grains.Tests.Effects;

public sealed class EpochSealerTests : IDisposable
{
    private readonly StoreWorld _stores = new();
    private readonly string _uid = Samples.NewUid();
    private readonly EffectOptions _options = new();
    private readonly FakeTimeProvider _time = new(Samples.Start);

    public void Dispose() => _stores.Dispose();

    [Fact]
    public async Task Seal_EpochWithoutCommits_TakesTheFirstSlot()
    {
        await SealAsync();

        Assert.Equal(["seal"], await _stores.SlotsAsync("east", _uid, 1));
    }

    [Fact]
    public async Task Seal_EpochWithCommits_TakesTheNextSlotOnceOnly()
    {
        await _stores.CommitAsync("east", _uid, 1, 0);

        await SealAsync();
        await SealAsync();

        Assert.Equal(["step 1010", "seal"], await _stores.SlotsAsync("east", _uid, 1));
    }

    [Fact]
    public async Task Seal_TrainerCommitsFirst_CountsItAndTakesTheNextSlot()
    {
        await _stores.CommitAsync("east", _uid, 1, 0);
        var races = 0;
        _stores.BeforeSlot = async _ =>
        {
            if (races++ < 2)
                await _stores.CommitAsync("east", _uid, 1, races);
        };

        await SealAsync();

        Assert.Equal(["step 1010", "step 1020", "step 1030", "seal"], await _stores.SlotsAsync("east", _uid, 1));
    }

    [Fact]
    public async Task Seal_AnotherSealerComesFirst_IsEnough()
    {
        var raced = false;
        _stores.BeforeSlot = async store =>
        {
            if (!raced)
                Assert.Null(await store.CreateSlotAsync(StoreWorld.RootOfRun(_uid), 1, 0, SlotContent.SealText(1)));
            raced = true;
        };

        await SealAsync();

        Assert.Equal(["seal"], await _stores.SlotsAsync("east", _uid, 1));
    }

    [Fact]
    public async Task Seal_StoreOutOfReach_SaysSo()
    {
        _stores.Cut("east");

        await Assert.ThrowsAsync<StoreUnavailableException>(SealAsync);
    }

    [Fact]
    public async Task Seal_StoreIsTooSlowAltogether_IsOutOfReachAndMayStillBeSealedLater()
    {
        var held = new TaskCompletionSource();
        _stores.BeforeSlot = _ => held.Task;
        var sealing = SealAsync();

        _time.Advance(_options.StoreTimeout);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => sealing.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System));

        _stores.BeforeSlot = null;
        held.SetResult();
        await SealAsync();
        Assert.Equal(["seal"], await _stores.SlotsAsync("east", _uid, 1));
    }

    private Task SealAsync() => new EpochSealer(_stores, Options.Create(_options), _time).SealAsync(StoreWorld.RootOfRun(_uid), 1, "east", TestContext.Current.CancellationToken);
}
