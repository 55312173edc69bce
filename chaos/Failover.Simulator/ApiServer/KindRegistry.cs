using System.Collections.Concurrent;

namespace Failover.Simulator.ApiServer;

/// <summary>The resource types that a member serves: the built-in ones and what its CustomResourceDefinitions add.</summary>
internal sealed class KindRegistry
{
    private readonly ConcurrentDictionary<(string Group, string Version, string Plural), ResourceKind> _kinds = new();
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
            Add(new ResourceKind(
                spec.Str("group") ?? "",
                version.Str("name") ?? "",
                names.Str("plural") ?? "",
                names.Str("kind") ?? "",
                Namespaced: spec.Str("scope") == "Namespaced",
                CountsGeneration: true,
                IsCustom: true));
        }
    }

    private void Add(ResourceKind kind)
    {
        _store.Register(kind);
        _kinds[(kind.Group, kind.Version, kind.Plural)] = kind;
    }
}
