using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Failover.Domain.Documents;

namespace Failover.Domain.Runs;

/// <summary>A run's document as read: the spec, or everything that is wrong with it.</summary>
public sealed record RunSpecResult(RunSpec? Spec, ImmutableArray<Fault> Faults)
{
    /// <summary>Whether there is a spec.</summary>
    [MemberNotNullWhen(true, nameof(Spec))]
    public bool IsValid => Spec is not null;
}
