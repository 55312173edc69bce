using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Failover.Abstractions.Ports;
using Failover.Domain.Runs;

namespace Failover.Kubernetes.Tests.Launching;

/// <summary>Launch requests for tests.</summary>
internal static class Launches
{
    public const string Installation = "us";
    public const string Uid = "0123456789abcdef";

    public static LaunchRequest Request(int workers = 2, int gpus = 4, string run = "llm", int epoch = 1, string launchId = "launch-1", JsonObject? workload = null) => new()
    {
        Installation = Installation,
        RunUid = Uid,
        Epoch = epoch,
        LaunchId = launchId,
        Namespace = "train",
        NodeSelector = new KeyValuePair<string, string>("failover.dev/sku", "h100"),
        Environment = ImmutableDictionary<string, string>.Empty.Add("FAILOVER_RUN", run).Add("FAILOVER_EPOCH", $"{epoch}"),
        Spec = new RunSpec
        {
            Name = run,
            Tenant = "team",
            Gang = new GangSpec(workers, gpus),
            Skus = ["h100"],
            Checkpoints = new CheckpointSpec("store", []),
            Workload = workload ?? Job(gpus),
        },
    };

    public static JsonObject Job(int gpus)
    {
        var job = JsonNode.Parse(
            """
            {"apiVersion":"batch/v1","kind":"Job","spec":{"backoffLimit":0,"template":{"spec":{"restartPolicy":"Never","containers":[
              {"name":"main","image":"trainer","resources":{"limits":{}}}]}}}}
            """)!.AsObject();
        job["spec"]!["template"]!["spec"]!["containers"]![0]!["resources"]!["limits"]!["nvidia.com/gpu"] = $"{gpus}";
        return job;
    }
}
