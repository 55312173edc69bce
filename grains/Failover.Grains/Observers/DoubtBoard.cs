using System.Collections.Concurrent;

namespace Failover.Grains.Observers;

/// <summary>Which members' APIs this silo's prober has doubts about: their runs' progress is read faster.</summary>
internal sealed class DoubtBoard
{
    private readonly ConcurrentDictionary<string, bool> _doubts = new();

    public bool InDoubt(string member) => _doubts.GetValueOrDefault(member);

    public void Forget(string member) => _doubts.TryRemove(member, out _);

    public void Post(string member, bool inDoubt) => _doubts[member] = inDoubt;
}
