using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Failover.Simulator.ApiServer;

/// <summary>Small readings and writings of JSON trees, as the API server needs them.</summary>
internal static class Json
{
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// A copy that shares nothing and holds no lazily parsed part: stored objects are read by many threads at once,
    /// which a tree that still unfolds itself on first access does not allow.
    /// </summary>
    public static JsonNode? Copy(JsonNode? node) => node switch
    {
        null => null,
        JsonObject o => Copy(o),
        JsonArray a => new JsonArray([.. a.Select(Copy)]),
        _ => node.DeepClone(),
    };

    public static JsonObject Copy(JsonObject source)
    {
        var copy = new JsonObject();
        foreach (var (key, value) in source)
            copy.Add(key, Copy(value));
        return copy;
    }

    public static byte[] Bytes(JsonNode node)
    {
        using var stream = new MemoryStream(1024);
        using (var writer = new Utf8JsonWriter(stream, Writing))
            node.WriteTo(writer);
        return stream.ToArray();
    }

    /// <summary>Parses an object; throws <see cref="JsonException"/> if it is none.</summary>
    public static JsonNode? Parse(ReadOnlySpan<byte> utf8) => JsonNode.Parse(utf8);

    public static JsonObject? Obj(this JsonObject? node, string key) => node?[key] as JsonObject;

    public static JsonArray? Arr(this JsonObject? node, string key) => node?[key] as JsonArray;

    public static string? Str(this JsonObject? node, string key) =>
        node?[key] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    public static bool? Bool(this JsonObject? node, string key) => node?[key]?.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    public static int? Int(this JsonObject? node, string key)
    {
        if (node?[key] is not JsonValue value || value.GetValueKind() != JsonValueKind.Number)
            return null;
        if (value.TryGetValue(out int i))
            return i;
        return value.TryGetValue(out long l) ? (int)Math.Clamp(l, int.MinValue, int.MaxValue) : null;
    }

    /// <summary>The child object, made if it is missing.</summary>
    public static JsonObject Ensure(this JsonObject node, string key)
    {
        if (node[key] is JsonObject child)
            return child;
        child = [];
        node[key] = child;
        return child;
    }

    public static void Default(this JsonObject node, string key, JsonNode value)
    {
        if (node[key] is null)
            node[key] = value;
    }

    public static JsonObject Metadata(this JsonObject node) => node.Ensure("metadata");

    public static Dictionary<string, string> Map(this JsonObject? node, string key)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        if (node.Obj(key) is { } entries)
            foreach (var (name, value) in entries)
                map[name] = value?.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : "";
        return map;
    }

    public static IEnumerable<string> Strings(this JsonObject? node, string key) =>
        node.Arr(key)?.OfType<JsonValue>().Where(v => v.GetValueKind() == JsonValueKind.String).Select(v => v.GetValue<string>()) ?? [];

    public static IEnumerable<JsonObject> Objects(this JsonObject? node, string key) => node.Arr(key)?.OfType<JsonObject>() ?? [];

    public static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

    public static string MicroTime(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'");
}
