using Failover.Abstractions.Grains;
using Failover.Abstractions.Ports;
using Failover.Domain.Fleet;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failover.Grains.Observers;

/// <summary>This site's witness for the APIs of all members: a loop for each, which tells changes only.</summary>
internal sealed partial class Prober(
    IMemberClients clients,
    IGrainFactory grains,
    DoubtBoard doubts,
    FleetSpec fleet,
    HealthPolicy policy,
    IOptions<ObserverOptions> options,
    TimeProvider time,
    ILogger<Prober> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Periodically.AllAsync(fleet.Members.Select(member => WitnessAsync(member.Name, stoppingToken)));

    private Task WitnessAsync(string member, CancellationToken stopping)
    {
        var state = new ProbeWitnessState();
        var start = time.GetTimestamp();
        return Periodically.RunAsync(policy.ProbeInterval, time, ProbeAsync, LogFailed, stopping);

        async Task ProbeAsync(CancellationToken cancellationToken)
        {
            var probe = await clients.Get(member).ProbeAsync(options.Value.ProbeTimeout, cancellationToken);
            var step = ProbeWitness.Next(state, Outcome(probe.Answer), time.GetElapsedTime(start), policy);
            state = step.State;
            doubts.Post(member, state.Answer != Answer.Yes);
            if (step.Report is { } report)
                await grains.GetGrain<IMemberGrain>(member).ApplyAsync(new MemberEvent.ApiReported(time.GetUtcNow(), options.Value.Site, report));
        }
    }

    private static ProbeOutcome Outcome(ProbeAnswer answer) => answer switch
    {
        ProbeAnswer.Ready => ProbeOutcome.Ready,
        ProbeAnswer.NotReady => ProbeOutcome.NotReady,
        ProbeAnswer.NotTrusted => ProbeOutcome.NotTrusted,
        _ => ProbeOutcome.NoAnswer,
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "A probe could not be told and will be told again: {Reason}")]
    private partial void LogFailed(string reason);
}
