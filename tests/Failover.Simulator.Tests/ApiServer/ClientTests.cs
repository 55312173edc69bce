using System.Net;
using System.Security.Authentication;
using Failover.Simulator.ApiServer;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Failover.Simulator.Tests.ApiServer;

/// <summary>The real client library against a member's API server.</summary>
public sealed class ClientTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Job_CreatedReadReplacedAndDeleted_IsWhatTheClientWrote()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();

        var created = await client.CreateAsync(Jobs.Gang("a", workers: 2, adjust: s => s.Suspend = true));
        created.Metadata.Annotations = new Dictionary<string, string> { ["note"] = "kept" };
        created.Metadata.ResourceVersion = null;
        await client.BatchV1.ReplaceNamespacedJobAsync(created, "a", "train", cancellationToken: Cancellation);
        var read = await client.JobAsync("a");
        await client.BatchV1.DeleteNamespacedJobAsync("a", "train", propagationPolicy: "Background", cancellationToken: Cancellation);
        var listed = await client.BatchV1.ListNamespacedJobAsync("train", cancellationToken: Cancellation);

        Assert.Equal(created.Metadata.Uid, read.Metadata.Uid);
        Assert.Equal("kept", read.Metadata.Annotations["note"]);
        Assert.Equal("a", read.Metadata.Labels["failover.dev/run"]);
        Assert.Empty(listed.Items);
    }

    [Fact]
    public async Task Create_OfTheSameName_ConflictsAndTheObserverSeesBoth()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();

        await client.CreateAsync(Jobs.Gang("a", workers: 1));
        var error = await Assert.ThrowsAsync<HttpOperationException>(() => client.CreateAsync(Jobs.Gang("a", workers: 1)));

        Assert.Equal(HttpStatusCode.Conflict, error.Response.StatusCode);
        var calls = test.Calls.Where(c => c.Verb == "create").ToList();
        Assert.Equal([201, 409], calls.Select(c => c.Status));
        Assert.Equal(("admin", "jobs", "a", "train", "east-1"), (calls[0].User, calls[0].Resource, calls[0].Name, calls[0].Namespace, calls[0].Member));
        Assert.Equal("a", calls[0].Labels!["failover.dev/run"]);
        Assert.Equal(test.Time.GetUtcNow(), calls[0].At);
    }

    [Fact]
    public async Task Delete_WithAnotherUid_ConflictsAndLeavesTheJob()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        var job = await client.CreateAsync(Jobs.Gang("a", workers: 1));

        var stale = new V1DeleteOptions { Preconditions = new V1Preconditions { Uid = Guid.Empty.ToString() }, PropagationPolicy = "Background" };
        var error = await Assert.ThrowsAsync<HttpOperationException>(
            () => client.BatchV1.DeleteNamespacedJobAsync("a", "train", stale, cancellationToken: Cancellation));
        var kept = await client.JobAsync("a");
        var exact = new V1DeleteOptions { Preconditions = new V1Preconditions { Uid = job.Metadata.Uid }, PropagationPolicy = "Background" };
        await client.BatchV1.DeleteNamespacedJobAsync("a", "train", exact, cancellationToken: Cancellation);

        Assert.Equal(HttpStatusCode.Conflict, error.Response.StatusCode);
        Assert.Equal(job.Metadata.Uid, kept.Metadata.Uid);
        await Assert.ThrowsAsync<HttpOperationException>(() => client.JobAsync("a"));
    }

    [Fact]
    public async Task DryRun_OfACreate_StoresNothing()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();

        var answer = await client.BatchV1.CreateNamespacedJobAsync(Jobs.Gang("a", workers: 1), "train", dryRun: "All", cancellationToken: Cancellation);

        Assert.NotNull(answer.Metadata.Uid);
        Assert.Null(answer.Metadata.ResourceVersion);
        Assert.Empty((await client.BatchV1.ListNamespacedJobAsync("train", cancellationToken: Cancellation)).Items);
        Assert.True(test.Calls.Single(c => c.Verb == "create").DryRun);
    }

    [Theory]
    [InlineData("viewer", HttpStatusCode.Forbidden)]
    [InlineData("nobody", HttpStatusCode.Forbidden)]
    [InlineData("late", HttpStatusCode.Unauthorized)]
    public async Task Create_ByAUserWhoMayNot_IsRefused(string user, HttpStatusCode expected)
    {
        await using var test = await TestMember.StartAsync();

        var error = await Assert.ThrowsAsync<HttpOperationException>(() => test.Client(user).CreateAsync(Jobs.Gang("a", workers: 1)));

        Assert.Equal(expected, error.Response.StatusCode);
    }

    [Fact]
    public async Task List_ByAViewer_IsAnswered()
    {
        await using var test = await TestMember.StartAsync();

        var nodes = await test.Client("viewer").CoreV1.ListNodeAsync(labelSelector: "failover.dev/sku=h100", cancellationToken: Cancellation);

        Assert.Equal(["aks-h100-0000", "aks-h100-0001", "aks-h100-0002", "aks-h100-0003"], nodes.Items.Select(n => n.Metadata.Name));
        Assert.All(nodes.Items, n => Assert.Equal("8", n.Status.Allocatable["nvidia.com/gpu"].ToString()));
        Assert.All(nodes.Items, n => Assert.Equal("True", n.Status.Conditions.Single(c => c.Type == "Ready").Status));
        Assert.All(nodes.Items, n => Assert.Null(n.Spec.Taints));
    }

    [Fact]
    public async Task Kubeconfig_WrittenForAUser_LetsAClientIn()
    {
        await using var test = await TestMember.StartAsync();
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            test.Member.WriteKubeconfig(path, "viewer");
            using var client = new Kubernetes(await KubernetesClientConfiguration.BuildConfigFromConfigFileAsync(new FileInfo(path)));
            var version = await client.Version.GetCodeAsync(Cancellation);
            var jobs = await client.BatchV1.ListNamespacedJobAsync("train", cancellationToken: Cancellation);

            Assert.Equal("36", version.Minor);
            Assert.Empty(jobs.Items);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task ClientCertificate_OfTheMembersAuthority_IsItsUser()
    {
        await using var test = await TestMember.StartAsync();
        using var certificate = test.Member.ClientCertificateOf("viewer");
        using var handler = new SocketsHttpHandler
        {
            SslOptions = { CertificateChainPolicy = test.Trust(), ClientCertificates = [certificate] },
        };
        using var http = new HttpClient(handler) { BaseAddress = test.Member.Endpoint };

        using var list = await http.GetAsync("/api/v1/nodes", Cancellation);
        using var delete = await http.DeleteAsync("/api/v1/nodes/aks-h100-0000", Cancellation);

        Assert.Equal(HttpStatusCode.OK, list.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, delete.StatusCode);
        Assert.Equal(["viewer", "viewer"], test.Calls.Select(c => c.User));
    }

    [Fact]
    public async Task Certificate_ForAnotherHost_IsRefusedByAStrictClient()
    {
        await using var test = await TestMember.StartAsync(TestMember.Options with { CertificateHostNames = ["elsewhere.example"] });

        var error = await Assert.ThrowsAsync<HttpRequestException>(() => test.Http().GetAsync("/readyz", Cancellation));

        Assert.IsType<AuthenticationException>(error.InnerException);
    }

    [Theory]
    [InlineData(1.0, 0.0, 500)]
    [InlineData(0.0, 1.0, 429)]
    public async Task ApiFault_WithAShareOfOne_FailsEveryRequestUntilItEnds(double errors, double throttles, int expected)
    {
        await using var test = await TestMember.StartAsync();
        var http = test.Http();

        test.Member.SetApiFault(new ApiFault { ErrorShare = errors, ThrottleShare = throttles });
        using var failed = await http.GetAsync("/readyz", Cancellation);
        test.Member.SetApiFault(ApiFault.None);
        using var healed = await http.GetAsync("/readyz", Cancellation);

        Assert.Equal(expected, (int)failed.StatusCode);
        Assert.Equal(expected == 429, failed.Headers.RetryAfter is not null);
        Assert.Equal(HttpStatusCode.OK, healed.StatusCode);
    }

    [Fact]
    public async Task Ids_OfTwoMembersWithTheSameSeed_AreTheSame()
    {
        await using var one = await TestMember.StartAsync();
        await using var two = await TestMember.StartAsync();

        var first = await one.Client().CreateAsync(Jobs.Gang("a", workers: 2));
        var second = await two.Client().CreateAsync(Jobs.Gang("a", workers: 2));
        one.Member.Settle();
        two.Member.Settle();

        Assert.Equal(first.Metadata.Uid, second.Metadata.Uid);
        Assert.Equal((await one.Client().PodsAsync()).Select(p => p.Metadata.Name), (await two.Client().PodsAsync()).Select(p => p.Metadata.Name));
    }
}
