using Failover.Abstractions.Ports;
using Failover.Domain.Fleet;
using Failover.Domain.Health;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failover.Grains.Observers;

/// <summary>One watch a member: posts the picture for the sweeper, and tells the member its capacity and whether its nodes are alive.</summary>
internal sealed partial class MemberWatcher(
    IMemberClients clients,
    SightingBoard sightings,
    IGrainFactory grains,
    FleetSpec fleet,
    HealthPolicy policy,
    IOptions<ObserverOptions> options,
    TimeProvider time,
    ILogger<MemberWatcher> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Periodically.AllAsync(fleet.Members.Select(member => WatchAsync(member.Name, stoppingToken)));

    private async Task WatchAsync(string member, CancellationToken stopping)
    {
        try
        {
            var observer = new MemberObserver(member, options.Value.Site, sightings, grains, policy, time, LogFailed);
            await Periodically.AllAsync(
                [
                    clients.Get(member).WatchAsync(observer, options.Value.Settle, stopping),
                    Periodically.RunAsync(policy.Refresh, time, _ => observer.RefreshAsync(), LogFailed, stopping),
                ]);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The way to end it.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What was seen of a member could not be told and will be told again: {Reason}")]
    private partial void LogFailed(string reason);
}
