using Failover.Abstractions.Ports;
using Failover.Simulator.ApiServer;
using Failover.Simulator.Cluster;
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

    [Theory]
    [InlineData("requests.nvidia.com/gpu", "7", "the whole gang requests: requests.nvidia.com/gpu=8, used by others: requests.nvidia.com/gpu=0, limited: requests.nvidia.com/gpu=7")]
    [InlineData("pods", "1", "the whole gang requests: pods=2, used by others: pods=0, limited: pods=1")]
    public async Task Preflight_QuotaTakesAPodAndNotTheGang_Refused(string resource, string hard, string said)
    {
        await using var test = await TestMember.StartAsync();
        await LimitAsync(test, resource, hard);

        var result = await test.Client().PreflightAsync(Launches.Request());

        Assert.Equal((CallOutcome.Invalid, $"exceeded quota: limits, {said}"), (result.Outcome, result.Detail));
    }

    [Fact]
    public async Task Preflight_OthersUseTheQuota_RefusedUntilTheyAreGone()
    {
        await using var test = await TestMember.StartAsync();
        await LimitAsync(test, "requests.nvidia.com/gpu", "12");
        await test.Client().LaunchAsync(Launches.Request() with { RunUid = "fedcba9876543210" });
        test.Member.Settle();

        var result = await test.Client().PreflightAsync(Launches.Request());
        Assert.Contains("used by others: requests.nvidia.com/gpu=8, limited: requests.nvidia.com/gpu=12", result.Detail, StringComparison.Ordinal);

        await test.Foreign().DeleteCollectionNamespacedJobAsync("train", propagationPolicy: "Background");
        test.Pass(TimeSpan.FromMinutes(1));
        Assert.Equal(CallOutcome.Done, (await test.Client().PreflightAsync(Launches.Request())).Outcome);
    }

    [Fact]
    public async Task Preflight_TheRunItselfUsesTheQuota_Done()
    {
        await using var test = await TestMember.StartAsync();
        await LimitAsync(test, "requests.nvidia.com/gpu", "12");
        await test.Client().LaunchAsync(Launches.Request());
        test.Member.Settle();

        // Its pods are gone before its next epoch's come; the pod that is tried is one more beside them, for which there is room.
        Assert.Equal(CallOutcome.Done, (await test.Client().PreflightAsync(Launches.Request())).Outcome);
    }

    [Fact]
    public async Task Preflight_QuotaOfAScope_IsLeftToTheServer()
    {
        await using var test = await TestMember.StartAsync();
        await LimitAsync(test, "pods", "1", "Terminating");

        Assert.Equal(CallOutcome.Done, (await test.Client().PreflightAsync(Launches.Request())).Outcome);
    }

    [Fact]
    public async Task Preflight_QuotasMayNotBeRead_DoneAndSaysSo()
    {
        const string Account = "system:serviceaccount:failover:failover";
        await using var test = await TestMember.StartAsync(TestMember.Options with { Users = [new MemberUser("admin", MemberRole.Admin), new MemberUser(Account, MemberRole.Bound)] });
        await GrantAsync(test, Account);
        await LimitAsync(test, "requests.nvidia.com/gpu", "7");

        var result = await test.Client(Account).PreflightAsync(Launches.Request());

        Assert.Equal(CallOutcome.Done, result.Outcome);
        Assert.Contains("quotas could not be looked at", result.Note, StringComparison.Ordinal);
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

    private static Task<V1ResourceQuota> LimitAsync(TestMember test, string resource, string hard, string? scope = null) => test.Foreign().CreateNamespacedResourceQuotaAsync(
        new V1ResourceQuota
        {
            Metadata = new V1ObjectMeta { Name = "limits" },
            Spec = new V1ResourceQuotaSpec { Hard = new Dictionary<string, ResourceQuantity> { [resource] = new ResourceQuantity(hard) }, Scopes = scope is null ? null : [scope] },
        },
        "train");

    /// <summary>The rights of before quotas were looked at.</summary>
    private static async Task GrantAsync(TestMember test, string account)
    {
        var admin = test.Foreign();
        await admin.CreateClusterRoleAsync(new V1ClusterRole
        {
            Metadata = new V1ObjectMeta { Name = "launch" },
            Rules =
            [
                new V1PolicyRule { ApiGroups = ["batch"], Resources = ["jobs"], Verbs = ["create", "get", "delete"] },
                new V1PolicyRule { ApiGroups = [""], Resources = ["pods"], Verbs = ["create"] },
            ],
        });
        await admin.CreateClusterRoleBindingAsync(new V1ClusterRoleBinding
        {
            Metadata = new V1ObjectMeta { Name = "launch" },
            RoleRef = new V1RoleRef { ApiGroup = "rbac.authorization.k8s.io", Kind = "ClusterRole", Name = "launch" },
            Subjects = [new Rbacv1Subject { Kind = "ServiceAccount", Name = "failover", NamespaceProperty = "failover" }],
        });
    }
}
