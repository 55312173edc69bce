using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace Failover.Simulator.ApiServer;

/// <summary>The resource types that a member serves: the built-in ones and what its CustomResourceDefinitions add.</summary>
internal sealed class KindRegistry
{
    private readonly ConcurrentDictionary<(string Group, string Version, string Plural), ResourceKind> _kinds = new();
    private readonly ConcurrentDictionary<ResourceKind, JsonObject> _schemas = new();
    private readonly ObjectStore _store;

    public KindRegistry(ObjectStore store)
    {
        _store = store;
        foreach (var kind in ResourceKind.BuiltIn)
            Add(kind);
    }

    public IEnumerable<ResourceKind> All => _kinds.Values.OrderBy(k => k.ApiVersion, StringComparer.Ordinal).ThenBy(k => k.Plural, StringComparer.Ordinal);

    public bool Serves(string group, string version) => _kinds.Keys.Any(k => k.Group == group && k.Version == version);

    public ResourceKind? Find(string group, string version, string plural) => _kinds.GetValueOrDefault((group, version, plural));

    public void AddDefined(StoredObject definition)
    {
        var spec = definition.Tree.Obj("spec");
        var names = spec.Obj("names");
        foreach (var version in spec.Objects("versions").Where(v => v.Bool("served") == true))
        {
            var kind = new ResourceKind(
                spec.Str("group") ?? "",
                version.Str("name") ?? "",
                names.Str("plural") ?? "",
                names.Str("kind") ?? "",
                Namespaced: spec.Str("scope") == "Namespaced",
                CountsGeneration: true,
                IsCustom: true);
            if (version.Obj("schema").Obj("openAPIV3Schema") is { } schema)
                _schemas[kind] = schema;
            Add(kind);
        }
    }

    /// <summary>What a CustomResourceDefinition says of the type's fields, or null.</summary>
    public JsonObject? SchemaOf(ResourceKind kind) => _schemas.GetValueOrDefault(kind);

    private void Add(ResourceKind kind)
    {
        _store.Register(kind);
        _kinds[(kind.Group, kind.Version, kind.Plural)] = kind;
    }
}
