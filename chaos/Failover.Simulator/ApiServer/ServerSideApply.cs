using System.Text.Json.Nodes;

namespace Failover.Simulator.ApiServer;

/// <summary>
/// Server-side apply over managedFields entries of operation Apply. Fields that were set by other writes have no
/// recorded owner here, so they never conflict; the real server records those as well.
/// </summary>
internal static class ServerSideApply
{
    /// <summary>What the applied configuration makes of the current object; throws a 409 that names each conflict.</summary>
    public static JsonObject Apply(ResourceKind kind, JsonObject current, JsonObject applied, string manager, bool force, DateTimeOffset now)
    {
        var fields = Fields(applied);
        var owners = ReadOwners(current);
        var conflicts = fields
            .Where(f => !JsonNode.DeepEquals(Read(current, f.Value), Read(applied, f.Value)))
            .SelectMany(f => owners.Where(o => o.Key != manager && o.Value.ContainsKey(f.Key)).Select(o => (Manager: o.Key, Field: f.Key)))
            .ToList();
        if (conflicts.Count > 0 && !force)
            throw ApiException.ApplyConflict(conflicts);
        foreach (var (owner, field) in conflicts)
            owners[owner].Remove(field);

        // What this manager once applied and no longer does goes, unless somebody else wants it.
        if (owners.TryGetValue(manager, out var before))
        {
            foreach (var (name, path) in before)
            {
                if (!fields.ContainsKey(name) && !owners.Any(o => o.Key != manager && o.Value.ContainsKey(name)))
                    RemoveAt(current, path);
            }
        }

        Patches.StrategicMerge(current, Bare(applied));
        owners[manager] = fields;
        WriteOwners(kind, current, owners, manager, now);
        return current;
    }

    /// <summary>The applied object without what names it, which is nobody's field.</summary>
    private static JsonObject Bare(JsonObject applied)
    {
        var bare = Json.Copy(applied);
        bare.Remove("apiVersion");
        bare.Remove("kind");
        bare.Remove("status");
        if (bare.Obj("metadata") is { } metadata)
        {
            foreach (var key in (string[])["name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"])
                metadata.Remove(key);
            if (metadata.Count == 0)
                bare.Remove("metadata");
        }

        return bare;
    }

    private static Dictionary<string, string[]> Fields(JsonObject applied)
    {
        var fields = new Dictionary<string, string[]>(StringComparer.Ordinal);
        Collect(Bare(applied), [], fields);
        return fields;
    }

    private static void Collect(JsonNode? node, string[] path, Dictionary<string, string[]> fields)
    {
        if (node is JsonObject o && o.Count > 0)
        {
            foreach (var (key, value) in o)
                Collect(value, [.. path, "f:" + key], fields);
        }
        else if (node is JsonArray a && path.Length > 0 && Patches.MergeKey(path[^1][2..]) is { } mergeKey && a.All(i => i is JsonObject))
        {
            foreach (var item in a.OfType<JsonObject>())
            {
                var step = $"k:{new JsonObject { [mergeKey] = item[mergeKey]?.DeepClone() }.ToJsonString()}";
                Collect(item, [.. path, step], fields);
            }
        }
        else
        {
            fields[Display(path)] = path;
        }
    }

    private static string Display(string[] path) => string.Concat(path.Select(p => p[0] == 'f' ? "." + p[2..] : $"[{p[2..]}]"));

    private static JsonNode? Read(JsonNode? node, string[] path)
    {
        foreach (var step in path)
        {
            node = node switch
            {
                JsonObject o when step[0] == 'f' => o[step[2..]],
                JsonArray a when step[0] == 'k' => FindItem(a, step),
                _ => null,
            };
            if (node is null)
                return null;
        }

        return node;
    }

    private static JsonObject? FindItem(JsonArray list, string step)
    {
        var (key, value) = ((JsonObject)JsonNode.Parse(step[2..])!).First();
        return list.OfType<JsonObject>().FirstOrDefault(i => JsonNode.DeepEquals(i[key], value));
    }

    private static void RemoveAt(JsonObject tree, string[] path)
    {
        if (Read(tree, path[..^1]) is JsonObject parent)
            parent.Remove(path[^1][2..]);
    }

    private static Dictionary<string, Dictionary<string, string[]>> ReadOwners(JsonObject current)
    {
        var owners = new Dictionary<string, Dictionary<string, string[]>>(StringComparer.Ordinal);
        foreach (var entry in current.Metadata().Objects("managedFields").Where(e => e.Str("operation") == "Apply"))
        {
            var fields = new Dictionary<string, string[]>(StringComparer.Ordinal);
            ReadFields(entry.Obj("fieldsV1") ?? [], [], fields);
            owners[entry.Str("manager") ?? ""] = fields;
        }

        return owners;
    }

    private static void ReadFields(JsonObject node, string[] path, Dictionary<string, string[]> fields)
    {
        if (node.Count == 0)
            fields[Display(path)] = path;
        foreach (var (step, child) in node)
        {
            if (step != "." && child is JsonObject inner)
                ReadFields(inner, [.. path, step], fields);
        }
    }

    private static void Plant(JsonObject tree, string[] path)
    {
        foreach (var step in path)
            tree = tree.Ensure(step);
    }

    private static void WriteOwners(
        ResourceKind kind,
        JsonObject current,
        Dictionary<string, Dictionary<string, string[]>> owners,
        string manager,
        DateTimeOffset now)
    {
        var before = current.Metadata().Objects("managedFields").ToDictionary(e => e.Str("manager") ?? "", StringComparer.Ordinal);
        var entries = new JsonArray();
        foreach (var (owner, fields) in owners.Where(o => o.Value.Count > 0).OrderBy(o => o.Key, StringComparer.Ordinal))
        {
            var tree = new JsonObject();
            foreach (var path in fields.Values)
                Plant(tree, path);
            var unchanged = before.TryGetValue(owner, out var old) && JsonNode.DeepEquals(old["fieldsV1"], tree);
            entries.Add(new JsonObject
            {
                ["manager"] = owner,
                ["operation"] = "Apply",
                ["apiVersion"] = kind.ApiVersion,
                ["time"] = unchanged || owner != manager ? old?["time"]?.DeepClone() ?? Json.Time(now) : Json.Time(now),
                ["fieldsType"] = "FieldsV1",
                ["fieldsV1"] = tree,
            });
        }

        current.Metadata()["managedFields"] = entries;
    }
}
