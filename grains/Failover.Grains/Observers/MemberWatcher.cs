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
    FleetBook fleets,
    HealthPolicy policy,
    IOptions<ObserverOptions> options,
    TimeProvider time,
    ILogger<MemberWatcher> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        FleetLoops.RunAsync(fleets, fleet => fleet.Members.Select(member => new Watch(member.Reached, string.Join(';', fleet.Skus))), WatchAsync, stoppingToken);

    private async Task WatchAsync(Watch watch, CancellationToken stopping)
    {
        var member = watch.Member.Name;
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

        // Of a member that is no longer watched nothing is known; one that is watched anew is soon seen again.
        sightings.Forget(member);
    }

    /// <summary>What a watch was begun for: another address or context wants another watch, and so do other GPU types, by which its picture is made.</summary>
    private sealed record Watch(MemberSpec Member, string Skus);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What was seen of a member could not be told and will be told again: {Reason}")]
    private partial void LogFailed(string reason);
}
