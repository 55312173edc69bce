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
    FleetBook fleets,
    HealthPolicy policy,
    IOptions<ObserverOptions> options,
    TimeProvider time,
    ILogger<Prober> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        FleetLoops.RunAsync(fleets, fleet => fleet.Members.Select(member => member.Reached), WitnessAsync, stoppingToken);

    private async Task WitnessAsync(MemberSpec spec, CancellationToken stopping)
    {
        var member = spec.Name;
        var state = new ProbeWitnessState();
        var start = time.GetTimestamp();
        await Periodically.RunAsync(policy.ProbeInterval, time, ProbeAsync, LogFailed, stopping);
        doubts.Forget(member);

        async Task ProbeAsync(CancellationToken cancellationToken)
        {
            var probe = await clients.Get(member).ProbeAsync(options.Value.ProbeTimeout, cancellationToken);
            var met = probe.Answer == ProbeAnswer.Ready ? null : new SightLoss(probe.Trouble, probe.Detail);
            var step = ProbeWitness.Next(state, Outcome(probe), time.GetElapsedTime(start), policy, met);
            state = step.State;
            doubts.Post(member, state.Answer != Answer.Yes);
            if (step.Report is { } report)
                await grains.GetGrain<IMemberGrain>(member).ApplyAsync(new MemberEvent.ApiReported(time.GetUtcNow(), options.Value.Site, report));
        }
    }

    private ProbeOutcome Outcome(ProbeResult probe) => probe.Answer switch
    {
        ProbeAnswer.Ready or ProbeAnswer.NotReady => ProbeWitness.Answered(probe.Answer == ProbeAnswer.Ready, probe.Took, policy),
        ProbeAnswer.NotTrusted => ProbeOutcome.NotTrusted,
        _ => ProbeOutcome.NoAnswer,
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "A probe could not be told and will be told again: {Reason}")]
    private partial void LogFailed(string reason);
}
