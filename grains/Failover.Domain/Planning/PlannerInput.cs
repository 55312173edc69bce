using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Failover.Domain.Fleet;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Placement;

namespace Failover.Domain.Planning;

/// <summary>All that the planner decides from, read from stored rows.</summary>
public sealed record PlannerInput
{
    /// <summary>The planner's time.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Numbers the snapshot; the plan carries it.</summary>
    public required long SnapshotVersion { get; init; }

    /// <summary>What the operator says there is.</summary>
    public required FleetSpec Fleet { get; init; }

    /// <summary>All runs; tombstones do no harm.</summary>
    public required ImmutableArray<RunState> Runs { get; init; }

    /// <summary>All members of the fleet that have a row.</summary>
    public required ImmutableArray<MemberState> Members { get; init; }

    /// <summary>What members said of runs' workloads; a pair that is not listed is not known to be refused.</summary>
    public ImmutableArray<PreflightFinding> Preflights { get; init; } = [];
}

/// <summary>What an operator may set of the planner.</summary>
public sealed record PlanningPolicy
{
    /// <summary>How places are valued.</summary>
    public PlacementPolicy Placement { get; init; } = new();

    /// <summary>The run machine's policy; its delay before a run is moved again is kept here.</summary>
    public RunPolicy Runs { get; init; } = new();

    /// <summary>The time over which a region's restore bandwidth is shared out; 1 minute to 1 day.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan RecoveryWindow { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>
    /// How long failovers wait for more of them, from the last that was displaced: members of a lost region are lost one after the other, and their runs are to be placed together.
    /// 0 to 1 min; 0 turns it off.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan GatherFor { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long they wait so at the most, from the first that was displaced. 0 to 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan GatherMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long a gang must have had pods on dead nodes, and its steps not have risen, for the run to be displaced though its member answers. 1 s to 1 h. Ten times that where
    /// the run sends no heartbeats, as its steps are not seen.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan GangDownAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The share of a returned member's GPUs that it may be given as new work in each <see cref="RampPeriod"/> since it returned, on top of what it was given before. Over 0, to 1.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double RampShare { get; init; } = 0.25;

    /// <summary>The period of <see cref="RampShare"/>. 0 to 1 h; 0 turns the ramp off.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan RampPeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a run waits for its old pods to be gone, so that it may start again in their place; then it is placed as things stand. 1 s to 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan StopLimit { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Who may have live runs of lower tiers give up their places. The default is those that lost their own to a failure: a tier is whatever a run's document says, and nobody
    /// should be able to stop others' runs by submitting one.
    /// </summary>
    [Range(typeof(PreemptionMode), nameof(PreemptionMode.Off), nameof(PreemptionMode.All))]
    public PreemptionMode Preemption { get; init; } = PreemptionMode.Displaced;

    /// <summary>
    /// What a preemption must gain at the least, as a share of what the runs that get places are worth there: their worth less that of those that leave, the work that these
    /// lose and their restart included. 0 to 1.
    /// </summary>
    [Range(0.0, 1.0)]
    public double PreemptGain { get; init; } = 0.25;

    /// <summary>The share of each member's GPUs, by type, that new work leaves free for runs that a failure displaces. 0 to 0.9; 0: none is kept.</summary>
    [Range(0.0, 0.9)]
    public double HeadroomShare { get; init; }

    /// <summary>
    /// 1: new work is only placed while the loss of any one region would leave as many free GPUs of each type elsewhere as runs use there. 0: that is not asked.
    /// </summary>
    [Range(0, 1)]
    public int HeadroomRegions { get; init; }

    /// <summary>Whether room is kept for the next failure at all.</summary>
    internal bool KeepsHeadroom => HeadroomShare > 0 || HeadroomRegions > 0;

    /// <summary>
    /// How long a run that was displaced is left alone once its member is no longer Lost: its epoch may have lived on, and progress would end the wait.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan ReturnGrace { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>An event for a run.</summary>
public sealed record AddressedEvent(string RunUid, RunEvent Event);

/// <summary>Which runs may preempt others.</summary>
public enum PreemptionMode
{
    /// <summary>None.</summary>
    Off,

    /// <summary>Those that were displaced by a failure, and have the brake's permit.</summary>
    Displaced,

    /// <summary>All that wait for a place, new ones as well.</summary>
    All,
}
