namespace Failover.Domain.Health;

/// <summary>What a site's prober knows of a member's API. Times are readings of one monotonic clock.</summary>
public sealed record ProbeWitnessState
{
    /// <summary>What it says.</summary>
    public Answer Answer { get; init; }

    /// <summary>Whether our credentials are refused; <see cref="Answer"/> is Unknown then.</summary>
    public bool Refused { get; init; }

    /// <summary>Since when it has been so.</summary>
    public TimeSpan Since { get; init; }

    /// <summary>The kind of outcome seen last, how often in a row, and the first of that row.</summary>
    public ProbeStreak? Streak { get; init; }

    /// <summary>The last call.</summary>
    public TimeSpan? LastAt { get; init; }

    /// <summary>The last report.</summary>
    public TimeSpan? ReportedAt { get; init; }
}

/// <summary>Outcomes of one kind in a row.</summary>
public sealed record ProbeStreak(ProbeOutcome Kind, int Count, TimeSpan First);

/// <summary>What follows from a probe; no report where there is nothing new to tell.</summary>
public sealed record ProbeStep(ProbeWitnessState State, ApiReport? Report);
