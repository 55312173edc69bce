using Failover.Simulator.ApiServer;

namespace Failover.Simulator.Cluster;

/// <summary>Tells the runtime what a pod's containers would see.</summary>
internal static class PodInfos
{
    public static PodInfo Of(SimulatedMemberOptions options, ObjectStore store, StoredObject pod)
    {
        var facts = pod.Pod;
        var spec = pod.Tree.Obj("spec");
        var job = facts.OwnerKind == "Job" ? store.Find(ResourceKind.Job, pod.Namespace, facts.OwnerName) : null;
        return new PodInfo(
            options.Name,
            options.Region,
            pod.Namespace,
            pod.Name,
            pod.Uid,
            facts.NodeName,
            facts.OwnerKind == "Job" ? facts.OwnerName : "",
            facts.OwnerKind == "Job" ? facts.OwnerUid : "",
            facts.Index,
            job?.Tree.Obj("spec").Int("parallelism") ?? 1,
            pod.Labels,
            Environment(pod),
            TimeSpan.FromSeconds(spec.Int("terminationGracePeriodSeconds") ?? 30));
    }

    private static Dictionary<string, string> Environment(StoredObject pod)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var variable in pod.Tree.Obj("spec").Objects("containers").SelectMany(c => c.Objects("env")))
        {
            var name = variable.Str("name") ?? "";
            if (variable.Str("value") is { } value)
                environment[name] = value;
            else if (variable.Obj("valueFrom").Obj("fieldRef").Str("fieldPath") is { } path && Field(pod, path) is { } field)
                environment[name] = field;
        }

        return environment;
    }

    private static string? Field(StoredObject pod, string path) => path switch
    {
        "metadata.name" => pod.Name,
        "metadata.namespace" => pod.Namespace,
        "metadata.uid" => pod.Uid,
        "spec.nodeName" => pod.Pod.NodeName,
        _ when path.StartsWith("metadata.labels['", StringComparison.Ordinal) && path.EndsWith("']", StringComparison.Ordinal) =>
            pod.Labels.GetValueOrDefault(path["metadata.labels['".Length..^2]),
        _ => null,
    };
}
