using System.Collections.Immutable;
using Failover.Domain.Placement;

namespace Failover.Domain.Planning;

/// <summary>Before the brake is asked.</summary>
/// <param name="Events">Displaced runs' events, ordered by uid; stored before placement is decided.</param>
/// <param name="Permits">What to ask the brake, ordered by uid: the displaced, and those that already wait.</param>
/// <param name="Held">Reservations that still hold, for the members' ledgers.</param>
public sealed record DisplacementOutput(
    ImmutableArray<AddressedEvent> Events, ImmutableArray<PermitRequest> Permits, ImmutableArray<HeldReservation> Held);

/// <summary>After the brake has answered.</summary>
/// <param name="Plan">The plan, also of those that stay out.</param>
/// <param name="Events">Placed, NotPlaced and BrakeHeld, ordered by uid; nothing for runs whose wait has not changed.</param>
public sealed record PlannerOutput(PlacementPlan Plan, ImmutableArray<AddressedEvent> Events);
