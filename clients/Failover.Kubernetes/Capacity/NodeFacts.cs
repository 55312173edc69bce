using Failover.Domain.Fleet;
using k8s.Models;

namespace Failover.Kubernetes.Capacity;

/// <summary>
/// What is kept of a node. <paramref name="Sku"/>: of the fleet file, or <see langword="null"/>. <paramref name="Open"/>: it takes new pods.
/// <paramref name="Gpus"/>: allocatable.
/// </summary>
public sealed record NodeFacts(string Name, string? Sku, bool Ready, bool Open, int Gpus)
{
    /// <summary>Reads a node; its SKU is the first whose label it has.</summary>
    public static NodeFacts Read(V1Node node, IEnumerable<SkuSpec> skus)
    {
        var labels = node.Metadata.Labels;
        var sku = skus.FirstOrDefault(sku => labels is not null && labels.TryGetValue(sku.NodeLabel, out var value) && value == sku.NodeLabelValue);
        var ready = node.Status?.Conditions?.Any(condition => condition is { Type: "Ready", Status: "True" }) == true;
        // PreferNoSchedule keeps no pod away; tolerations are not set by us, so any other taint does.
        var tainted = node.Spec?.Taints?.Any(taint => taint.Effect is "NoSchedule" or "NoExecute") == true;
        return new NodeFacts(
            node.Metadata.Name, sku?.Name, ready, ready && !tainted && node.Spec?.Unschedulable != true && node.Metadata.DeletionTimestamp is null,
            GpuCount.In(node.Status?.Allocatable));
    }
}
