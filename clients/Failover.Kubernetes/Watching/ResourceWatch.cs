using System.Net;
using System.Text.Json;
using Failover.Domain.Health;
using Failover.Kubernetes.Connection;

namespace Failover.Kubernetes.Watching;

/// <summary>
/// Lists one resource and watches it from there. A watch that ends is resumed from the last version seen, bookmarks included; one that was out of sight
/// for longer than the grace, or whose version has expired, begins with a list again, so that what is reported then is not a picture of before.
/// </summary>
internal sealed class ResourceWatch(
    string resource, string path, string? selector, IObjectSink sink, Sight sight, MemberConnection connection, KubernetesOptions options, TimeProvider time)
{
    /// <summary>For the server to end a watch on its own before we do.</summary>
    private static readonly TimeSpan DurationSlack = TimeSpan.FromSeconds(10);

    /// <summary>A watch that ends sooner is counted as failed, lest a server that ends each one at once is asked without pause.</summary>
    private static readonly TimeSpan DurationMin = TimeSpan.FromSeconds(1);

    private readonly Random jitter = new();
    private volatile string? version;
    private int failures;

    /// <summary>What has been seen of the resource, as its server counts; <see langword="null"/>: it is listed first.</summary>
    public string? Version
    {
        get => version;
        init => version = value;
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        sight.Lose(resource, ApiTrouble.None, "not listed yet");
        while (true)
        {
            var answer = await ApiAnswer.FromAsync(RoundAsync, cancellationToken, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            sight.Lose(resource, answer.Trouble, answer.Ok ? "the watch ended" : answer.Detail);
            if (answer.Ok)
            {
                continue;
            }

            if (answer.Status == HttpStatusCode.Gone)
            {
                version = null;
            }

            await Task.Delay(Backoff(answer.RetryAfter), time, cancellationToken);
        }
    }

    /// <summary>One list, where needed, and one watch until it ends.</summary>
    private async Task<JsonElement> RoundAsync(CancellationToken cancellationToken)
    {
        var client = connection.Acquire();
        var listed = version is null || IsLongLost;
        if (listed)
        {
            version = await ListAsync(client, cancellationToken);
        }

        var duration = options.WatchDuration * (1 - (0.2 * jitter.NextDouble()));
        using var limit = new CancellationTokenSource(options.TryTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var response = await client.GetAsync(
            Query($"watch=1&allowWatchBookmarks=true&resourceVersion={version}&timeoutSeconds={(int)duration.TotalSeconds}"), both.Token);
        if (!listed && IsLongLost)
        {
            // It took so long to open that the loss has been told: begin with a list after all.
            version = null;
            return default;
        }

        sight.Regain(resource);
        // HTTP/2 pings notice a dead connection; this notices a server that forgets the watch.
        limit.CancelAfter(duration + DurationSlack);
        await ReadAsync(response, both.Token);
        return default;
    }

    private bool IsLongLost => sight.LostFor(resource) > options.SightGrace;

    /// <summary>All pages, then the sink is told at once; returns the version to watch from.</summary>
    private async Task<string> ListAsync(MemberKubernetes client, CancellationToken cancellationToken)
    {
        var objects = new List<JsonElement>();
        string? next = null;
        while (true)
        {
            using var limit = new CancellationTokenSource(options.TryTimeout, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            using var response = await client.GetAsync(Query($"limit={options.ListPageSize}" + (next is null ? "" : $"&continue={Uri.EscapeDataString(next)}")), both.Token);
            await using var stream = await response.Content.ReadAsStreamAsync(both.Token);
            var page = await JsonSerializer.DeserializeAsync<JsonElement>(stream, cancellationToken: both.Token);
            // A page without its objects is no empty page: nothing may be taken for gone by it.
            if (Member(page, "items") is { ValueKind: JsonValueKind.Array } items)
            {
                objects.AddRange(items.EnumerateArray());
            }

            next = OddJson.Text(page, "metadata", "continue");
            if (string.IsNullOrEmpty(next))
            {
                var listed = OddJson.Text(page, "metadata", "resourceVersion") ?? throw new JsonException("a list without its version");
                sink.Replace(objects);
                return listed;
            }
        }
    }

    private async Task ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var opened = time.GetTimestamp();
        try
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
            while (await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                Apply(line);
            }
        }
        finally
        {
            failures = time.GetElapsedTime(opened) < DurationMin ? failures : 0;
        }

        if (time.GetElapsedTime(opened) < DurationMin)
        {
            throw new IOException("the server ended the watch at once");
        }
    }

    private void Apply(string line)
    {
        using var document = JsonDocument.Parse(line);
        var type = OddJson.Text(document.RootElement, "type");
        var entry = Member(document.RootElement, "object");
        if (type == "ERROR")
        {
            throw new WatchErrorException(
                entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.Number && code.TryGetInt32(out var number) ? number : 0,
                OddJson.Text(entry, "message") ?? "");
        }

        switch (type)
        {
            case "ADDED" or "MODIFIED":
                sink.Set(entry);
                break;
            case "DELETED":
                sink.Remove(entry);
                break;
        }

        // Bookmarks carry nothing but this. An object without one was told as odd; the watch is resumed from before it.
        version = OddJson.Text(entry, "metadata", "resourceVersion") ?? version;
    }

    /// <summary>What a proxy makes up in the server's stead may be JSON of any shape: no bug of ours.</summary>
    private static JsonElement Member(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var member) ? member : throw new JsonException($"no '{name}'");

    private string Query(string query) => $"{path}?{query}" + (selector is null ? "" : "&" + selector);

    /// <summary>Exponential with full jitter, so that those whom one server's restart has thrown off do not come back at once.</summary>
    private TimeSpan Backoff(TimeSpan? asked)
    {
        var most = Math.Min(options.ReconnectDelayMax.TotalSeconds, options.ReconnectDelay.TotalSeconds * Math.Pow(2, Math.Min(failures++, 20)));
        var delay = TimeSpan.FromSeconds(most * jitter.NextDouble());
        return asked > delay ? asked.Value : delay;
    }
}
