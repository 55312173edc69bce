using Failover.Abstractions.Ports;
using Failover.Kubernetes.Tests.Watching;
using Failover.Simulator.ApiServer;
using Failover.Simulator.Cluster;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Failover.Kubernetes.Tests.Launching;

/// <summary>What <c>deploy/member-rbac.yaml</c> grants, enforced by the member: enough for all that our client does, and no more.</summary>
public sealed class MemberRightsTests
{
    private const string Account = "system:serviceaccount:failover:failover";
    private const string Tenant = "research";

    [Fact]
    public async Task Manifest_Applied_SufficesForTheWholeClient()
    {
        await using var test = await StartAsync();
        await ApplyAsync(test);
        var client = test.Client(Account);
        var observer = new RecordingObserver();
        using var ending = new CancellationTokenSource();
        var watching = client.WatchAsync(observer, TimeSpan.FromMilliseconds(1), ending.Token);

        var request = Launches.Request() with { Namespace = Tenant };
        Assert.Equal(ProbeAnswer.Ready, (await client.ProbeAsync(TestMember.Patience)).Answer);
        Assert.Equal(CallOutcome.Done, (await client.PreflightAsync(request)).Outcome);
        Assert.Equal(CallOutcome.Done, (await client.LaunchAsync(request)).Outcome);
        Assert.Equal("llm-01234567-e1 was there already", (await client.LaunchAsync(request)).Detail);
        var seen = await observer.SeeAsync(seen => !seen.Workloads.IsEmpty);
        Assert.Equal(4, seen.LeasesRenewed);
        Assert.Equal(CallOutcome.Done, (await client.DeleteAsync(seen.Workloads[0])).Outcome);
        await observer.SeeAsync(seen => seen.Workloads.IsEmpty);

        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
        Assert.DoesNotContain(test.Calls, call => call is { User: Account, Status: 403 });
    }

    [Fact]
    public async Task Manifest_NotApplied_NothingIsAllowed()
    {
        await using var test = await StartAsync();
        await test.Foreign().CreateNamespaceAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = Tenant } });

        var refused = await test.Client(Account).LaunchAsync(Launches.Request() with { Namespace = Tenant });

        Assert.Equal(CallOutcome.Refused, refused.Outcome);
        Assert.Contains("cannot create resource", refused.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("secrets")]
    [InlineData("configmaps")]
    [InlineData("serviceaccounts")]
    public async Task Manifest_Applied_LetsUsReadNothingElse(string resource)
    {
        await using var test = await StartAsync();
        await ApplyAsync(test);
        using var ours = new k8s.Kubernetes(Failover.Kubernetes.Connection.Kubeconfig.Load(new("m", "r", test.Kubeconfig(Account)), TestMember.Quick));

        var fault = await Assert.ThrowsAsync<HttpOperationException>(() => resource switch
        {
            "secrets" => ours.ListNamespacedSecretAsync(Tenant),
            "configmaps" => ours.ListNamespacedConfigMapAsync(Tenant),
            _ => (Task)ours.ListNamespacedServiceAccountAsync(Tenant),
        });

        Assert.Equal(System.Net.HttpStatusCode.Forbidden, fault.Response.StatusCode);
    }

    [Fact]
    public async Task Manifest_Applied_GivesNothingInOtherNamespaces()
    {
        await using var test = await StartAsync();
        await ApplyAsync(test);

        Assert.Equal(CallOutcome.Refused, (await test.Client(Account).LaunchAsync(Launches.Request())).Outcome);
    }

    private static Task<TestMember> StartAsync() =>
        TestMember.StartAsync(TestMember.Options with { Users = [new MemberUser("admin", MemberRole.Admin), new MemberUser(Account, MemberRole.Bound)] });

    private static async Task ApplyAsync(TestMember test)
    {
        var admin = test.Foreign();
        foreach (var item in KubernetesYaml.LoadAllFromString(await File.ReadAllTextAsync(Manifest())))
        {
            await (item switch
            {
                V1Namespace one => admin.CreateNamespaceAsync(one),
                V1ServiceAccount one => admin.CreateNamespacedServiceAccountAsync(one, one.Metadata.NamespaceProperty),
                V1ClusterRole one => admin.CreateClusterRoleAsync(one),
                V1ClusterRoleBinding one => admin.CreateClusterRoleBindingAsync(one),
                V1Role one => admin.CreateNamespacedRoleAsync(one, one.Metadata.NamespaceProperty),
                V1RoleBinding one => (Task)admin.CreateNamespacedRoleBindingAsync(one, one.Metadata.NamespaceProperty),
                _ => throw new NotSupportedException($"{item.GetType()} is nothing that the manifest has"),
            });
        }
    }

    private static string Manifest()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Failover.sln")))
            {
                return Path.Combine(folder.FullName, "silo", "Failover.Silo", "deploy", "member-rbac.yaml");
            }
        }

        throw new DirectoryNotFoundException("no Failover.sln above the tests");
    }
}
