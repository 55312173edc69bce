using System.Text.Json.Nodes;

namespace Failover.Simulator.ApiServer;

/// <summary>The patch types that change an object by itself; server-side apply has a file of its own.</summary>
internal static class Patches
{
    // The lists of the built-in types that a strategic merge joins by a key; all others are replaced whole.
    private static readonly Dictionary<string, string> MergeKeys = new(StringComparer.Ordinal)
    {
        ["conditions"] = "type",
        ["containers"] = "name",
        ["initContainers"] = "name",
        ["env"] = "name",
        ["volumes"] = "name",
        ["volumeMounts"] = "mountPath",
        ["ports"] = "containerPort",
        ["ownerReferences"] = "uid",
        ["podIPs"] = "ip",
        ["addresses"] = "type",
        ["imagePullSecrets"] = "name",
    };

    /// <summary>The key by which a list's items are told apart, or null if the list is one value.</summary>
    public static string? MergeKey(string field) => MergeKeys.GetValueOrDefault(field);

    /// <summary>RFC 7386.</summary>
    public static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (key, value) in patch)
        {
            if (value is null)
            {
                target.Remove(key);
            }
            else if (value is JsonObject change)
            {
                var child = target[key] as JsonObject ?? [];
                if (!ReferenceEquals(child, target[key]))
                    target[key] = child;
                Merge(child, change);
            }
            else
            {
                target[key] = value.DeepClone();
            }
        }
    }

    /// <summary>Kubernetes' strategic merge: as above, but lists with a merge key are joined item by item.</summary>
    public static void StrategicMerge(JsonObject target, JsonObject patch)
    {
        if (patch.Str("$patch") == "replace")
            target.Clear();
        foreach (var (key, value) in patch)
        {
            if (key.StartsWith('$'))
                continue;
            if (value is null)
                target.Remove(key);
            else if (value is JsonObject change)
                StrategicMerge(target.Ensure(key), change);
            else if (key == "finalizers" && value is JsonArray added)
                target[key] = Union(target.Arr(key), added);
            else if (value is JsonArray list && MergeKey(key) is { } mergeKey && list.All(i => i is JsonObject))
                target[key] = MergeList(target.Arr(key), list, mergeKey);
            else
                target[key] = value.DeepClone();
        }
    }

    /// <summary>RFC 6902. Throws a 422 if an operation does not apply or a test fails.</summary>
    public static JsonNode? Apply(JsonNode? document, JsonArray operations)
    {
        foreach (var operation in operations)
        {
            if (operation is not JsonObject op || op.Str("path") is not { } path)
                throw ApiException.Unprocessable();
            switch (op.Str("op"))
            {
                case "add":
                    document = Put(document, path, op["value"]?.DeepClone(), mustExist: false);
                    break;
                case "replace":
                    document = Put(document, path, op["value"]?.DeepClone(), mustExist: true);
                    break;
                case "remove":
                    Take(document, path);
                    break;
                case "test" when JsonNode.DeepEquals(Find(document, path), op["value"]):
                    break;
                case "copy" when op.Str("from") is { } from:
                    document = Put(document, path, Find(document, from)?.DeepClone(), mustExist: false);
                    break;
                case "move" when op.Str("from") is { } from:
                    document = Put(document, path, Take(document, from), mustExist: false);
                    break;
                default:
                    throw ApiException.Unprocessable();
            }
        }

        return document;
    }

    private static JsonArray Union(JsonArray? current, JsonArray added)
    {
        var union = current is null ? [] : (JsonArray)current.DeepClone();
        foreach (var item in added)
        {
            if (!union.Any(i => JsonNode.DeepEquals(i, item)))
                union.Add(item?.DeepClone());
        }

        return union;
    }

    // The patch's items come first, as the real server orders them.
    private static JsonArray MergeList(JsonArray? current, JsonArray patch, string mergeKey)
    {
        var rest = current?.OfType<JsonObject>().Select(i => (JsonObject)i.DeepClone()).ToList() ?? [];
        var merged = new JsonArray();
        foreach (var change in patch.OfType<JsonObject>())
        {
            var index = rest.FindIndex(i => JsonNode.DeepEquals(i[mergeKey], change[mergeKey]));
            var item = index < 0 ? [] : rest[index];
            if (index >= 0)
                rest.RemoveAt(index);
            if (change.Str("$patch") == "delete")
                continue;
            StrategicMerge(item, change);
            merged.Add(item);
        }

        foreach (var item in rest)
            merged.Add(item);
        return merged;
    }

    private static string[] Split(string path) =>
        [.. path.Split('/').Skip(1).Select(p => p.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];

    private static JsonNode? Find(JsonNode? document, string path)
    {
        foreach (var part in Split(path))
        {
            document = document switch
            {
                JsonObject o when o.TryGetPropertyValue(part, out var child) => child,
                JsonArray a when int.TryParse(part, out var index) && index >= 0 && index < a.Count => a[index],
                _ => throw ApiException.Unprocessable(),
            };
        }

        return document;
    }

    private static JsonNode? Put(JsonNode? document, string path, JsonNode? value, bool mustExist)
    {
        if (path.Length == 0)
            return value;
        var cut = path.LastIndexOf('/');
        var key = Split(path)[^1];
        switch (Find(document, path[..Math.Max(cut, 0)]))
        {
            case JsonObject o when !mustExist || o.ContainsKey(key):
                o[key] = value;
                break;
            case JsonArray a when key == "-" && !mustExist:
                a.Add(value);
                break;
            case JsonArray a when int.TryParse(key, out var index) && index >= 0 && index <= a.Count - (mustExist ? 1 : 0):
                if (mustExist)
                    a[index] = value;
                else
                    a.Insert(index, value);
                break;
            default:
                throw ApiException.Unprocessable();
        }

        return document;
    }

    private static JsonNode? Take(JsonNode? document, string path)
    {
        var taken = Find(document, path)?.DeepClone();
        var key = Split(path)[^1];
        switch (Find(document, path[..path.LastIndexOf('/')]))
        {
            case JsonObject o:
                o.Remove(key);
                break;
            case JsonArray a:
                a.RemoveAt(int.Parse(key));
                break;
        }

        return taken;
    }
}
