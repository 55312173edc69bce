using k8s;
using k8s.Models;

namespace Failover.Simulator.Tests.Cluster;

/// <summary>Four nodes of eight GPUs.</summary>
public sealed class GangSchedulerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Gang_ThatFits_IsBoundAtOnceToWholeNodes()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();

        await client.CreateAsync(Jobs.Gang("a", workers: 4));
        test.Member.Settle();

        var pods = await client.PodsAsync();
        Assert.Equal(4, pods.Select(p => p.Spec.NodeName).Distinct().Count());
        Assert.All(pods, p => Assert.Equal("eastus-1", p.Metadata.Labels["topology.kubernetes.io/zone"]));
    }

    [Fact]
    public async Task Gang_ThatDoesNotFitWhole_StaysPendingAndBlocksNoOther()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        await client.CreateAsync(Jobs.Gang("first", workers: 3));
        test.Member.Settle();

        await client.CreateAsync(Jobs.Gang("large", workers: 2));
        test.Pass(TimeSpan.FromSeconds(1));
        await client.CreateAsync(Jobs.Gang("small", workers: 1));
        test.Member.Settle();

        Assert.All(await client.PodsAsync("small"), p => Assert.NotNull(p.Spec.NodeName));
        Assert.All(await client.PodsAsync("large"), p =>
        {
            Assert.Null(p.Spec.NodeName);
            Assert.Equal("Pending", p.Status.Phase);
            var scheduled = p.Status.Conditions.Single(c => c.Type == "PodScheduled");
            Assert.Equal(("False", "Unschedulable"), (scheduled.Status, scheduled.Reason));
            Assert.StartsWith("0/4 nodes are available: 4 Insufficient nvidia.com/gpu", scheduled.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task WaitingGang_WhenRoomIsMade_IsBound()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        await client.CreateAsync(Jobs.Gang("first", workers: 3));
        test.Member.Settle();
        await client.CreateAsync(Jobs.Gang("second", workers: 2));
        test.Pass(TimeSpan.FromSeconds(2));

        foreach (var pod in test.ToldOf("started"))
            test.Exit(pod, exitCode: 0);

        Assert.All(await client.PodsAsync("second"), p => Assert.NotNull(p.Spec.NodeName));
    }

    [Fact]
    public async Task SmallPods_GoToTheFullestNode()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();

        await client.CreateAsync(Jobs.Gang("a", workers: 1, gpus: 4));
        test.Member.Settle();
        await client.CreateAsync(Jobs.Gang("b", workers: 1, gpus: 4));
        test.Member.Settle();

        Assert.Equal(["aks-h100-0000", "aks-h100-0000"], (await client.PodsAsync()).Select(p => p.Spec.NodeName));
    }

    [Fact]
    public async Task CordonedAndUnselectedNodes_TakeNothing()
    {
        await using var test = await TestMember.StartAsync(TestMember.Options with
        {
            Pools =
            [
                new("a100", "a100", "Standard_ND96asr_v4", Nodes: 1, GpusPerNode: 8, "eastus-1"),
                new("h100", "h100", "Standard_ND96isr_H100_v5", Nodes: 2, GpusPerNode: 8, "eastus-1"),
            ],
        });
        var client = test.Client();
        var cordon = new V1Patch("""{"spec":{"unschedulable":true}}""", V1Patch.PatchType.MergePatch);
        await client.CoreV1.PatchNodeAsync(cordon, "aks-h100-0000", cancellationToken: Cancellation);

        await client.CreateAsync(Jobs.Gang(
            "a",
            workers: 1,
            adjust: s => s.Template.Spec.NodeSelector = new Dictionary<string, string> { ["failover.dev/sku"] = "h100" }));
        test.Member.Settle();

        Assert.Equal("aks-h100-0001", (await client.PodsAsync()).Single().Spec.NodeName);
    }

    [Fact]
    public async Task Pods_WithoutGangScheduling_AreBoundOneByOne()
    {
        await using var test = await TestMember.StartAsync(TestMember.Options with { GangScheduling = false });
        var client = test.Client();

        await client.CreateAsync(Jobs.Gang("a", workers: 5));
        test.Member.Settle();

        Assert.Equal(4, (await client.PodsAsync()).Count(p => p.Spec.NodeName is not null));
    }
}
