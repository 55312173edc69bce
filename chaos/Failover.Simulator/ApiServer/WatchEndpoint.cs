using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Failover.Simulator.ApiServer;

/// <summary>Streams a type's changes, one JSON object a line, until its time-out, its caller or the member ends it.</summary>
internal sealed class WatchEndpoint(ObjectStore store, CancellationToken stopping)
{
    // The real server ends a watch without timeoutSeconds after 30 to 60 minutes.
    private static readonly TimeSpan TimeoutDefault = TimeSpan.FromMinutes(30);

    // The real server's is a minute; a shorter one lets watchers resume closer to the present.
    private static readonly TimeSpan BookmarkInterval = TimeSpan.FromSeconds(10);

    // As the real server does: a watch that is about to end tells how far it has come.
    private static readonly TimeSpan LastBookmarkBefore = TimeSpan.FromSeconds(2);

    public async Task StreamAsync(HttpContext context, ResourceRequest request)
    {
        var kind = request.Target.Kind;
        var wanted = Lists.Wanted(request);
        var timeout = request.QueryInt("timeoutSeconds") is { } seconds and > 0 ? TimeSpan.FromSeconds(seconds) : TimeoutDefault;
        using var ending = new CancellationTokenSource(timeout, store.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ending.Token, context.RequestAborted, stopping);
        var signal = new ChangeSignal();
        store.Subscribe(signal, kind);
        try
        {
            context.Response.StatusCode = 200;
            context.Response.ContentType = "application/json";

            // The caller learns that the watch stands before there is anything to tell.
            await context.Response.Body.FlushAsync(either.Token);
            var revision = await OpenAsync(context.Response.Body, request, wanted, either.Token);
            if (revision is { } from)
                await FollowAsync(context.Response.Body, request, wanted, from, timeout - LastBookmarkBefore, signal, either.Token);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // The usual end of a watch.
        }
        finally
        {
            store.Unsubscribe(signal, kind);
        }
    }

    /// <summary>The first events, and the revision to go on from; null if that is no longer in the history.</summary>
    private async Task<long?> OpenAsync(Stream body, ResourceRequest request, Func<StoredObject, bool> wanted, CancellationToken cancellationToken)
    {
        var kind = request.Target.Kind;
        var given = request.Query["resourceVersion"].ToString();
        var isStreamingList = request.Query["sendInitialEvents"] == "true";
        if (!isStreamingList && given is not ("" or "0"))
        {
            if (!long.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var revision))
                revision = 0;
            return await SendErrorIfGoneAsync(body, kind, revision, cancellationToken) ? null : revision;
        }

        var page = store.List(kind, wanted, after: null, limit: 0);
        using var lines = new MemoryStream();
        foreach (var found in page.Items)
            WriteEvent(lines, "ADDED", found);
        if (isStreamingList && AllowsBookmarks(request))
            WriteBookmark(lines, kind, page.Revision, isEndOfInitial: true);
        await SendAsync(body, lines, cancellationToken);
        return page.Revision;
    }

    private async Task FollowAsync(
        Stream body,
        ResourceRequest request,
        Func<StoredObject, bool> wanted,
        long revision,
        TimeSpan lastBookmarkAfter,
        ChangeSignal signal,
        CancellationToken cancellationToken)
    {
        var kind = request.Target.Kind;
        var firstBookmark = lastBookmarkAfter > TimeSpan.Zero && lastBookmarkAfter < BookmarkInterval ? lastBookmarkAfter : BookmarkInterval;
        using var bookmarks = AllowsBookmarks(request) ? store.Time.CreateTimer(_ => signal.Raise(), state: null, firstBookmark, BookmarkInterval) : null;
        var bookmarkAt = store.Time.GetTimestamp();
        while (!cancellationToken.IsCancellationRequested)
        {
            var page = store.Since(kind, revision);
            if (page.Horizon is not null)
            {
                await SendErrorIfGoneAsync(body, kind, revision, cancellationToken);
                return;
            }

            using var lines = new MemoryStream();
            foreach (var change in page.Changes)
                WriteChange(lines, change, wanted);
            revision = Math.Max(revision, page.Revision);
            if (bookmarks is not null && store.Time.GetElapsedTime(bookmarkAt) >= firstBookmark)
            {
                bookmarkAt = store.Time.GetTimestamp();
                firstBookmark = BookmarkInterval;
                WriteBookmark(lines, kind, revision, isEndOfInitial: false);
            }

            await SendAsync(body, lines, cancellationToken);
            await signal.WaitAsync(cancellationToken);
        }
    }

    private async Task<bool> SendErrorIfGoneAsync(Stream body, ResourceKind kind, long revision, CancellationToken cancellationToken)
    {
        if (store.Since(kind, revision).Horizon is not { } horizon)
            return false;
        using var lines = new MemoryStream();
        var status = ApiException.Expired(revision, horizon).ToStatus();
        WriteLine(lines, new JsonObject { ["type"] = "ERROR", ["object"] = status });
        await SendAsync(body, lines, cancellationToken);
        return true;
    }

    private static bool AllowsBookmarks(ResourceRequest request) => request.Query["allowWatchBookmarks"].ToString() is "true" or "1";

    // An object that enters or leaves the selection is told as added or deleted.
    private static void WriteChange(MemoryStream lines, Change change, Func<StoredObject, bool> wanted)
    {
        var was = change.Previous is { } previous && wanted(previous);
        var isNow = change.Type != ChangeType.Deleted && wanted(change.Object);
        if (isNow)
            WriteEvent(lines, was ? "MODIFIED" : "ADDED", change.Object);
        else if (was)
            WriteEvent(lines, "DELETED", change.Type == ChangeType.Deleted ? change.Object : change.Previous!.At(change.Revision));
    }

    private static void WriteEvent(MemoryStream lines, string type, StoredObject about)
    {
        lines.Write(Encoding.ASCII.GetBytes($"{{\"type\":\"{type}\",\"object\":"));
        about.WriteWhole(lines);
        lines.Write("}\n"u8);
    }

    private static void WriteBookmark(MemoryStream lines, ResourceKind kind, long revision, bool isEndOfInitial)
    {
        var metadata = new JsonObject { ["resourceVersion"] = revision.ToString() };
        if (isEndOfInitial)
            metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
        var mark = new JsonObject
        {
            ["type"] = "BOOKMARK",
            ["object"] = Blank(kind, metadata),
        };
        WriteLine(lines, mark);
    }

    // A bookmark carries an object of the type with nothing in it, as the type's own encoder writes that.
    private static JsonObject Blank(ResourceKind kind, JsonObject metadata)
    {
        var blank = new JsonObject { ["kind"] = kind.Kind, ["apiVersion"] = kind.ApiVersion, ["metadata"] = metadata };
        var pod = new JsonObject { ["containers"] = null };
        if (kind == ResourceKind.Pod)
            blank["spec"] = pod;
        else if (kind == ResourceKind.Job)
            blank["spec"] = new JsonObject { ["template"] = new JsonObject { ["metadata"] = new JsonObject(), ["spec"] = pod } };
        return blank;
    }

    private static void WriteLine(MemoryStream lines, JsonObject line)
    {
        lines.Write(Json.Bytes(line));
        lines.Write("\n"u8);
    }

    private static async Task SendAsync(Stream body, MemoryStream lines, CancellationToken cancellationToken)
    {
        if (lines.Length == 0)
            return;
        await body.WriteAsync(lines.GetBuffer().AsMemory(0, (int)lines.Length), cancellationToken);
        await body.FlushAsync(cancellationToken);
    }
}
