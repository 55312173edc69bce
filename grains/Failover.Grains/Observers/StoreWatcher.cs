using System.Globalization;
using Failover.Abstractions.Ports;
using Failover.Domain.Fleet;
using Failover.Domain.Health;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failover.Grains.Observers;

/// <summary>
/// Asks each store of the fleet whether it takes a write and gives it back: nobody else asks a store that nothing is to be copied to or from just now, and a person wants to know before it is needed.
/// </summary>
internal sealed partial class StoreWatcher(
    ICheckpointStores stores, StoreBoard board, FleetBook fleets, HealthPolicy policy, IOptions<ObserverOptions> options, TimeProvider time, ILogger<StoreWatcher> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => FleetLoops.RunAsync(fleets, fleet => fleet.Stores, WatchAsync, stoppingToken);

    private async Task WatchAsync(StoreSpec store, CancellationToken stopping)
    {
        await Periodically.RunAsync(policy.ReadInterval, time, cancellationToken => LookAsync(store.Name, cancellationToken), reason => LogLost(store.Name, reason), stopping);
        board.Forget(store.Name);
    }

    internal async Task LookAsync(string store, CancellationToken cancellationToken)
    {
        try
        {
            // A canary of its own: the witnesses of progress write theirs into the same store, and read it back.
            await stores.Get(store).TouchCanaryAsync($"{options.Value.Site}-stores", time.GetTimestamp().ToString("x", CultureInfo.InvariantCulture), cancellationToken);
            if (board.Post(store, reached: true, "", time.GetUtcNow()))
                LogReached(store);
        }
        catch (StoreUnavailableException unavailable)
        {
            if (board.Post(store, reached: false, unavailable.Message, time.GetUtcNow()))
                LogLost(store, unavailable.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Store {Store} answers")]
    private partial void LogReached(string store);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Store {Store} is out of reach: {Reason}")]
    private partial void LogLost(string store, string reason);
}
