namespace Failover.Simulator.Cluster;

/// <summary>Collects when the cluster has to act next, so that one timer serves the whole member.</summary>
internal sealed class Deadlines
{
    public DateTimeOffset? Next { get; private set; }

    public void Clear() => Next = null;

    public void Add(DateTimeOffset at)
    {
        if (Next is null || at < Next)
            Next = at;
    }
}
