using Failover.Abstractions.Ports;
using Failover.Simulator.ApiServer;
using k8s;
using k8s.Models;

namespace Failover.Kubernetes.Tests.Launching;

/// <summary>What a Job needs on a member is missed before a launch, by dry runs of the Job and of a pod of it.</summary>
public sealed class PreflightTests
{
    [Fact]
    public async Task Preflight_AllIsThere_DoneAndNothingIsStored()
    {
        await using var test = await TestMember.StartAsync();

        var result = await test.Client().PreflightAsync(Launches.Request());

        Assert.Equal((CallOutcome.Done, "it would be taken"), (result.Outcome, result.Detail));
        Assert.Empty((await test.Foreign().ListNamespacedJobAsync("train")).Items);
        Assert.Empty((await test.Foreign().ListNamespacedPodAsync("train")).Items);
    }

    [Fact]
    public async Task Preflight_RunThatIsLaunchedThereAlready_Done()
    {
        await using var test = await TestMember.StartAsync();
        await test.Client().LaunchAsync(Launches.Request());

        Assert.Equal(CallOutcome.Done, (await test.Client().PreflightAsync(Launches.Request())).Outcome);
    }

    [Fact]
    public async Task Preflight_NoNamespace_Refused() =>
        await AssertRefusedAsync(Launches.Request() with { Namespace = "nowhere" }, "namespaces \"nowhere\" not found");

    [Fact]
    public async Task Preflight_NoServiceAccount_Refused() =>
        await AssertRefusedAsync(Launches.Request() with { ServiceAccount = "trainer" }, "serviceaccount \"trainer\" not found");

    [Theory]
    [InlineData("priorityClassName", "frontier", "no PriorityClass with name frontier was found")]
    [InlineData("runtimeClassName", "gvisor", "RuntimeClass \"gvisor\" not found")]
    public async Task Preflight_ClassIsMissing_Refused(string field, string name, string said)
    {
        var workload = Launches.Job(4);
        workload["spec"]!["template"]!["spec"]![field] = name;

        await AssertRefusedAsync(Launches.Request(workload: workload), said);
    }

    [Theory]
    [InlineData("requests.nvidia.com/gpu", "3", "exceeded quota: limits, requested: requests.nvidia.com/gpu=4, used: requests.nvidia.com/gpu=0, limited: requests.nvidia.com/gpu=3")]
    [InlineData("count/jobs.batch", "0", "exceeded quota: limits, requested: count/jobs.batch=1")]
    public async Task Preflight_BeyondTheQuota_Refused(string resource, string hard, string said)
    {
        await using var test = await TestMember.StartAsync();
        var limits = new Dictionary<string, ResourceQuantity> { [resource] = new ResourceQuantity(hard) };
        await test.Foreign().CreateNamespacedResourceQuotaAsync(
            new V1ResourceQuota { Metadata = new V1ObjectMeta { Name = "limits" }, Spec = new V1ResourceQuotaSpec { Hard = limits } }, "train");

        var result = await test.Client().PreflightAsync(Launches.Request());

        Assert.Equal(CallOutcome.Invalid, result.Outcome);
        Assert.Contains(said, result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Preflight_NoRights_RefusedWithWhatIsMissing()
    {
        await using var test = await TestMember.StartAsync();

        var result = await test.Client("viewer").PreflightAsync(Launches.Request());

        Assert.Equal(CallOutcome.Invalid, result.Outcome);
        Assert.Contains("cannot create resource \"jobs\"", result.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, 1)]
    public async Task Preflight_BrownOut_IsNoWord(double errors, double throttled)
    {
        await using var test = await TestMember.StartAsync();
        test.Member.SetApiFault(new ApiFault { ErrorShare = errors, ThrottleShare = throttled });

        Assert.Equal(CallOutcome.Unknown, (await test.Client().PreflightAsync(Launches.Request())).Outcome);
    }

    private static async Task AssertRefusedAsync(LaunchRequest request, string said)
    {
        await using var test = await TestMember.StartAsync();

        var result = await test.Client().PreflightAsync(request);

        Assert.Equal(CallOutcome.Invalid, result.Outcome);
        Assert.Contains(said, result.Detail, StringComparison.Ordinal);
    }
}
