using System.Text.Json.Nodes;
using Failover.Simulator.Cluster;

namespace Failover.Simulator.ApiServer;

/// <summary>
/// One version of an object, never changed once stored. Its tree leaves kind and apiVersion out, as lists do; it is
/// serialised once, so that reads and watches copy bytes only.
/// </summary>
internal sealed class StoredObject
{
    private readonly byte[] _json;
    private PodFacts? _podFacts;

    public StoredObject(ResourceKind kind, JsonObject tree, long revision)
    {
        Kind = kind;
        Tree = tree;
        Revision = revision;
        var metadata = tree.Metadata();
        Namespace = metadata.Str("namespace") ?? "";
        Name = metadata.Str("name") ?? "";
        Uid = metadata.Str("uid") ?? "";
        Labels = metadata.Map("labels");
        _json = Json.Bytes(tree);
    }

    public ResourceKind Kind { get; }

    /// <summary>Read only; to change it, copy it.</summary>
    public JsonObject Tree { get; }

    public long Revision { get; }

    public string Namespace { get; }

    public string Name { get; }

    public string Uid { get; }

    public IReadOnlyDictionary<string, string> Labels { get; }

    public ObjectKey Key => new(Namespace, Name);

    public JsonObject Metadata => (JsonObject)Tree["metadata"]!;

    public bool IsDeleting => Metadata.ContainsKey("deletionTimestamp");

    /// <summary>What controllers ask about a pod, read once a version.</summary>
    public PodFacts Pod => _podFacts ??= PodFacts.Read(this);

    /// <summary>The object's JSON in the form of a list item: without kind and apiVersion, unless it is a custom one.</summary>
    public void WriteItem(Stream target)
    {
        if (Kind.IsCustom)
            WriteWhole(target);
        else
            target.Write(_json);
    }

    /// <summary>The object's JSON with kind and apiVersion.</summary>
    public void WriteWhole(Stream target)
    {
        target.Write(Kind.Head.Span);
        target.Write(_json.AsSpan(1));
    }

    /// <summary>The same state under a later revision, as deletions are told.</summary>
    public StoredObject At(long revision)
    {
        var tree = Json.Copy(Tree);
        tree.Metadata()["resourceVersion"] = revision.ToString();
        return new StoredObject(Kind, tree, revision);
    }
}

/// <summary>Where an object lies within its type.</summary>
internal readonly record struct ObjectKey(string Namespace, string Name)
{
    /// <summary>By namespace, then by name: the order of lists.</summary>
    public static IComparer<ObjectKey> Order { get; } = Comparer<ObjectKey>.Create((a, b) =>
    {
        var byNamespace = string.CompareOrdinal(a.Namespace, b.Namespace);
        return byNamespace != 0 ? byNamespace : string.CompareOrdinal(a.Name, b.Name);
    });
}
