using System.Net;
using System.Text.Json;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Failover.Simulator.Tests.ApiServer;

/// <summary>What the record does not show, or shows once only: pages, applies, subresources, custom resources, namespaces.</summary>
public sealed class ResourceTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task List_ByPages_GivesEveryObjectOnceAndOneVersion()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        for (var i = 0; i < 5; i++)
            await client.CreateAsync(Jobs.Gang($"j{i}", workers: 1, adjust: s => s.Suspend = true));

        var names = new List<string>();
        var versions = new HashSet<string>();
        string? token = null;
        do
        {
            var page = await client.BatchV1.ListNamespacedJobAsync("train", limit: 2, continueParameter: token, cancellationToken: Cancellation);
            names.AddRange(page.Items.Select(j => j.Metadata.Name));
            versions.Add(page.Metadata.ResourceVersion);
            token = page.Metadata.ContinueProperty;
        }
        while (!string.IsNullOrEmpty(token));

        Assert.Equal(["j0", "j1", "j2", "j3", "j4"], names);
        Assert.Single(versions);
    }

    [Fact]
    public async Task Apply_WithoutAFieldItOnceSet_RemovesItAndLeavesWhatOthersSet()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        await ApplyAsync(client, "one", """{"mine":"1","ours":"2"}""");
        await ApplyAsync(client, "two", """{"theirs":"3"}""");

        await ApplyAsync(client, "one", """{"ours":"2"}""");

        var map = await client.CoreV1.ReadNamespacedConfigMapAsync("c", "train", cancellationToken: Cancellation);
        Assert.Equal(["ours", "theirs"], map.Data.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["one", "two"], map.Metadata.ManagedFields.Select(f => f.Manager));
    }

    [Fact]
    public async Task Apply_ByForce_TakesTheFieldOver()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        await ApplyAsync(client, "one", """{"key":"1"}""");

        var refused = await Assert.ThrowsAsync<HttpOperationException>(() => ApplyAsync(client, "two", """{"key":"2"}"""));
        await ApplyAsync(client, "two", """{"key":"2"}""", force: true);

        Assert.Equal(HttpStatusCode.Conflict, refused.Response.StatusCode);
        var map = await client.CoreV1.ReadNamespacedConfigMapAsync("c", "train", cancellationToken: Cancellation);
        Assert.Equal("2", map.Data["key"]);
        Assert.Equal(["two"], map.Metadata.ManagedFields.Select(f => f.Manager));
    }

    [Fact]
    public async Task Binding_OfAPendingPod_BindsItOnce()
    {
        await using var test = await TestMember.StartAsync(TestMember.Options with { Pools = [] });
        var client = test.Client();
        await client.CreateAsync(Jobs.Gang("a", workers: 1));
        test.Member.Settle();
        var pod = (await client.PodsAsync()).Single();
        var binding = new V1Binding { Metadata = new V1ObjectMeta { Name = pod.Metadata.Name }, Target = new V1ObjectReference { Kind = "Node", Name = "n1" } };

        await client.CoreV1.CreateNamespacedPodBindingAsync(binding, pod.Metadata.Name, "train", cancellationToken: Cancellation);
        var again = await Assert.ThrowsAsync<HttpOperationException>(
            () => client.CoreV1.CreateNamespacedPodBindingAsync(binding, pod.Metadata.Name, "train", cancellationToken: Cancellation));

        Assert.Equal("n1", (await client.PodsAsync()).Single().Spec.NodeName);
        Assert.Equal(HttpStatusCode.Conflict, again.Response.StatusCode);
    }

    [Fact]
    public async Task Eviction_OfARunningPod_TerminatesItAndSaysWhy()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        await client.CreateAsync(Jobs.Gang("a", workers: 1));
        test.Pass(TimeSpan.FromSeconds(1));
        var name = test.ToldOf("started").Single().Name;

        await client.CoreV1.CreateNamespacedPodEvictionAsync(
            new V1Eviction { Metadata = new V1ObjectMeta { Name = name } }, name, "train", cancellationToken: Cancellation);
        test.Member.Settle();

        Assert.Equal(name, test.ToldOf("terminating").Single().Name);
        var pod = (await client.PodsAsync()).Single();
        Assert.Equal("EvictionByEvictionAPI", pod.Status.Conditions.Single(c => c.Type == "DisruptionTarget").Reason);
    }

    [Fact]
    public async Task CustomResources_OfADefinition_AreServed()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        await client.ApiextensionsV1.CreateCustomResourceDefinitionAsync(
            new V1CustomResourceDefinition
            {
                Metadata = new V1ObjectMeta { Name = "things.example.com" },
                Spec = new V1CustomResourceDefinitionSpec
                {
                    Group = "example.com",
                    Scope = "Namespaced",
                    Names = new V1CustomResourceDefinitionNames { Plural = "things", Kind = "Thing" },
                    Versions = [new V1CustomResourceDefinitionVersion { Name = "v1", Served = true, Storage = true }],
                },
            },
            cancellationToken: Cancellation);
        var thing = JsonSerializer.Deserialize<JsonElement>("""{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"t"},"spec":{"n":1}}""");

        await client.CustomObjects.CreateNamespacedCustomObjectAsync(thing, "example.com", "v1", "train", "things", cancellationToken: Cancellation);
        var read = (JsonElement)await client.CustomObjects.GetNamespacedCustomObjectAsync("example.com", "v1", "train", "things", "t", cancellationToken: Cancellation);

        Assert.Equal(1, read.GetProperty("spec").GetProperty("n").GetInt32());
        Assert.Equal(1, read.GetProperty("metadata").GetProperty("generation").GetInt32());
    }

    [Fact]
    public async Task DeletedNamespace_TakesNothingNewAndGoesOnceEmpty()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        await client.CreateAsync(Jobs.Gang("a", workers: 1));
        test.Pass(TimeSpan.FromSeconds(1));

        await client.CoreV1.DeleteNamespaceAsync("train", cancellationToken: Cancellation);
        var refused = await Assert.ThrowsAsync<HttpOperationException>(() => client.CreateAsync(Jobs.Gang("b", workers: 1)));
        test.Member.Settle();
        var waiting = await client.CoreV1.ReadNamespaceAsync("train", cancellationToken: Cancellation);
        test.Exit(test.ToldOf("terminating").Single(), exitCode: 0);
        test.Pass(TimeSpan.FromSeconds(1));

        Assert.Equal(HttpStatusCode.Forbidden, refused.Response.StatusCode);
        Assert.Equal("Terminating", waiting.Status.Phase);
        await Assert.ThrowsAsync<HttpOperationException>(() => client.CoreV1.ReadNamespaceAsync("train", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Body_ThatIsNoObjectOfItsType_IsABadRequest()
    {
        await using var test = await TestMember.StartAsync();
        var http = test.Http();
        http.DefaultRequestHeaders.Authorization = new("Bearer", test.Member.TokenOf("admin"));
        using var body = new StringContent("""{"metadata":{"name":"x","labels":7,"finalizers":[{}]},"spec":[1]}""");

        using var response = await http.PostAsync("/apis/batch/v1/namespaces/train/jobs", body, Cancellation);

        Assert.True(response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity, response.StatusCode.ToString());
    }

    private static async Task ApplyAsync(Kubernetes client, string manager, string data, bool force = false)
    {
        var applied = $$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{{data}}}""";
        await client.CoreV1.PatchNamespacedConfigMapAsync(
            new V1Patch(applied, V1Patch.PatchType.ApplyPatch), "c", "train", fieldManager: manager, force: force, cancellationToken: Cancellation);
    }
}
