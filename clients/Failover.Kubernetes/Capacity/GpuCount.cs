using k8s.Models;

namespace Failover.Kubernetes.Capacity;

/// <summary>Counts GPUs as the scheduler does.</summary>
internal static class GpuCount
{
    public const string Resource = "nvidia.com/gpu";

    public static int In(IDictionary<string, ResourceQuantity>? quantities) =>
        quantities is not null && quantities.TryGetValue(Resource, out var quantity) ? (int)Math.Clamp(quantity.ToDecimal(), 0, int.MaxValue / 1_000) : 0;

    /// <summary>
    /// What a pod holds: its containers' sum, or what an init container needs at its turn, whichever is more. Init containers that restart always
    /// are sidecars: they stay, beside the containers and beside every later init container.
    /// </summary>
    public static int Of(V1PodSpec pod)
    {
        var sidecars = 0;
        var initMax = 0;
        foreach (var container in pod.InitContainers ?? [])
        {
            var gpus = Of(container);
            if (container.RestartPolicy == "Always")
            {
                sidecars += gpus;
                initMax = Math.Max(initMax, sidecars);
            }
            else
            {
                initMax = Math.Max(initMax, sidecars + gpus);
            }
        }

        return Math.Max(initMax, sidecars + (pod.Containers ?? []).Sum(Of));
    }

    // For extended resources requests equal limits, and either may be left out.
    private static int Of(V1Container container) => Math.Max(In(container.Resources?.Limits), In(container.Resources?.Requests));
}
