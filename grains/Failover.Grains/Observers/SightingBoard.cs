using System.Collections.Concurrent;
using Failover.Abstractions.Ports;

namespace Failover.Grains.Observers;

/// <summary>The latest picture that this silo's watchers have of each member. A memory aid, not a state: empty after a start.</summary>
internal sealed class SightingBoard
{
    private readonly ConcurrentDictionary<string, MemberObservation> _latest = new();

    public MemberObservation? Latest(string member) => _latest.GetValueOrDefault(member);

    public void Post(string member, MemberObservation observation) => _latest[member] = observation;

    public void Forget(string member) => _latest.TryRemove(member, out _);
}
