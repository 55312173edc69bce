using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using k8s.Models;

namespace Failover.Simulator.ApiServer;

/// <summary>
/// The fields of the built-in types, read from the client library's generated models, which come from the server's own
/// OpenAPI document: enough to tell an unknown field, as <c>fieldValidation=Strict</c> asks.
/// </summary>
internal static class TypeSchema
{
    private static readonly Dictionary<ResourceKind, Type> Models = new()
    {
        [ResourceKind.Namespace] = typeof(V1Namespace),
        [ResourceKind.Node] = typeof(V1Node),
        [ResourceKind.Pod] = typeof(V1Pod),
        [ResourceKind.Job] = typeof(V1Job),
        [ResourceKind.Lease] = typeof(V1Lease),
    };

    private static readonly ConcurrentDictionary<Type, Dictionary<string, Type>> Fields = new();

    /// <summary>The paths of fields that the type does not have; none for types without a model here.</summary>
    public static IReadOnlyList<string> UnknownFields(ResourceKind kind, JsonObject tree)
    {
        var unknown = new List<string>();
        if (Models.TryGetValue(kind, out var model))
            Walk(tree, model, "", unknown);
        return unknown;
    }

    private static void Walk(JsonNode? node, Type type, string path, List<string> unknown)
    {
        if (node is JsonArray list && ItemType(type) is { } item)
        {
            for (var i = 0; i < list.Count; i++)
                Walk(list[i], item, $"{path}[{i}]", unknown);
        }

        if (node is not JsonObject o || type.Namespace != typeof(V1Job).Namespace)
            return;
        var fields = Fields.GetOrAdd(type, FieldsOf);

        // Quantities and either-or types are models of the library, but plain values on the wire.
        if (fields.Count == 0)
            return;
        foreach (var (key, value) in o)
        {
            var at = path.Length == 0 ? key : $"{path}.{key}";
            if (fields.TryGetValue(key, out var fieldType))
                Walk(value, fieldType, at, unknown);
            else
                unknown.Add(at);
        }
    }

    private static Type? ItemType(Type type) =>
        type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type) && type.GetGenericArguments() is [var item] ? item : null;

    private static Dictionary<string, Type> FieldsOf(Type type) => type
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Select(p => (p.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name, p.PropertyType))
        .Where(p => p.Name is not null)
        .ToDictionary(p => p.Name!, p => p.PropertyType, StringComparer.Ordinal);
}
