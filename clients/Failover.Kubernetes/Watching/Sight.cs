using Failover.Domain.Health;

namespace Failover.Kubernetes.Watching;

/// <summary>Which of a member's watches are open, and since when the others are not. Thread-safe.</summary>
internal sealed class Sight(TimeProvider time, Action changed)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, (long Since, SightLoss Loss)> broken = new(StringComparer.Ordinal);

    /// <summary>The watch is closed, from now or from before.</summary>
    public void Lose(string resource, ApiTrouble trouble, string detail)
    {
        lock (gate)
        {
            broken[resource] = (broken.TryGetValue(resource, out var before) ? before.Since : time.GetTimestamp(), new SightLoss(trouble, $"{resource}: {detail}"));
        }
    }

    /// <summary>The list is complete and the watch that follows it is open.</summary>
    public void Regain(string resource)
    {
        lock (gate)
        {
            broken.Remove(resource);
        }

        changed();
    }

    /// <summary>For how long the resource has been out of sight.</summary>
    public TimeSpan LostFor(string resource)
    {
        lock (gate)
        {
            return broken.TryGetValue(resource, out var entry) ? time.GetElapsedTime(entry.Since) : TimeSpan.Zero;
        }
    }

    /// <summary>The one that has been out of sight the longest, or <see langword="null"/> if all are in sight.</summary>
    public (TimeSpan For, SightLoss Loss)? Worst()
    {
        lock (gate)
        {
            return broken.Count == 0 ? null : broken.Values.Select(entry => (For: time.GetElapsedTime(entry.Since), entry.Loss)).MaxBy(entry => entry.For);
        }
    }
}
