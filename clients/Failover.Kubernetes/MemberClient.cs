using Failover.Abstractions.Ports;
using Failover.Domain.Fleet;
using Failover.Kubernetes.Connection;
using Failover.Kubernetes.Launching;
using Failover.Kubernetes.Probing;
using Failover.Kubernetes.Resilience;
using Failover.Kubernetes.Watching;
using Microsoft.Extensions.Logging;

namespace Failover.Kubernetes;

/// <summary>A member behind the real Kubernetes API.</summary>
internal sealed class MemberClient : IMemberClient, IDisposable
{
    private readonly MemberSpec member;
    private readonly FleetBook fleets;
    private readonly KubernetesOptions options;
    private readonly IReadOnlyList<IWorkloadKind> kinds;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly MemberConnection probes;
    private readonly MemberConnection calls;
    private readonly Prober prober;
    private readonly Launcher launcher;

    public MemberClient(MemberSpec member, FleetBook fleets, IReadOnlyList<IWorkloadKind> kinds, KubernetesOptions options, TimeProvider time, ILogger logger)
    {
        (this.member, this.fleets, this.kinds, this.options, this.time, this.logger) = (member, fleets, kinds, options, time, logger);
        probes = new MemberConnection(member, options);
        calls = new MemberConnection(member, options);
        prober = new Prober(probes, time);
        launcher = new Launcher(calls, new MemberPipeline(member.Name, options, time), kinds);
    }

    /// <inheritdoc/>
    public string Name => member.Name;

    /// <inheritdoc/>
    public Task<ProbeResult> ProbeAsync(TimeSpan timeout, CancellationToken cancellationToken = default) => prober.ProbeAsync(timeout, cancellationToken);

    /// <inheritdoc/>
    public Task<CallResult> LaunchAsync(LaunchRequest request, CancellationToken cancellationToken = default) =>
        launcher.LaunchAsync(request, cancellationToken);

    /// <inheritdoc/>
    public Task<CallResult> PreflightAsync(LaunchRequest request, CancellationToken cancellationToken = default) =>
        launcher.PreflightAsync(request, cancellationToken);

    /// <inheritdoc/>
    public Task<CallResult> DeleteAsync(SeenWorkload workload, CancellationToken cancellationToken = default) =>
        launcher.DeleteAsync(workload, cancellationToken);

    /// <inheritdoc/>
    public async Task WatchAsync(IMemberObserver observer, TimeSpan settle, CancellationToken cancellationToken)
    {
        using var connection = new MemberConnection(member, options);
        await new MemberWatcher(member.Name, fleets.Current, kinds, connection, options, time, logger).RunAsync(observer, settle, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        probes.Dispose();
        calls.Dispose();
    }
}
