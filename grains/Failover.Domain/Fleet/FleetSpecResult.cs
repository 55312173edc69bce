using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Failover.Domain.Documents;

namespace Failover.Domain.Fleet;

/// <summary>A fleet document as read: the fleet, or everything that is wrong with it.</summary>
public sealed record FleetSpecResult(FleetSpec? Fleet, ImmutableArray<Fault> Faults)
{
    /// <summary>Whether there is a fleet.</summary>
    [MemberNotNullWhen(true, nameof(Fleet))]
    public bool IsValid => Fleet is not null;
}
