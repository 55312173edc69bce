using Failover.Abstractions.Grains;
using Failover.Grains.Observers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failover.Grains.Planning;

/// <summary>Asks for one planning pass after the other.</summary>
internal sealed partial class PlannerPulse(IGrainFactory grains, IOptions<ObserverOptions> options, TimeProvider time, ILogger<PlannerPulse> logger)
    : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodically.RunAsync(
        options.Value.PlanInterval, time, _ => grains.GetGrain<IPlannerGrain>(IPlannerGrain.Key).PlanAsync(), LogFailed, stoppingToken);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A planning pass broke off and will be repeated: {Reason}")]
    private partial void LogFailed(string reason);
}
