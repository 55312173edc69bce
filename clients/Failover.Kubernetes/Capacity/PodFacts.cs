using Failover.Kubernetes.Launching;
using k8s.Models;

namespace Failover.Kubernetes.Capacity;

/// <summary>What is kept of a bound pod. <paramref name="Ended"/>: it holds nothing any more; a terminating pod has not ended.</summary>
/// <param name="Node">The node that it is bound to.</param>
/// <param name="Gpus">What it holds until it has ended.</param>
/// <param name="Ended">Succeeded or failed.</param>
/// <param name="Ready">By its condition, and not terminating.</param>
/// <param name="Owner">The launch that it belongs to, or <see langword="null"/> for a foreign pod.</param>
/// <param name="Failure">How it failed, or <see langword="null"/>.</param>
public sealed record PodFacts(string Node, int Gpus, bool Ended, bool Ready, PodOwner? Owner, PodFailure? Failure)
{
    /// <summary>Whether it ended well.</summary>
    public bool Succeeded => Ended && Failure is null;

    /// <summary>Reads a pod; <see langword="null"/> if it is of no use to us: not bound, or foreign and without GPUs.</summary>
    public static PodFacts? Read(V1Pod pod, string installation)
    {
        var node = pod.Spec?.NodeName;
        var labels = pod.Metadata.Labels;
        var owner = WorkloadLabels.Value(labels, WorkloadLabels.Installation) == installation
            ? new PodOwner(
                pod.Metadata.NamespaceProperty,
                WorkloadLabels.Value(labels, WorkloadLabels.RunUid),
                WorkloadLabels.EpochOf(labels),
                WorkloadLabels.Value(labels, WorkloadLabels.LaunchId))
            : null;
        var gpus = pod.Spec is null ? 0 : GpuCount.Of(pod.Spec);
        if (string.IsNullOrEmpty(node) || (owner is null && gpus == 0))
        {
            return null;
        }

        return new PodFacts(
            node,
            gpus,
            Ended: pod.Status?.Phase is "Succeeded" or "Failed",
            Ready: pod.Metadata.DeletionTimestamp is null && pod.Status?.Conditions?.Any(condition => condition is { Type: "Ready", Status: "True" }) == true,
            owner,
            pod.Status?.Phase == "Failed" ? PodFailure.Read(pod) : null);
    }
}

/// <summary>The launch that a pod belongs to, by its labels.</summary>
public sealed record PodOwner(string Namespace, string RunUid, int Epoch, string LaunchId);

/// <summary>How a pod failed: its first failed container's exit code (none if no container ran), and when by its node's clock.</summary>
public sealed record PodFailure(string Pod, DateTime? At, int? ExitCode, string Detail)
{
    internal static PodFailure Read(V1Pod pod)
    {
        var container = (pod.Status.InitContainerStatuses ?? []).Concat(pod.Status.ContainerStatuses ?? [])
            .Where(status => status.State?.Terminated is { ExitCode: not 0 })
            .OrderBy(status => status.State.Terminated.FinishedAt ?? DateTime.MaxValue)
            .FirstOrDefault();
        return container?.State.Terminated is { } ended
            ? new PodFailure(pod.Metadata.Name, ended.FinishedAt, ended.ExitCode, $"{pod.Metadata.Name}/{container.Name}: {ended.Reason ?? "Error"}, exit code {ended.ExitCode}")
            : new PodFailure(pod.Metadata.Name, null, null, $"{pod.Metadata.Name}: {pod.Status.Reason ?? "Failed"} {pod.Status.Message}".TrimEnd());
    }
}
