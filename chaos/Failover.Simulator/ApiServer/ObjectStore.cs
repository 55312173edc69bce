using System.Text.Json.Nodes;

namespace Failover.Simulator.ApiServer;

internal enum ChangeType
{
    Added,
    Modified,
    Deleted,
}

/// <summary>One entry of a type's history.</summary>
internal sealed record Change(long Revision, ChangeType Type, StoredObject Object, StoredObject? Previous);

/// <summary>What a list found: the items, the revision they were read at, and what is left beyond the limit.</summary>
internal sealed record ObjectPage(IReadOnlyList<StoredObject> Items, long Revision, int Remaining);

/// <summary>
/// What a watch has not seen yet, up to a revision; <see cref="Horizon"/> is set if part of that is no longer in the history.
/// </summary>
internal sealed record ChangePage(IReadOnlyList<Change> Changes, long Revision, long? Horizon);

/// <summary>
/// A member's etcd and watch cache in one: every object by type, one revision counter over all of them, and a bounded
/// history per type. All calls are safe from any thread; callbacks run inside the lock and must be pure.
/// </summary>
internal sealed class ObjectStore(TimeProvider time, int seed, int historyLimit)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ResourceKind, ObjectShelf> _shelves = [];
    private readonly HashSet<string> _uids = new(StringComparer.Ordinal);
    private readonly Random _random = new(seed);
    private long _revision = 1;
    private bool _isFrozen;

    public TimeProvider Time => time;

    /// <summary>Set while the power is off: nothing is written.</summary>
    public bool IsFrozen
    {
        get
        {
            lock (_gate)
                return _isFrozen;
        }

        set
        {
            lock (_gate)
                _isFrozen = value;
        }
    }

    public void Register(ResourceKind kind)
    {
        lock (_gate)
            _shelves.TryAdd(kind, new ObjectShelf(_revision > 1 ? _revision : 0));
    }

    public string NewUid()
    {
        Span<byte> bytes = stackalloc byte[16];
        lock (_gate)
            _random.NextBytes(bytes);
        bytes[7] = (byte)((bytes[7] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes).ToString();
    }

    /// <summary>Five characters, without those that make words or look alike.</summary>
    public string NewSuffix()
    {
        const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";
        Span<char> suffix = stackalloc char[5];
        lock (_gate)
        {
            foreach (ref var c in suffix)
                c = Alphabet[_random.Next(Alphabet.Length)];
        }

        return new string(suffix);
    }

    /// <summary>From 0 up to 1.</summary>
    public double NextShare()
    {
        lock (_gate)
            return _random.NextDouble();
    }

    public bool HasUid(string uid)
    {
        lock (_gate)
            return _uids.Contains(uid);
    }

    public StoredObject? Find(ResourceKind kind, string ns, string name)
    {
        lock (_gate)
            return _shelves[kind].Objects.GetValueOrDefault(new ObjectKey(ns, name));
    }

    public StoredObject Get(ResourceKind kind, string ns, string name) => Find(kind, ns, name) ?? throw ApiException.NotFound(kind, name);

    /// <summary>All objects of a type, in order of namespace and name.</summary>
    public IReadOnlyList<StoredObject> All(ResourceKind kind)
    {
        lock (_gate)
            return [.. _shelves[kind].Objects.Values];
    }

    public ObjectPage List(ResourceKind kind, Func<StoredObject, bool> wanted, ObjectKey? after, int limit)
    {
        lock (_gate)
        {
            var items = new List<StoredObject>();
            var remaining = 0;
            foreach (var (key, found) in _shelves[kind].Objects)
            {
                if ((after is { } start && ObjectKey.Order.Compare(key, start) <= 0) || !wanted(found))
                    continue;
                if (limit > 0 && items.Count == limit)
                    remaining++;
                else
                    items.Add(found);
            }

            return new ObjectPage(items, _revision, remaining);
        }
    }

    public StoredObject Create(ResourceKind kind, JsonObject tree, bool dryRun)
    {
        lock (_gate)
        {
            var shelf = Writable(kind);
            var metadata = tree.Metadata();
            var key = new ObjectKey(metadata.Str("namespace") ?? "", metadata.Str("name") ?? "");
            if (shelf.Objects.ContainsKey(key))
                throw ApiException.AlreadyExists(kind, key.Name);
            metadata["creationTimestamp"] = Json.Time(time.GetUtcNow());
            if (kind.CountsGeneration)
                metadata["generation"] = 1;
            if (dryRun)
                return new StoredObject(kind, Json.Copy(tree), 0);
            metadata["resourceVersion"] = (++_revision).ToString();
            var created = new StoredObject(kind, Json.Copy(tree), _revision);
            shelf.Objects.Add(key, created);
            _uids.Add(created.Uid);
            shelf.Append(new Change(_revision, ChangeType.Added, created, Previous: null), historyLimit);
            return created;
        }
    }

    /// <summary>
    /// Replaces an object by what <paramref name="change"/> makes of a copy of it; the same outcome again is no write.
    /// An object that is being deleted and that nothing holds back any more goes.
    /// </summary>
    public StoredObject Mutate(ResourceKind kind, string ns, string name, Func<JsonObject, JsonObject> change, bool dryRun = false)
    {
        lock (_gate)
        {
            var shelf = Writable(kind);
            if (!shelf.Objects.TryGetValue(new ObjectKey(ns, name), out var current))
                throw ApiException.NotFound(kind, name);
            var tree = change(Json.Copy(current.Tree));
            KeepIdentity(current, tree);
            if (JsonNode.DeepEquals(tree, current.Tree))
                return current;
            if (kind.CountsGeneration && !JsonNode.DeepEquals(Desired(tree), Desired(current.Tree)))
                tree.Metadata()["generation"] = (current.Metadata.Int("generation") ?? 0) + 1;
            if (dryRun)
                return new StoredObject(kind, Json.Copy(tree), current.Revision);
            return Commit(shelf, current, tree);
        }
    }

    /// <summary>
    /// Deletes an object. <paramref name="mark"/> says on a copy of it what its deletion leaves, and returns whether
    /// anything holds the object back; if nothing does, it goes at once, in the state that it had.
    /// </summary>
    public Deleted Delete(ResourceKind kind, string ns, string name, Func<JsonObject, bool> mark, bool dryRun)
    {
        lock (_gate)
        {
            var shelf = Writable(kind);
            if (!shelf.Objects.TryGetValue(new ObjectKey(ns, name), out var current))
                throw ApiException.NotFound(kind, name);
            var tree = Json.Copy(current.Tree);
            var isHeld = mark(tree);
            if (dryRun)
                return new Deleted(new StoredObject(kind, tree, current.Revision), !isHeld);
            if (!isHeld)
                return new Deleted(Drop(shelf, current, Json.Copy(current.Tree)), IsGone: true);
            if (JsonNode.DeepEquals(tree, current.Tree))
                return new Deleted(current, IsGone: false);
            if (kind.CountsGeneration && !current.IsDeleting)
                tree.Metadata()["generation"] = (current.Metadata.Int("generation") ?? 0) + 1;
            return new Deleted(Commit(shelf, current, tree), IsGone: false);
        }
    }

    public void Subscribe(ChangeSignal signal, params ReadOnlySpan<ResourceKind> kinds)
    {
        lock (_gate)
        {
            foreach (var kind in kinds)
                _shelves[kind].Signals.Add(signal);
        }
    }

    public void Unsubscribe(ChangeSignal signal, ResourceKind kind)
    {
        lock (_gate)
            _shelves[kind].Signals.Remove(signal);
    }

    public ChangePage Since(ResourceKind kind, long revision)
    {
        lock (_gate)
        {
            var shelf = _shelves[kind];
            return revision < shelf.Horizon
                ? new ChangePage([], _revision, shelf.Horizon)
                : new ChangePage(shelf.After(revision), _revision, Horizon: null);
        }
    }

    public long Revision
    {
        get
        {
            lock (_gate)
                return _revision;
        }
    }

    private ObjectShelf Writable(ResourceKind kind) => _isFrozen ? throw new MemberOffException() : _shelves[kind];

    private StoredObject Commit(ObjectShelf shelf, StoredObject current, JsonObject tree)
    {
        var metadata = tree.Metadata();
        // A namespace goes once its contents are gone; its controller removes it.
        if (current.Kind != ResourceKind.Namespace
            && metadata.ContainsKey("deletionTimestamp")
            && metadata.Arr("finalizers") is not { Count: > 0 }
            && (metadata.Int("deletionGracePeriodSeconds") ?? 0) == 0)
        {
            return Drop(shelf, current, tree);
        }

        metadata["resourceVersion"] = (++_revision).ToString();
        var next = new StoredObject(current.Kind, Json.Copy(tree), _revision);
        shelf.Objects[next.Key] = next;
        shelf.Append(new Change(_revision, ChangeType.Modified, next, current), historyLimit);
        return next;
    }

    private StoredObject Drop(ObjectShelf shelf, StoredObject current, JsonObject tree)
    {
        tree.Metadata()["resourceVersion"] = (++_revision).ToString();
        var last = new StoredObject(current.Kind, Json.Copy(tree), _revision);
        shelf.Objects.Remove(current.Key);
        _uids.Remove(current.Uid);
        shelf.Append(new Change(_revision, ChangeType.Deleted, last, current), historyLimit);
        return last;
    }

    // Binding a pod is no new wish of its owner.
    private static JsonNode? Desired(JsonObject tree)
    {
        if (tree.Obj("spec") is not { } spec || !spec.ContainsKey("nodeName"))
            return tree["spec"];
        var desired = Json.Copy(spec);
        desired.Remove("nodeName");
        return desired;
    }

    private static void KeepIdentity(StoredObject current, JsonObject tree)
    {
        var metadata = tree.Metadata();
        string[] kept = ["name", "generateName", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp"];
        foreach (var key in kept)
        {
            if (current.Metadata[key] is { } value)
                metadata[key] = value.DeepClone();
            else
                metadata.Remove(key);
        }
    }
}

/// <summary>The member has no power: whoever asked gets no answer.</summary>
internal sealed class MemberOffException() : Exception("the member has no power");
