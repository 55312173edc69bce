using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Failover.Simulator.ApiServer;

/// <summary>Answers lists, whole or by pages.</summary>
internal static class Lists
{
    /// <summary>What a list or a watch wants: by namespace, labels and fields.</summary>
    public static Func<StoredObject, bool> Wanted(ResourceRequest request)
    {
        var target = request.Target;
        var selected = Selectors.Parse(request.Query["labelSelector"], request.Query["fieldSelector"]);
        return o => (target.Namespace.Length == 0 || o.Namespace == target.Namespace) && selected(o);
    }

    public static ApiAnswer Answer(ObjectStore store, ResourceRequest request)
    {
        var limit = Math.Max(0, request.QueryInt("limit") ?? 0);
        var token = request.Query["continue"].ToString();
        var (since, after) = token.Length == 0 ? (0L, (ObjectKey?)null) : ReadToken(token);
        if (after is not null && store.Since(request.Target.Kind, since).Horizon is not null)
            throw ApiException.ContinueExpired();
        var page = store.List(request.Target.Kind, Wanted(request), after, limit);

        // Later pages keep the first one's revision: a watch from there sees whatever changed in between.
        var metadata = new JsonObject { ["resourceVersion"] = (after is null ? page.Revision : since).ToString() };
        if (page.Remaining > 0)
        {
            metadata["continue"] = WriteToken(after is null ? page.Revision : since, page.Items[^1].Key);
            if (request.Query["labelSelector"].Count == 0 && request.Query["fieldSelector"].Count == 0)
                metadata["remainingItemCount"] = page.Remaining;
        }
        else if (request.Target.Kind.IsCustom)
        {
            // Lists of custom objects are encoded from maps, which leave nothing out.
            metadata["continue"] = "";
        }

        return Page(request.Target.Kind, metadata, page.Items);
    }

    /// <summary>A list of the given items, as the type's lists are written.</summary>
    public static ApiAnswer Page(ResourceKind kind, JsonObject metadata, IReadOnlyList<StoredObject> items)
    {
        using var stream = new MemoryStream();
        stream.Write(Encoding.UTF8.GetBytes($"{{\"kind\":\"{kind.Kind}List\",\"apiVersion\":\"{kind.ApiVersion}\",\"metadata\":{metadata.ToJsonString()},\"items\":["));
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0)
                stream.WriteByte((byte)',');
            items[i].WriteItem(stream);
        }

        stream.Write("]}"u8);
        return new ApiAnswer(200, stream.ToArray());
    }

    private static string WriteToken(long revision, ObjectKey last)
    {
        var token = new JsonObject { ["v"] = "meta.k8s.io/v1", ["rv"] = revision, ["start"] = $"{last.Namespace}/{last.Name}\0" };
        return Convert.ToBase64String(Encoding.UTF8.GetBytes(token.ToJsonString())).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    private static (long Revision, ObjectKey? After) ReadToken(string token)
    {
        try
        {
            var base64 = token.Replace('-', '+').Replace('_', '/');
            var json = Convert.FromBase64String(base64.PadRight((base64.Length + 3) / 4 * 4, '='));
            if (Json.Parse(json) is JsonObject read && read["rv"] is JsonValue revision && read.Str("start")?.TrimEnd('\0').Split('/') is [var ns, var name])
                return (revision.GetValue<long>(), new ObjectKey(ns, name));
        }
        catch (Exception error) when (error is FormatException or JsonException or InvalidOperationException)
        {
            throw ApiException.BadRequest($"invalid continue token: continue key is not valid: {error.Message}");
        }

        throw ApiException.BadRequest("invalid continue token: continue key is not valid");
    }
}
