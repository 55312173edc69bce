using System.Text.Json.Nodes;
using Failover.Domain.Fleet;

namespace Failover.Domain.Tests.Runs;

/// <summary>A fleet, and a run's document that has every field and no fault.</summary>
internal static class RunDocuments
{
    public static FleetSpec Fleet { get; } = new()
    {
        Installation = "test",
        Sites = ["laptop"],
        Regions = [new RegionSpec("eastus"), new RegionSpec("westeurope")],
        Members = [new MemberSpec("east-1", "eastus", "east-1.kubeconfig")],
        Stores = [new StoreSpec("east", "eastus", "/mnt/east", "file:///east"), new StoreSpec("west", "westeurope", "/mnt/west", "file:///west")],
        Tenants = [new TenantSpec("research", "research", "trainer")],
        Skus = [new SkuSpec("h100", 2, "sku", "h100"), new SkuSpec("a100", 1, "sku", "a100")],
    };

    public static JsonObject Valid() => (JsonObject)JsonNode.Parse("""
        {
          "apiVersion": "failover.dev/v1",
          "kind": "TrainingRun",
          "metadata": { "name": "llama-7b", "tenant": "research" },
          "spec": {
            "gang": { "workers": 4, "gpusPerWorker": 8 },
            "skus": ["h100", "a100"],
            "tier": 2,
            "regions": ["eastus", "westeurope"],
            "checkpoints": { "store": "east", "replicas": ["west"], "expectedSizeGB": 80.5 },
            "datasets": [{ "name": "pile", "sizeGB": 800, "regions": ["eastus"] }],
            "maxRollbackSteps": 2000,
            "deadlines": { "staging": "20m", "launch": "90s", "verify": "1h30m", "quiesce": "PT10M" },
            "progress": { "by": "commit", "heartbeatInterval": "10s" },
            "retries": { "inPlace": 0, "elsewhere": 5 },
            "workload": {
              "apiVersion": "batch/v1",
              "kind": "Job",
              "metadata": { "labels": { "team": "nlp" } },
              "spec": {
                "parallelism": 4,
                "completions": 4,
                "completionMode": "Indexed",
                "backoffLimit": 100,
                "podReplacementPolicy": "Failed",
                "suspend": false,
                "template": {
                  "metadata": { "annotations": { "team/contact": "nlp@example.com" } },
                  "spec": {
                    "restartPolicy": "Never",
                    "serviceAccountName": "trainer",
                    "hostNetwork": false,
                    "securityContext": { "runAsNonRoot": true, "runAsUser": 1000, "seccompProfile": { "type": "RuntimeDefault" }, "sysctls": [] },
                    "volumes": [{ "name": "scratch", "emptyDir": {} }, { "name": "all", "projected": { "sources": [{ "configMap": { "name": "c" } }] } }],
                    "initContainers": [{ "name": "warm", "image": "warm:1", "resources": { "limits": { "nvidia.com/gpu": 8 } } }],
                    "containers": [
                      {
                        "name": "train",
                        "image": "train:1",
                        "env": [{ "name": "SEED", "value": "7" }],
                        "envFrom": [{ "configMapRef": { "name": "c" } }],
                        "ports": [{ "containerPort": 29500, "hostPort": 0 }],
                        "livenessProbe": { "httpGet": { "port": 8080 } },
                        "resources": { "limits": { "nvidia.com/gpu": "8", "cpu": "64" }, "requests": { "nvidia.com/gpu": 8 } },
                        "securityContext": { "allowPrivilegeEscalation": false, "privileged": false, "capabilities": { "add": [], "drop": ["ALL"] } }
                      }
                    ]
                  }
                }
              }
            }
          }
        }
        """)!;

    /// <summary>The document with one value replaced, or removed where <paramref name="json"/> is empty. The path is as in faults: <c>spec.skus[0]</c>.</summary>
    public static JsonObject With(string path, string json) => With(Valid(), path, json);

    public static JsonObject With(JsonObject document, string path, string json)
    {
        JsonNode at = document;
        var parts = path.Replace("[", ".[", StringComparison.Ordinal).Split('.');
        foreach (var part in parts[..^1])
            at = Get(at, part)!;
        var value = json.Length == 0 ? null : JsonNode.Parse(json);
        if (parts[^1].StartsWith('['))
            at.AsArray()[Index(parts[^1])] = value;
        else if (json.Length == 0)
            at.AsObject().Remove(parts[^1]);
        else
            at[parts[^1]] = value;
        return document;
    }

    private static JsonNode? Get(JsonNode node, string part) => part.StartsWith('[') ? node[Index(part)] : node[part] ?? (node[part] = new JsonObject());

    private static int Index(string part) => int.Parse(part.Trim('[', ']'));
}
