using System.Text.Json;

namespace Failover.Kubernetes.Watching;

/// <summary>Receives what a list and watch saw of one resource. Called from one task at a time.</summary>
internal interface IObjectSink
{
    /// <summary>All objects that there are.</summary>
    void Replace(IEnumerable<JsonElement> objects);

    /// <summary>One object was added or has changed.</summary>
    void Set(JsonElement changed);

    /// <summary>One object is gone.</summary>
    void Remove(JsonElement gone);
}

/// <summary>
/// What is kept of the objects of one resource, by Kubernetes uid. <paramref name="read"/> returns <see langword="null"/> for objects of no use.
/// <paramref name="gate"/> guards it, and is shared by the caches of one picture.
/// </summary>
internal sealed class ObjectCache<TFacts>(Func<JsonElement, TFacts?> read, Lock gate, Action changed) : IObjectSink
    where TFacts : class
{
    private readonly Dictionary<string, TFacts> facts = new(StringComparer.Ordinal);

    /// <summary>To be read under the gate.</summary>
    public IReadOnlyCollection<TFacts> Facts => facts.Values;

    public void Replace(IEnumerable<JsonElement> objects)
    {
        var fresh = objects.Select(entry => (Uid: UidOf(entry), Facts: read(entry))).Where(entry => entry.Facts is not null).ToList();
        lock (gate)
        {
            facts.Clear();
            foreach (var (uid, value) in fresh)
            {
                facts[uid] = value!;
            }
        }

        changed();
    }

    public void Set(JsonElement changedObject)
    {
        var uid = UidOf(changedObject);
        var value = read(changedObject);
        lock (gate)
        {
            // Nodes' status and pods' logs of events change all the time without touching what we keep.
            if (value is null ? !facts.Remove(uid) : facts.TryGetValue(uid, out var old) && old.Equals(value))
            {
                return;
            }

            if (value is not null)
            {
                facts[uid] = value;
            }
        }

        changed();
    }

    public void Remove(JsonElement gone)
    {
        lock (gate)
        {
            if (!facts.Remove(UidOf(gone)))
            {
                return;
            }
        }

        changed();
    }

    private static string UidOf(JsonElement entry) => entry.GetProperty("metadata").GetProperty("uid").GetString()!;
}
