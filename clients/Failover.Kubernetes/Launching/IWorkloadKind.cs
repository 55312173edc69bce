using System.Text.Json;
using System.Text.Json.Nodes;
using Failover.Abstractions.Ports;

namespace Failover.Kubernetes.Launching;

/// <summary>The seam between Failover and the kinds of Kubernetes objects that embody an epoch; one implementation a kind, without state.</summary>
public interface IWorkloadKind
{
    /// <summary>Where the API server keeps it.</summary>
    WorkloadResource Resource { get; }

    /// <summary>The object to create for a launch, from the run's validated manifest, which is left as it is.</summary>
    JsonObject Manifest(LaunchRequest request);

    /// <summary>One of the pods that the object of <see cref="Manifest"/> would have, without a name.</summary>
    JsonObject Pod(JsonObject manifest);

    /// <summary>What we keep of an object of this kind.</summary>
    WorkloadFacts Read(JsonElement workload);
}

/// <summary>A namespaced resource of an API group.</summary>
public sealed record WorkloadResource(string Group, string Version, string Kind, string Plural)
{
    /// <summary>As manifests have it.</summary>
    public string ApiVersion => $"{Group}/{Version}";
}

/// <summary>How a workload ended.</summary>
public enum WorkloadEnd
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>Well.</summary>
    Succeeded,

    /// <summary>Badly, for good.</summary>
    Failed,
}

/// <summary>What is kept of a workload. <paramref name="Gang"/> is how many pods must be ready at once; <paramref name="Detail"/> says why it failed.</summary>
public sealed record WorkloadFacts(
    string Namespace,
    string Name,
    string Uid,
    string Installation,
    string RunUid,
    int Epoch,
    string LaunchId,
    bool Deleting,
    int Gang,
    WorkloadEnd End,
    string Detail);
