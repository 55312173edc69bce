using System.Collections.Immutable;
using Failover.Domain.Migration;

namespace Failover.Domain.Placement;

/// <summary>A proposed set of moves. Every run of the problem is in one of the two lists, each ordered by uid.</summary>
/// <param name="SnapshotVersion">That of the problem.</param>
/// <param name="Moves">Who goes where.</param>
/// <param name="Unplaced">Who goes nowhere, and why.</param>
/// <param name="Value">The sum of the moves' values, in thousandths of a GPU-hour's price.</param>
public sealed record PlacementPlan(
    long SnapshotVersion, ImmutableArray<PlannedMove> Moves, ImmutableArray<UnplacedRun> Unplaced, long Value);

/// <summary>A run's new place, what it is worth, and the bytes that count against the region's ingest.</summary>
public sealed record PlannedMove(string RunUid, Target Target, long Value, long IngestBytes);

/// <summary>A run without a place, with a reason for every member, ordered by member.</summary>
public sealed record UnplacedRun(string RunUid, ImmutableArray<MemberReason> PerMember);
