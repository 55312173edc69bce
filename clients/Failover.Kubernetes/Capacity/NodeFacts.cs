using Failover.Domain.Fleet;
using k8s.Models;

namespace Failover.Kubernetes.Capacity;

/// <summary>
/// What is kept of a node. <paramref name="Sku"/>: of the fleet file, or <see langword="null"/>. <paramref name="Open"/>: it takes new pods.
/// <paramref name="Gpus"/>: allocatable.
/// </summary>
public sealed record NodeFacts(string Name, string? Sku, bool Ready, bool Open, int Gpus)
{
    /// <summary>What is wrong with it although it may be ready, in words; it takes no new work for that. <see langword="null"/>: nothing.</summary>
    public string? Problem { get; init; }

    /// <summary>Reads a node; its SKU is the first whose label it has.</summary>
    public static NodeFacts Read(V1Node node, IEnumerable<SkuSpec> skus)
    {
        var labels = node.Metadata.Labels;
        var sku = skus.FirstOrDefault(sku => labels is not null && labels.TryGetValue(sku.NodeLabel, out var value) && value == sku.NodeLabelValue);
        var ready = node.Status?.Conditions?.Any(condition => condition is { Type: "Ready", Status: "True" }) == true;
        // PreferNoSchedule keeps no pod away; tolerations are not set by us, so any other taint does.
        var tainted = node.Spec?.Taints?.Any(taint => taint.Effect is "NoSchedule" or "NoExecute") == true;
        var problem = ProblemOf(node);
        var open = ready && !tainted && problem is null && node.Spec?.Unschedulable != true && node.Metadata.DeletionTimestamp is null;
        return new NodeFacts(node.Metadata.Name, sku?.Name, ready, open, GpuCount.In(node.Status?.Allocatable)) { Problem = problem };
    }

    /// <summary>
    /// GPUs that the device plugin took away from a node that has them, and conditions as the kubelet, node-problem-detector and providers set them: those of a name that
    /// ends in Ready or Healthy are bad when False, all others when True (a pressure, a missing GPU, an XID error, a maintenance that is due).
    /// </summary>
    private static string? ProblemOf(V1Node node)
    {
        var (has, gives) = (GpuCount.In(node.Status?.Capacity), GpuCount.In(node.Status?.Allocatable));
        if (gives < has)
            return $"{has - gives} of {has} GPUs are gone";
        var bad = (node.Status?.Conditions ?? []).Where(condition => condition.Type != "Ready" && condition.Status == (IsGoodWhenTrue(condition.Type) ? "False" : "True"));
        return bad.Select(condition => condition.Type).Order(StringComparer.Ordinal).FirstOrDefault();
    }

    private static bool IsGoodWhenTrue(string type) =>
        type.EndsWith("Ready", StringComparison.Ordinal) || type.EndsWith("Healthy", StringComparison.Ordinal);
}
