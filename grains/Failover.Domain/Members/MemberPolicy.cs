using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;

namespace Failover.Domain.Members;

/// <summary>How a member weighs its evidence. The witnesses' own thresholds are in <see cref="Health.HealthPolicy"/>.</summary>
public sealed record MemberPolicy
{
    /// <summary>The configured sites; a quorum is more than half of these, whoever is alive. At least one.</summary>
    public required ImmutableArray<string> Sites { get; init; }

    /// <summary>How long good evidence counts; more than twice <see cref="Health.HealthPolicy.Refresh"/>. 1 s to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan EvidenceAgeMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long bad evidence counts: nothing is acted on that was not confirmed lately. More than twice <see cref="Health.HealthPolicy.RefreshInDoubt"/>. 1 s to 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan DoubtAgeMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long after the API's first miss a step must be seen to rise for it to speak against a loss: steps written before the event are read a little
    /// after it. At least <see cref="Health.HealthPolicy.ReadInterval"/>. 0 to 1 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan RiseMargin { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a lost member must show signs of life without a break before it is believed. 0 to 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan ReturnAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a verdict stands without any fresh evidence of the API before it is Unknown; a loss stands until contradicted. 10 s to 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "01:00:00")]
    public TimeSpan BlindAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long capacity counts after its watch broke off. 0 to 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan SightGrace { get; init; } = TimeSpan.FromSeconds(10);
}
