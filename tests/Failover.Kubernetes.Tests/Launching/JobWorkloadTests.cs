using System.Text.Json;
using System.Text.Json.Nodes;
using Failover.Kubernetes.Launching;

namespace Failover.Kubernetes.Tests.Launching;

public sealed class JobWorkloadTests
{
    private const string Users =
        """
        {"apiVersion":"batch/v1","kind":"Job",
         "metadata":{"name":"mine","namespace":"kube-system","finalizers":["x/y"],"labels":{"team":"a","failover.dev/epoch":"99","failover.dev/other":"z"},"annotations":{"note":"n"}},
         "spec":{"parallelism":1,"completions":1,"ttlSecondsAfterFinished":5,"backoffLimit":2,"podReplacementPolicy":"TerminatingOrFailed",
          "template":{"metadata":{"labels":{"app":"t","failover.dev/run-uid":"stolen"}},
           "spec":{"serviceAccountName":"admin","serviceAccount":"admin","restartPolicy":"Never","nodeSelector":{"zone":"1","failover.dev/sku":"a100"},
            "initContainers":[{"name":"load","image":"i"}],
            "containers":[{"name":"main","image":"i","env":[{"name":"LR","value":"0.1"},{"name":"FAILOVER_EPOCH","value":"99"},{"name":"FAILOVER_RESUME_URI","value":"theirs"}]},{"name":"side","image":"i"}]}}},
         "status":{"succeeded":1}}
        """;

    private static readonly JobWorkload Kind = new();

    private static JsonObject Manifest(string? serviceAccount = null) =>
        Kind.Manifest(Launches.Request(workers: 16, workload: JsonNode.Parse(Users)!.AsObject()) with { ServiceAccount = serviceAccount });

    [Fact]
    public void Manifest_Identity_IsOurs()
    {
        var manifest = Manifest();

        Assert.Equal(["apiVersion", "kind", "metadata", "spec"], manifest.Select(member => member.Key));
        Assert.Equal(["labels", "annotations", "name", "namespace"], manifest["metadata"]!.AsObject().Select(member => member.Key));
        Assert.Equal("llm-01234567-e1", manifest["metadata"]!["name"]!.GetValue<string>());
        Assert.Equal("train", manifest["metadata"]!["namespace"]!.GetValue<string>());
    }

    [Fact]
    public void Manifest_Labels_OursOverwriteAndTheirsStay()
    {
        var manifest = Manifest();
        const string ours = """
            "failover.dev/installation":"us","failover.dev/run-uid":"0123456789abcdef","failover.dev/run":"llm","failover.dev/epoch":"1","failover.dev/launch-id":"launch-1"
            """;

        Assert.Equal($$"""{"team":"a",{{ours}}}""", manifest["metadata"]!["labels"]!.ToJsonString());
        Assert.Equal($$"""{"app":"t",{{ours}}}""", manifest["spec"]!["template"]!["metadata"]!["labels"]!.ToJsonString());
    }

    [Fact]
    public void Manifest_Gang_IsIndexedAndWhole()
    {
        var spec = Manifest()["spec"]!;

        Assert.Equal(
            (16, 16, "Indexed", "Failed", 2),
            (spec["parallelism"]!.GetValue<int>(), spec["completions"]!.GetValue<int>(), spec["completionMode"]!.GetValue<string>(),
                spec["podReplacementPolicy"]!.GetValue<string>(), spec["backoffLimit"]!.GetValue<int>()));
        Assert.Null(spec["ttlSecondsAfterFinished"]);
    }

    [Fact]
    public void Manifest_Environment_OursFirstInEveryContainerAndNoneOfTheirsUnderOurPrefix()
    {
        var pod = Manifest()["spec"]!["template"]!["spec"]!;
        const string ours = """
            {"name":"FAILOVER_CHECKPOINT_URI","value":""},{"name":"FAILOVER_EPOCH","value":"1"},{"name":"FAILOVER_HEARTBEAT_SECONDS","value":""},{"name":"FAILOVER_HEARTBEAT_URI","value":""},{"name":"FAILOVER_RESUME_URI","value":""},{"name":"FAILOVER_RUN","value":"llm"},{"name":"FAILOVER_UID","value":""}
            """;

        Assert.Equal($$"""[{{ours}},{"name":"LR","value":"0.1"}]""", pod["containers"]![0]!["env"]!.ToJsonString());
        Assert.Equal($"[{ours}]", pod["containers"]![1]!["env"]!.ToJsonString());
        Assert.Equal($"[{ours}]", pod["initContainers"]![0]!["env"]!.ToJsonString());
    }

    [Fact]
    public void Manifest_EnvironmentFromElsewhere_NeverHasTheWordOnOurVariables()
    {
        // On a fresh start nothing is said of where to resume; what the user's own ConfigMap says of it must not be heard.
        var users = JsonNode.Parse(Users)!.AsObject();
        users["spec"]!["template"]!["spec"]!["containers"]![0]!["envFrom"] = JsonNode.Parse("""[{"configMapRef":{"name":"theirs"}}]""");

        var container = Kind.Manifest(Launches.Request(workload: users))["spec"]!["template"]!["spec"]!["containers"]![0]!;

        Assert.NotNull(container["envFrom"]);
        Assert.Equal("", container["env"]!.AsArray().Single(variable => variable!["name"]!.GetValue<string>() == "FAILOVER_RESUME_URI")!["value"]!.GetValue<string>());
    }

    [Fact]
    public void Manifest_Placement_SelectsTheChosenSku() =>
        Assert.Equal("""{"zone":"1","failover.dev/sku":"h100"}""", Manifest()["spec"]!["template"]!["spec"]!["nodeSelector"]!.ToJsonString());

    [Theory]
    [InlineData(null)]
    [InlineData("trainer")]
    public void Manifest_ServiceAccount_IsTheTenants(string? serviceAccount)
    {
        var pod = Manifest(serviceAccount)["spec"]!["template"]!["spec"]!;

        Assert.Equal(serviceAccount, pod["serviceAccountName"]?.GetValue<string>());
        Assert.Null(pod["serviceAccount"]);
    }

    [Fact]
    public void Manifest_UsersManifest_IsLeftAsItIs()
    {
        var users = JsonNode.Parse(Users)!.AsObject();

        Kind.Manifest(Launches.Request(workload: users));

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Users), users));
    }

    [Theory]
    [InlineData("""{}""", WorkloadEnd.None, "")]
    [InlineData("""{"conditions":[{"type":"Complete","status":"True"}]}""", WorkloadEnd.Succeeded, "")]
    [InlineData("""{"conditions":[{"type":"Complete","status":"False"}]}""", WorkloadEnd.None, "")]
    [InlineData("""{"conditions":[{"type":"FailureTarget","status":"True","reason":"BackoffLimitExceeded","message":"m"}]}""", WorkloadEnd.Failed, "BackoffLimitExceeded: m")]
    [InlineData("""{"conditions":[{"type":"Failed","status":"True","reason":"DeadlineExceeded","message":"m"}]}""", WorkloadEnd.Failed, "DeadlineExceeded: m")]
    public void Read_Conditions_Table(string status, WorkloadEnd end, string detail)
    {
        var manifest = Kind.Manifest(Launches.Request());
        manifest["metadata"]!["uid"] = "object-uid";
        manifest["status"] = JsonNode.Parse(status);

        var facts = Kind.Read(JsonSerializer.SerializeToElement(manifest));

        Assert.Equal(
            new WorkloadFacts("train", "llm-01234567-e1", "object-uid", "us", Launches.Uid, 1, "launch-1", Deleting: false, Gang: 2, end, detail), facts);
    }
}
