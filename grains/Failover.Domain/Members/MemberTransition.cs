using Failover.Domain.Health;

namespace Failover.Domain.Members;

/// <summary>What follows from a member's event.</summary>
/// <param name="State">The new state.</param>
/// <param name="Verdict">Set where the verdict changed.</param>
/// <param name="Reservation">Set for <see cref="MemberEvent.ReserveRequested"/>.</param>
/// <param name="MustStore">
/// Whether the new state must be stored before anything is told of it. False where only evidence and time moved on, which are void after a restart anyhow.
/// </param>
public sealed record MemberTransition(MemberState State, VerdictChange? Verdict, ReservationAnswer? Reservation, bool MustStore);

/// <summary>A member's verdict changed.</summary>
/// <param name="From">The verdict before.</param>
/// <param name="To">The verdict now.</param>
/// <param name="At">When.</param>
/// <param name="TroubleSince">The first sign of what it is about; <see langword="null"/> for a good verdict.</param>
/// <param name="Row">The row of <see cref="VerdictTable"/> that decided.</param>
/// <param name="Detail">For people.</param>
public sealed record VerdictChange(MemberVerdict From, MemberVerdict To, DateTimeOffset At, DateTimeOffset? TroubleSince, string Row, string Detail);

/// <summary>The ledger's answer to a request for GPUs.</summary>
public sealed record ReservationAnswer(string EffectId, bool Granted, string Detail);

/// <summary>Whether new work may be sent there, and why (not), for people.</summary>
public sealed record TargetAnswer(bool IsTarget, string Reason);
