using Failover.Abstractions.Ports;

namespace Failover.Kubernetes.Launching;

/// <summary>The labels that make an object ours; on workloads and on their pods.</summary>
public static class WorkloadLabels
{
    /// <summary>All labels under it are ours; a user's are overwritten.</summary>
    public const string Prefix = "failover.dev/";

    /// <summary>Whose: <see cref="LaunchRequest.Installation"/>.</summary>
    public const string Installation = Prefix + "installation";

    /// <summary>The run's uid.</summary>
    public const string RunUid = Prefix + "run-uid";

    /// <summary>The run's name, for people.</summary>
    public const string Run = Prefix + "run";

    /// <summary>The epoch, in decimal.</summary>
    public const string Epoch = Prefix + "epoch";

    /// <summary>The very launch.</summary>
    public const string LaunchId = Prefix + "launch-id";

    /// <summary>The labels of a launch.</summary>
    public static IReadOnlyDictionary<string, string> Of(LaunchRequest request) => new Dictionary<string, string>
    {
        [Installation] = request.Installation,
        [RunUid] = request.RunUid,
        [Run] = request.Spec.Name,
        [Epoch] = request.Epoch.ToString(),
        [LaunchId] = request.LaunchId,
    };

    /// <summary>The epoch, or 0 where the label is missing or no number: no epoch that we launch.</summary>
    internal static int EpochOf(IDictionary<string, string>? labels) => int.TryParse(Value(labels, Epoch), out var epoch) ? epoch : 0;

    /// <summary>The label's value, or nothing.</summary>
    internal static string Value(IDictionary<string, string>? labels, string name) => labels is not null && labels.TryGetValue(name, out var value) ? value : "";
}
