using Failover.Abstractions.Ports;
using Failover.Kubernetes.Capacity;
using Failover.Kubernetes.Launching;

namespace Failover.Kubernetes.Watching;

/// <summary>Tells a workload's phase from what is kept of it and of its bound pods.</summary>
public static class WorkloadPhases
{
    /// <summary>First match wins: deletion, then the workload's own end, then whether the whole gang is there.</summary>
    public static SeenWorkload See(WorkloadFacts workload, string kind, IReadOnlyCollection<PodFacts> pods)
    {
        // Clocks of different nodes are compared here only to pick which pod's exit code to tell.
        var first = pods.Select(pod => pod.Failure).OfType<PodFailure>()
            .OrderBy(failure => failure.At ?? DateTime.MaxValue).ThenBy(failure => failure.Pod, StringComparer.Ordinal).FirstOrDefault();
        var ready = pods.Count(pod => pod is { Ended: false, Ready: true });
        // Of a gang that is finishing, some workers may have ended well before the others.
        var present = ready + pods.Count(pod => pod.Succeeded);
        var (phase, detail) = workload switch
        {
            { Deleting: true } => (WorkloadPhase.Terminating, $"{pods.Count(pod => !pod.Ended)} pods left"),
            { End: WorkloadEnd.Failed } => (WorkloadPhase.Failed, first is null ? workload.Detail : $"{workload.Detail} ({first.Detail})"),
            { End: WorkloadEnd.Succeeded } => (WorkloadPhase.Succeeded, ""),
            _ when ready > 0 && present >= workload.Gang => (WorkloadPhase.Running, ""),
            _ => (WorkloadPhase.Pending, $"{present} of {workload.Gang} pods ready"),
        };
        return new SeenWorkload(
            workload.Namespace, workload.Name, workload.Uid, workload.RunUid, workload.Epoch, workload.LaunchId,
            phase, phase == WorkloadPhase.Failed ? first?.ExitCode : null, detail)
        { Kind = kind };
    }
}
