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
/// <paramref name="gate"/> guards it, and is shared by the caches of one picture. An object that can't be read is told to <paramref name="odd"/> and leaves what was known of it
/// as it was: it must not end the watch of all others.
/// </summary>
internal sealed class ObjectCache<TFacts>(Func<JsonElement, TFacts?> read, Lock gate, Action changed, Action<string> odd) : IObjectSink
    where TFacts : class
{
    private readonly Dictionary<string, TFacts> facts = new(StringComparer.Ordinal);

    /// <summary>To be read under the gate.</summary>
    public IReadOnlyCollection<TFacts> Facts => facts.Values;

    public void Replace(IEnumerable<JsonElement> objects)
    {
        var fresh = objects.Select(entry => (Uid: UidOf(entry), Read: TryRead(entry, out var value), Facts: value)).Where(entry => entry.Uid is not null).ToList();
        lock (gate)
        {
            var known = new Dictionary<string, TFacts>(facts, StringComparer.Ordinal);
            facts.Clear();
            foreach (var (uid, wasRead, value) in fresh)
            {
                if ((wasRead ? value : known.GetValueOrDefault(uid!)) is { } kept)
                {
                    facts[uid!] = kept;
                }
            }
        }

        changed();
    }

    public void Set(JsonElement changedObject)
    {
        if (UidOf(changedObject) is not { } uid || !TryRead(changedObject, out var value))
        {
            return;
        }

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
            if (UidOf(gone) is not { } uid || !facts.Remove(uid))
            {
                return;
            }
        }

        changed();
    }

    private string? UidOf(JsonElement entry)
    {
        var uid = OddJson.Text(entry, "metadata", "uid");
        if (string.IsNullOrEmpty(uid))
        {
            odd("an object without a metadata.uid is passed over");
            return null;
        }

        return uid;
    }

    private bool TryRead(JsonElement entry, out TFacts? value)
    {
        value = OddJson.Read(() => read(entry), entry, odd, out var wasRead);
        return wasRead;
    }
}
