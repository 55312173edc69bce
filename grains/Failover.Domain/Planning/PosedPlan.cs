using System.Collections.Immutable;
using Failover.Domain.Migration;
using Failover.Domain.Placement;

namespace Failover.Domain.Planning;

/// <summary>A run that may be placed, as it was when the problem was posed, and what its move would be called.</summary>
/// <param name="Run">The run.</param>
/// <param name="Cause">What its move would be called.</param>
/// <param name="IsDisplaced">It lost its place to a failure, and has the brake's permit.</param>
public sealed record PosedRun(RunState Run, MoveCause Cause, bool IsDisplaced = false)
{
    /// <summary>
    /// It brings work to the fleet that no failure has pushed out: a first place, or the return of a run that was preempted. A failed workload that is started again does not,
    /// as its GPUs were its own until then.
    /// </summary>
    public bool IsNewWork => !IsDisplaced && (Cause == MoveCause.Initial || Run.Epoch?.GivenUp == GivenUp.Preempted);
}

/// <summary>What is to be solved, and what needs no plan.</summary>
/// <param name="Input">What it was made from.</param>
/// <param name="Candidates">Those that want a place, by uid.</param>
/// <param name="Problem">The problem.</param>
/// <param name="Events">For those that wait for something else: the brake, or their member.</param>
/// <param name="HoldFor">How long to wait for more losses before this is solved; zero: not at all.</param>
public sealed record PosedPlan(
    PlannerInput Input, ImmutableSortedDictionary<string, PosedRun> Candidates, PlacementProblem Problem, ImmutableArray<AddressedEvent> Events, TimeSpan HoldFor)
{
    /// <summary>Whether the brake held somebody: nobody is preempted then.</summary>
    public bool BrakeHolds { get; init; }

    /// <summary>Nobody wants a place: there is nothing to solve.</summary>
    public bool IsEmpty => Candidates.IsEmpty;
}
