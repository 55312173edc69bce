using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Failover.Abstractions.Ports;
using k8s;
using k8s.Models;

namespace Failover.Kubernetes.Launching;

/// <summary><c>batch/v1</c> Jobs: indexed, all workers at once.</summary>
public sealed class JobWorkload : IWorkloadKind
{
    private const string EnvironmentPrefix = "FAILOVER_";

    /// <summary>
    /// All variables of the trainer's contract. What is not said is said to be empty: <c>env</c> wins over <c>envFrom</c>, so nothing that a ConfigMap of the user's has under
    /// these names, a resume URI on a fresh start say, gets through.
    /// </summary>
    private static readonly ImmutableArray<string> ContractVariables =
    [
        "FAILOVER_RUN", "FAILOVER_UID", "FAILOVER_EPOCH", "FAILOVER_CHECKPOINT_URI", "FAILOVER_RESUME_URI", "FAILOVER_HEARTBEAT_URI", "FAILOVER_HEARTBEAT_SECONDS",
    ];

    /// <inheritdoc/>
    public WorkloadResource Resource { get; } = new("batch", "v1", "Job", "jobs");

    /// <inheritdoc/>
    public JsonObject Manifest(LaunchRequest request)
    {
        var workers = request.Spec.Gang.Workers;
        var spec = (JsonObject?)request.Spec.Workload["spec"]?.DeepClone() ?? [];
        spec["parallelism"] = workers;
        spec["completions"] = workers;
        spec["completionMode"] = "Indexed";
        // A replacement that starts beside a terminating pod would be two writers of one rank.
        spec["podReplacementPolicy"] = "Failed";
        // Only a sweep that has read the run's epoch may delete; a timer would take the outcome away unread.
        spec.Remove("ttlSecondsAfterFinished");

        var template = Child(spec, "template");
        template["metadata"] = Metadata(template["metadata"] as JsonObject, request);
        SetPod(Child(template, "spec"), request);

        var metadata = Metadata(request.Spec.Workload["metadata"] as JsonObject, request);
        metadata["name"] = WorkloadName.Of(request.Spec.Name, request.RunUid, request.Epoch, workers);
        metadata["namespace"] = request.Namespace;
        return new JsonObject { ["apiVersion"] = Resource.ApiVersion, ["kind"] = Resource.Kind, ["metadata"] = metadata, ["spec"] = spec };
    }

    /// <inheritdoc/>
    public JsonObject Pod(JsonObject manifest)
    {
        var pod = (JsonObject)manifest["spec"]!["template"]!.DeepClone();
        (pod["apiVersion"], pod["kind"]) = ("v1", "Pod");
        return pod;
    }

    /// <inheritdoc/>
    public WorkloadFacts Read(JsonElement workload)
    {
        var job = KubernetesJson.Deserialize<V1Job>(workload);
        var labels = job.Metadata.Labels;
        var conditions = job.Status?.Conditions?.Where(condition => condition.Status == "True").ToList() ?? [];
        var failure = conditions.Find(condition => condition.Type is "Failed" or "FailureTarget");
        return new WorkloadFacts(
            job.Metadata.NamespaceProperty,
            job.Metadata.Name,
            job.Metadata.Uid,
            WorkloadLabels.Value(labels, WorkloadLabels.Installation),
            WorkloadLabels.Value(labels, WorkloadLabels.RunUid),
            WorkloadLabels.EpochOf(labels),
            WorkloadLabels.Value(labels, WorkloadLabels.LaunchId),
            Deleting: job.Metadata.DeletionTimestamp is not null,
            Gang: job.Spec?.Parallelism ?? 1,
            failure is not null ? WorkloadEnd.Failed
                : conditions.Exists(condition => condition.Type == "Complete") ? WorkloadEnd.Succeeded
                : WorkloadEnd.None,
            failure is null ? "" : $"{failure.Reason}: {failure.Message}");
    }

    /// <summary>The user's labels and annotations, our labels over them, and nothing else: names, owners and finalizers are not the user's to give.</summary>
    private static JsonObject Metadata(JsonObject? users, LaunchRequest request)
    {
        var labels = (JsonObject?)users?["labels"]?.DeepClone() ?? [];
        foreach (var name in labels.Select(label => label.Key).Where(name => name.StartsWith(WorkloadLabels.Prefix, StringComparison.Ordinal)).ToList())
        {
            labels.Remove(name);
        }

        foreach (var (name, value) in WorkloadLabels.Of(request))
        {
            labels[name] = value;
        }

        var metadata = new JsonObject { ["labels"] = labels };
        if (users?["annotations"] is JsonObject annotations)
        {
            metadata["annotations"] = annotations.DeepClone();
        }

        return metadata;
    }

    private static void SetPod(JsonObject pod, LaunchRequest request)
    {
        Child(pod, "nodeSelector")[request.NodeSelector.Key] = request.NodeSelector.Value;
        // The identity on a member is the tenant's, whatever the manifest asks for.
        pod.Remove("serviceAccount");
        pod.Remove("serviceAccountName");
        if (request.ServiceAccount is not null)
        {
            pod["serviceAccountName"] = request.ServiceAccount;
        }

        foreach (var container in Containers(pod, "containers").Concat(Containers(pod, "initContainers")))
        {
            container["env"] = Environment(container["env"] as JsonArray, request);
        }
    }

    /// <summary>Ours come first, so that the user's may refer to them; none of ours is left from the user, absent ones included.</summary>
    private static JsonArray Environment(JsonArray? users, LaunchRequest request)
    {
        var environment = new JsonArray();
        foreach (var name in request.Environment.Keys.Union(ContractVariables, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            environment.Add(new JsonObject { ["name"] = name, ["value"] = request.Environment.GetValueOrDefault(name, "") });
        }

        foreach (var variable in users ?? [])
        {
            if (variable?["name"]?.GetValue<string>().StartsWith(EnvironmentPrefix, StringComparison.Ordinal) == false)
            {
                environment.Add(variable.DeepClone());
            }
        }

        return environment;
    }

    private static IEnumerable<JsonObject> Containers(JsonObject pod, string list) => (pod[list] as JsonArray ?? []).OfType<JsonObject>();

    private static JsonObject Child(JsonObject parent, string name)
    {
        if (parent[name] is not JsonObject child)
        {
            parent[name] = child = [];
        }

        return child;
    }
}
