using System.Collections.Immutable;
using Failover.Domain.Health;
using Failover.Domain.Placement;

namespace Failover.Domain.Planning;

/// <summary>Before the brake is asked.</summary>
/// <param name="Events">For the runs that lost their place, or their move's target; ordered by uid, one a run. To be stored before placement is decided.</param>
/// <param name="Requested">What to ask the brake, also when nobody is displaced: by uid, those of this pass and those that wait already.</param>
/// <param name="Regions">What the members of each region add up to, in the order of the fleet file; for people.</param>
public sealed record DisplacementOutput(
    ImmutableArray<AddressedEvent> Events,
    BrakeEvent.Requested Requested,
    ImmutableArray<RegionVerdict> Regions);

/// <summary>After the brake has answered.</summary>
/// <param name="Plan">What of the plan is acted upon, also of those that stay out.</param>
/// <param name="Events">Placed, NotPlaced and BrakeHeld, ordered by uid; nothing for runs whose wait has not changed.</param>
/// <param name="Rejected">Moves that no longer held when the plan was done.</param>
public sealed record PlannerOutput(PlacementPlan Plan, ImmutableArray<AddressedEvent> Events, ImmutableArray<RejectedMove> Rejected);
