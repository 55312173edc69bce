using System.Runtime.InteropServices;
using k8s.Models;

namespace Failover.Kubernetes.Watching;

/// <summary>
/// When each node's lease was last seen to change, on our own monotonic clock; the times that nodes write into their leases are compared only with each
/// other. A lease seen for the first time counts from then: silence is evidence only once it has lasted before our eyes. Not thread-safe.
/// </summary>
internal sealed class LeaseBook(TimeProvider time)
{
    /// <summary>The default of the kubelet, for leases that do not say.</summary>
    private const int DefaultDurationSeconds = 40;

    private const int DurationsMax = 3;

    private readonly Dictionary<string, Entry> entries = new(StringComparer.Ordinal);

    /// <summary>Notes a lease as it is now.</summary>
    public void Note(V1Lease lease)
    {
        ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(entries, lease.Metadata.Name, out var known);
        var duration = TimeSpan.FromSeconds(lease.Spec?.LeaseDurationSeconds is > 0 and var seconds ? seconds : DefaultDurationSeconds);
        // Another label on a lease is no renewal, though it changes the resourceVersion; a lease made anew is one.
        var renewal = (lease.Metadata.Uid, lease.Spec?.RenewTime);
        entry = new Entry(renewal, known && entry.Renewal == renewal ? entry.ChangedAt : time.GetTimestamp(), duration);
    }

    /// <summary>The lease is gone.</summary>
    public void Remove(string node) => entries.Remove(node);

    /// <summary>Forgets all but <paramref name="nodes"/>.</summary>
    public void Keep(IReadOnlySet<string> nodes)
    {
        foreach (var gone in entries.Keys.Where(node => !nodes.Contains(node)).ToList())
        {
            entries.Remove(gone);
        }
    }

    /// <summary>We did not look for a while, since our own process stood still: that time counts against nobody.</summary>
    public void Excuse(TimeSpan pause)
    {
        var ticks = (long)(pause.TotalSeconds * time.TimestampFrequency);
        foreach (var node in entries.Keys.ToList())
        {
            entries[node] = entries[node] with { ChangedAt = entries[node].ChangedAt + ticks };
        }
    }

    /// <summary>Those of these nodes that have no lease that changed within three of its durations.</summary>
    public HashSet<string> Silent(IEnumerable<string> nodes) => nodes
        .Where(node => !entries.TryGetValue(node, out var entry) || time.GetElapsedTime(entry.ChangedAt) > DurationsMax * entry.Duration)
        .ToHashSet(StringComparer.Ordinal);

    private readonly record struct Entry((string Uid, DateTime? RenewTime) Renewal, long ChangedAt, TimeSpan Duration);
}
