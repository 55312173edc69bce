using Failover.Abstractions.Ports;
using Failover.Domain.Fleet;
using Failover.Domain.Health;
using Failover.Kubernetes.Connection;
using Failover.Kubernetes.Launching;
using Microsoft.Extensions.Logging;

namespace Failover.Kubernetes.Watching;

/// <summary>Watches one member and tells an observer: whole pictures while all of its resources are in sight, else that sight was lost.</summary>
internal sealed partial class MemberWatcher(
    string member, FleetSpec fleet, IReadOnlyList<IWorkloadKind> kinds, MemberConnection connection, KubernetesOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>How often time alone may change what is to be told: leases that fall silent, sight that stays lost.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);

    /// <summary>A tick later than this means that our process stood still.</summary>
    private static readonly TimeSpan TickLagMax = TimeSpan.FromSeconds(5);

    private readonly MemberPicture picture = new(fleet, kinds, time, what => LogOdd(logger, member, what));

    public async Task RunAsync(IMemberObserver observer, TimeSpan settle, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sight = new Sight(time, picture.Nudge);
        Task[] tasks = [.. Watches(sight).Select(watch => watch.RunAsync(ending.Token)), ReportAsync(observer, sight, settle, ending.Token)];
        // They end together: by cancellation, or with the first that a bug has ended.
        var first = await Task.WhenAny(tasks);
        await ending.CancelAsync();
        await Task.WhenAll(tasks).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await first;
    }

    private IEnumerable<ResourceWatch> Watches(Sight sight)
    {
        yield return Watch("nodes", "api/v1/nodes", null, picture.Nodes, sight);
        yield return Watch("node leases", "apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", null, picture.Leases, sight);
        yield return Watch("pods", "api/v1/pods", "fieldSelector=spec.nodeName%21%3D", picture.Pods, sight);
        foreach (var (kind, sink) in picture.Workloads)
        {
            var resource = kind.Resource;
            yield return Watch(
                resource.Plural, $"apis/{resource.Group}/{resource.Version}/{resource.Plural}",
                $"labelSelector={Uri.EscapeDataString($"{WorkloadLabels.Installation}={fleet.Installation}")}", sink, sight);
        }
    }

    private ResourceWatch Watch(string resource, string path, string? selector, IObjectSink sink, Sight sight) =>
        new(resource, path, selector, sink, sight, connection, options, time);

    private async Task ReportAsync(IMemberObserver observer, Sight sight, TimeSpan settle, CancellationToken cancellationToken)
    {
        var tickedAt = time.GetTimestamp();
        using var ticks = time.CreateTimer(_ => OnTick(ref tickedAt), null, Tick, Tick);
        MemberObservation? told = null;
        ApiTrouble? toldLost = null;
        await foreach (var _ in picture.ReasonsAsync(cancellationToken))
        {
            if (sight.Worst() is { } worst)
            {
                // One that is lost for another reason than before wants other advice.
                if (worst.For >= options.SightGrace && toldLost != worst.Loss.Trouble)
                {
                    LogSightLost(logger, member, worst.Loss.Detail);
                    (told, toldLost) = (null, await TellAsync(() => observer.LostSightAsync(worst.Loss)) ? worst.Loss.Trouble : null);
                }

                continue;
            }

            var observation = picture.Compose();
            if (told is not null && Same(told, observation))
            {
                continue;
            }

            if (toldLost is not null)
            {
                LogSightRegained(logger, member);
            }

            toldLost = null;
            told = await TellAsync(() => observer.ObserveAsync(observation)) ? observation : null;
            await Task.Delay(settle, time, cancellationToken);
        }
    }

    private void OnTick(ref long tickedAt)
    {
        var late = time.GetElapsedTime(tickedAt);
        tickedAt = time.GetTimestamp();
        if (late > TickLagMax)
        {
            LogStoodStill(logger, member, late);
            picture.Excuse(late);
        }

        picture.Nudge();
    }

    /// <summary>Whether the observer took it; if not, it is told again at the next tick, since its failure is no reason to stop watching.</summary>
    private async Task<bool> TellAsync(Func<Task> tell)
    {
        try
        {
            await tell();
            return true;
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            LogObserverFailed(logger, fault, member);
            return false;
        }
    }

    private static bool Same(MemberObservation left, MemberObservation right) =>
        (left.Capacity.Version, left.Nodes, left.NodesReady, left.LeasesRenewed) == (right.Capacity.Version, right.Nodes, right.NodesReady, right.LeasesRenewed)
        && left.Workloads.SequenceEqual(right.Workloads);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Member {Member} shows what can't be read; of {What}")]
    private static partial void LogOdd(ILogger logger, string member, string what);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lost sight of member {Member}: {Detail}")]
    private static partial void LogSightLost(ILogger logger, string member, string detail);

    [LoggerMessage(Level = LogLevel.Information, Message = "Regained sight of member {Member}")]
    private static partial void LogSightRegained(ILogger logger, string member);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Our process stood still for {Late}; silent leases of member {Member} are excused that long")]
    private static partial void LogStoodStill(ILogger logger, string member, TimeSpan late);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An observation of member {Member} was not taken; it is told again")]
    private static partial void LogObserverFailed(ILogger logger, Exception fault, string member);
}
