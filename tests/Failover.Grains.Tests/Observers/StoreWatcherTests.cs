using Failover.Abstractions.Ports;
using Failover.Domain.Health;
using Failover.Grains.Observers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Failover.Grains.Tests.Observers;

public sealed class StoreWatcherTests : IAsyncLifetime
{
    private readonly Bench _bench = new();
    private StoreWatcher _watcher = null!;

    private StoreBoard Board => _bench.Services.GetRequiredService<StoreBoard>();

    public async ValueTask InitializeAsync()
    {
        await _bench.InitializeAsync();
        _watcher = _bench.Make<StoreWatcher>();
    }

    public async ValueTask DisposeAsync()
    {
        _watcher.Dispose();
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task Look_StoreThatWasCut_IsOutOfReachSinceTheFirstLookThatMissedIt()
    {
        await LookAsync();
        Assert.Equal(Answer.Yes, Board.Of("east")!.Answer);

        _bench.Stores.Cut("east");
        await LookAsync();
        var since = _bench.Time.GetUtcNow();
        _bench.Time.Advance(TimeSpan.FromMinutes(1));
        await LookAsync();

        Assert.Equal((Answer.No, since), (Board.Of("east")!.Answer, Board.Of("east")!.Since));
        Assert.NotEmpty(Board.Of("east")!.Detail);
        Assert.Null(Board.Of("west"));

        _bench.Stores.Heal("east");
        await LookAsync();

        Assert.Equal((Answer.Yes, _bench.Time.GetUtcNow()), (Board.Of("east")!.Answer, Board.Of("east")!.Since));
    }

    [Fact]
    public async Task Look_StoreOutOfReach_IsLoggedOnce()
    {
        _bench.Stores.Cut("east");

        await LookAsync();
        await LookAsync();

        Assert.Single(_bench.Log.At(LogLevel.Warning), line => line.Contains("Store east is out of reach", StringComparison.Ordinal));
    }

    private Task LookAsync() => _watcher.LookAsync("east", TestContext.Current.CancellationToken);
}
