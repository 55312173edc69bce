using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace Failover.Simulator.Tests.ApiServer;

/// <summary>Watches by the real client library.</summary>
public sealed class WatchTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Watch_ResumedFromAVersion_TellsWhatWasMissedAndThenWhatComes()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        var listed = await client.BatchV1.ListNamespacedJobAsync("train", cancellationToken: Cancellation);
        await client.CreateAsync(Jobs.Gang("missed", workers: 1, adjust: s => s.Suspend = true));
        test.Member.Settle();

        var seen = new List<(WatchEventType, string)>();
        await foreach (var (type, job) in client.BatchV1.WatchListNamespacedJobAsync(
            "train",
            resourceVersion: listed.Metadata.ResourceVersion,
            timeoutSeconds: 60,
            cancellationToken: Cancellation))
        {
            seen.Add((type, job.Metadata.Name));
            if (seen.Count == 2)
                await client.BatchV1.DeleteNamespacedJobAsync("missed", "train", propagationPolicy: "Background", cancellationToken: Cancellation);
            if (type == WatchEventType.Deleted)
                break;
        }

        Assert.Equal([(WatchEventType.Added, "missed"), (WatchEventType.Modified, "missed"), (WatchEventType.Deleted, "missed")], seen);
    }

    [Fact]
    public async Task Watch_FromBeyondTheHistory_IsGone()
    {
        await using var test = await TestMember.StartAsync(TestMember.Options with { WatchHistory = 16 });
        var client = test.Client();
        var listed = await client.BatchV1.ListNamespacedJobAsync("train", cancellationToken: Cancellation);
        for (var i = 0; i < 20; i++)
        {
            await client.CreateAsync(Jobs.Gang($"j{i}", workers: 1, adjust: s => s.Suspend = true));
            test.Member.Settle();
        }

        Exception? told = null;
        var events = 0;
        await foreach (var _ in client.BatchV1.WatchListNamespacedJobAsync(
            "train",
            resourceVersion: listed.Metadata.ResourceVersion,
            onError: e => told = e,
            cancellationToken: Cancellation))
        {
            events++;
        }

        Assert.Equal(0, events);
        Assert.Equal(410, Assert.IsType<KubernetesException>(told).Status.Code);
    }

    [Fact]
    public async Task Watch_ThatAllowsBookmarks_GetsOneWithoutAnyChange()
    {
        await using var test = await TestMember.StartAsync();
        var http = test.Http();
        http.DefaultRequestHeaders.Authorization = new("Bearer", test.Member.TokenOf("viewer"));
        using var response = await http.GetAsync(
            "/api/v1/namespaces/train/pods?watch=1&allowWatchBookmarks=true&resourceVersion=1&timeoutSeconds=4000000",
            HttpCompletionOption.ResponseHeadersRead,
            Cancellation);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));

        // The watch sets its timer only after its headers are out, so time passes until it has.
        var line = reader.ReadLineAsync(Cancellation).AsTask();
        while (!line.IsCompleted)
        {
            test.Time.Advance(TimeSpan.FromSeconds(10));
            await Task.Yield();
        }

        var mark = JsonNode.Parse((await line)!)!;
        Assert.Equal("BOOKMARK", mark["type"]!.GetValue<string>());
        var version = mark["object"]!["metadata"]!["resourceVersion"]!.GetValue<string>();
        Assert.True(long.Parse(version) > 1, $"The bookmark says version {version}.");
    }

    [Fact]
    public async Task Watch_AfterItsTimeout_Ends()
    {
        await using var test = await TestMember.StartAsync();
        var http = test.Http();
        http.DefaultRequestHeaders.Authorization = new("Bearer", test.Member.TokenOf("viewer"));
        using var response = await http.GetAsync(
            "/api/v1/namespaces/train/pods?watch=1&timeoutSeconds=5",
            HttpCompletionOption.ResponseHeadersRead,
            Cancellation);

        test.Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("", await response.Content.ReadAsStringAsync(Cancellation));
    }
}
