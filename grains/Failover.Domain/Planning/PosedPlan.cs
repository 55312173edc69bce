using System.Collections.Immutable;
using Failover.Domain.Migration;
using Failover.Domain.Placement;

namespace Failover.Domain.Planning;

/// <summary>A run that may be placed, as it was when the problem was posed, and what its move would be called.</summary>
public sealed record PosedRun(RunState Run, MoveCause Cause);

/// <summary>What is to be solved, and what needs no plan.</summary>
/// <param name="Input">What it was made from.</param>
/// <param name="Candidates">Those that want a place, by uid.</param>
/// <param name="Problem">The problem.</param>
/// <param name="Events">For those that wait for something else: the brake, or their member.</param>
/// <param name="HoldFor">How long to wait for more losses before this is solved; zero: not at all.</param>
public sealed record PosedPlan(
    PlannerInput Input, ImmutableSortedDictionary<string, PosedRun> Candidates, PlacementProblem Problem, ImmutableArray<AddressedEvent> Events, TimeSpan HoldFor)
{
    /// <summary>Nobody wants a place: there is nothing to solve.</summary>
    public bool IsEmpty => Candidates.IsEmpty;
}
