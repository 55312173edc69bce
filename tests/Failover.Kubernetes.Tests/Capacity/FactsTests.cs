using Failover.Domain.Fleet;
using Failover.Kubernetes.Capacity;
using k8s;
using k8s.Models;

namespace Failover.Kubernetes.Tests.Capacity;

public sealed class FactsTests
{
    private static readonly SkuSpec[] Skus = [new("h100", 1, "sku", "h100"), new("a100", 0.4, "sku", "a100")];

    [Theory]
    [InlineData("""{"metadata":{"name":"n","labels":{"sku":"h100"}},"status":{"allocatable":{"nvidia.com/gpu":"8"},"conditions":[{"type":"Ready","status":"True"}]}}""", "h100", true, true, 8)]
    [InlineData("""{"metadata":{"name":"n","labels":{"sku":"a100"}},"status":{"allocatable":{"nvidia.com/gpu":"4"},"conditions":[{"type":"Ready","status":"Unknown"}]}}""", "a100", false, false, 4)]
    [InlineData("""{"metadata":{"name":"n","labels":{"sku":"cpu"}},"status":{"conditions":[{"type":"Ready","status":"True"}]}}""", null, true, true, 0)]
    [InlineData("""{"metadata":{"name":"n"},"spec":{"unschedulable":true},"status":{"conditions":[{"type":"Ready","status":"True"}]}}""", null, true, false, 0)]
    [InlineData("""{"metadata":{"name":"n"},"spec":{"taints":[{"key":"k","effect":"NoSchedule"}]},"status":{"conditions":[{"type":"Ready","status":"True"}]}}""", null, true, false, 0)]
    [InlineData("""{"metadata":{"name":"n"},"spec":{"taints":[{"key":"k","effect":"PreferNoSchedule"}]},"status":{"conditions":[{"type":"Ready","status":"True"}]}}""", null, true, true, 0)]
    [InlineData("""{"metadata":{"name":"n"}}""", null, false, false, 0)]
    public void ReadNode_Table(string json, string? sku, bool ready, bool open, int gpus) =>
        Assert.Equal(new NodeFacts("n", sku, ready, open, gpus), NodeFacts.Read(KubernetesJson.Deserialize<V1Node>(json), Skus));

    [Theory]
    [InlineData("8", "8", "", null)]
    [InlineData("8", "7", "", "1 of 8 GPUs are gone")]
    [InlineData("8", "0", "", "8 of 8 GPUs are gone")]
    [InlineData("8", "8", """,{"type":"MemoryPressure","status":"False"},{"type":"KernelDeadlock","status":"Unknown"}""", null)]
    [InlineData("8", "8", """,{"type":"GPUMissing","status":"True"}""", "GPUMissing")]
    [InlineData("8", "8", """,{"type":"VMEventScheduled","status":"True"}""", "VMEventScheduled")]
    [InlineData("8", "8", """,{"type":"AcceleratedHardwareReady","status":"False"}""", "AcceleratedHardwareReady")]
    [InlineData("8", "8", """,{"type":"AcceleratedHardwareReady","status":"True"}""", null)]
    public void ReadNode_InTrouble_IsReadyAndClosed(string has, string gives, string conditions, string? problem)
    {
        var json = $$$"""{"metadata":{"name":"n","labels":{"sku":"h100"}},"status":{"capacity":{"nvidia.com/gpu":"{{{has}}}"},"allocatable":{"nvidia.com/gpu":"{{{gives}}}"},"conditions":[{"type":"Ready","status":"True"}{{{conditions}}}]}}""";

        var node = NodeFacts.Read(KubernetesJson.Deserialize<V1Node>(json), Skus);

        Assert.Equal((true, problem is null, problem), (node.Ready, node.Open, node.Problem));
    }

    [Theory]
    [InlineData("""{"containers":[{"name":"a","resources":{"limits":{"nvidia.com/gpu":"4"}}},{"name":"b","resources":{"limits":{"nvidia.com/gpu":2}}}]}""", 6)]
    [InlineData("""{"containers":[{"name":"a","resources":{"requests":{"nvidia.com/gpu":"1"}}}],"initContainers":[{"name":"i","resources":{"limits":{"nvidia.com/gpu":"8"}}}]}""", 8)]
    [InlineData("""{"containers":[{"name":"a","resources":{"limits":{"nvidia.com/gpu":"4"}}}],"initContainers":[{"name":"s","restartPolicy":"Always","resources":{"limits":{"nvidia.com/gpu":"1"}}},{"name":"i","resources":{"limits":{"nvidia.com/gpu":"6"}}}]}""", 7)]
    [InlineData("""{"containers":[{"name":"a","resources":{"limits":{"nvidia.com/gpu":"7"}}}],"initContainers":[{"name":"s","restartPolicy":"Always","resources":{"limits":{"nvidia.com/gpu":"1"}}}]}""", 8)]
    [InlineData("""{"containers":[{"name":"a","resources":{"limits":{"cpu":"4"}}}]}""", 0)]
    public void GpusOfPod_Table(string spec, int gpus) => Assert.Equal(gpus, GpuCount.Of(KubernetesJson.Deserialize<V1PodSpec>(spec)));

    [Fact]
    public void ReadPod_NotBound_Useless() => Assert.Null(PodFacts.Read(Pod("""{"containers":[{"name":"a","resources":{"limits":{"nvidia.com/gpu":"4"}}}]}"""), "us"));

    [Fact]
    public void ReadPod_ForeignWithoutGpus_Useless() => Assert.Null(PodFacts.Read(Pod("""{"nodeName":"n","containers":[{"name":"a"}]}"""), "them"));

    [Fact]
    public void ReadPod_OtherInstallation_Foreign()
    {
        var facts = PodFacts.Read(Pod("""{"nodeName":"n","containers":[{"name":"a","resources":{"limits":{"nvidia.com/gpu":"4"}}}]}"""), "somebody-else");

        Assert.Null(facts!.Owner);
        Assert.Equal(4, facts.Gpus);
    }

    [Fact]
    public void ReadPod_Terminating_HoldsItsGpusAndIsNotReady()
    {
        var pod = Pod("""{"nodeName":"n","containers":[{"name":"a","resources":{"limits":{"nvidia.com/gpu":"4"}}}]}""", """{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}""");
        pod.Metadata.DeletionTimestamp = DateTime.UnixEpoch;

        var facts = PodFacts.Read(pod, "us");

        Assert.Equal((4, false, false), (facts!.Gpus, facts.Ended, facts.Ready));
        Assert.Equal(new PodOwner("train", "u", 2, "l"), facts.Owner);
    }

    [Fact]
    public void ReadPod_Failed_FirstFailedContainerTells()
    {
        var facts = PodFacts.Read(
            Pod(
                """{"nodeName":"n","containers":[{"name":"a"}]}""",
                """{"phase":"Failed","containerStatuses":[{"name":"side","image":"","imageID":"","ready":false,"restartCount":0,"state":{"terminated":{"exitCode":143,"finishedAt":"2026-01-01T00:00:09Z"}}},{"name":"main","image":"","imageID":"","ready":false,"restartCount":0,"state":{"terminated":{"exitCode":42,"reason":"Error","finishedAt":"2026-01-01T00:00:05Z"}}},{"name":"ok","image":"","imageID":"","ready":false,"restartCount":0,"state":{"terminated":{"exitCode":0,"finishedAt":"2026-01-01T00:00:01Z"}}}]}"""),
            "us");

        Assert.True(facts!.Ended);
        Assert.Equal((42, "p/main: Error, exit code 42"), (facts.Failure!.ExitCode!.Value, facts.Failure.Detail));
    }

    [Fact]
    public void ReadPod_FailedWithoutContainers_ReasonTells()
    {
        var facts = PodFacts.Read(Pod("""{"nodeName":"n","containers":[{"name":"a"}]}""", """{"phase":"Failed","reason":"Evicted","message":"disk"}"""), "us");

        Assert.Equal(new PodFailure("p", null, null, "p: Evicted disk"), facts!.Failure);
    }

    private static V1Pod Pod(string spec, string status = "{}") => KubernetesJson.Deserialize<V1Pod>(
        $$$"""
        {"metadata":{"name":"p","namespace":"train","labels":{"failover.dev/installation":"us","failover.dev/run-uid":"u","failover.dev/epoch":"2","failover.dev/launch-id":"l"}},
         "spec":{{{spec}}},"status":{{{status}}}}
        """);
}
