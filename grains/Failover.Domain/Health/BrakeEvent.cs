using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Failover.Domain.Health;

/// <summary>What can happen to the brake. <paramref name="At"/> never runs backwards for it.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Tick), "tick")]
[JsonDerivedType(typeof(Requested), "requested")]
[JsonDerivedType(typeof(Released), "released")]
[JsonDerivedType(typeof(IndependentEvidence), "independentEvidence")]
public abstract record BrakeEvent(DateTimeOffset At)
{
    /// <summary>Time passed: old permits are forgotten.</summary>
    public sealed record Tick(DateTimeOffset At) : BrakeEvent(At);

    /// <summary>
    /// From the planner, at every scan and also when empty: all that is displaced and not yet moving. That is how the brake learns that evidence returned.
    /// </summary>
    public sealed record Requested(DateTimeOffset At, ImmutableArray<MoveRequest> Displaced, FleetTotals Fleet) : BrakeEvent(At);

    /// <summary>A person lets pass what is displaced by now, and begins the window anew.</summary>
    public sealed record Released(DateTimeOffset At, string By) : BrakeEvent(At);

    /// <summary>An independent kind of evidence confirms the loss of regions: what is displaced there by now passes, uncharged.</summary>
    public sealed record IndependentEvidence(DateTimeOffset At, string Kind, ImmutableArray<string> Regions) : BrakeEvent(At);
}

/// <summary>A run that is to be moved involuntarily: out of <paramref name="Region"/>, of epoch <paramref name="Epoch"/>, displaced at that time.</summary>
public sealed record MoveRequest(string RunUid, int Epoch, string Region, int Gpus, DateTimeOffset DisplacedAt);

/// <summary>The fleet as a whole.</summary>
/// <param name="ByRegion">All runs that have an epoch, displaced and moving ones included, by that epoch's region.</param>
/// <param name="Members">All members.</param>
/// <param name="MembersOutOfReach">Those whose API does not answer.</param>
public sealed record FleetTotals(ImmutableArray<RegionUse> ByRegion, int Members, int MembersOutOfReach)
{
    /// <summary>GPUs in use in all.</summary>
    public int Gpus => ByRegion.Sum(region => region.Gpus);

    /// <summary>Runs that use them.</summary>
    public int Runs => ByRegion.Sum(region => region.Runs);
}

/// <summary>What is in use in a region: GPUs, and the runs that use them.</summary>
public sealed record RegionUse(string Region, int Gpus, int Runs);

/// <summary>What follows from an event: an answer for each run that was asked for, in that order.</summary>
/// <param name="State">The new state.</param>
/// <param name="Answers">Empty but for <see cref="BrakeEvent.Requested"/>.</param>
/// <param name="MustStore">Whether anything but the time changed.</param>
public sealed record BrakeTransition(BrakeState State, ImmutableArray<PermitAnswer> Answers, bool MustStore);

/// <summary>Whether an involuntary move may go on.</summary>
public sealed record PermitAnswer(string RunUid, int Epoch, bool Granted, string Detail);

/// <summary>How much may be moved involuntarily before we suspect ourselves.</summary>
public sealed record BrakePolicy
{
    /// <summary>The window in which permits add up. 1 min to 24 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The share of the fleet's GPUs in use that may be moved within the window. 0 to 1. One whole region always passes, everything at once never.</summary>
    [Range(0.0, 1.0)]
    public double ShareMax { get; init; } = 0.4;

    /// <summary>
    /// The share of the fleet's runs that may be moved within the window, each move counted. 0 to 1. Past either share it holds: many small runs that leave at once are as odd as a few
    /// large ones. The same as for GPUs, so that what passes by the one passes by the other where runs are of like size; one whole region passes whatever it holds.
    /// </summary>
    [Range(0.0, 1.0)]
    public double RunShareMax { get; init; } = 0.4;

    /// <summary>How long what is displaced must have been back within the limit before a held brake lets go by itself. 0 to 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan CalmFor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a permit is remembered so that the same (run, epoch) is not charged again. <see cref="Window"/> to 30 d.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan PermitMemory { get; init; } = TimeSpan.FromHours(24);
}
