using System.Collections.Immutable;

namespace Failover.Domain.Health;

/// <summary>How a probe of a member's API ended.</summary>
public enum ProbeOutcome
{
    /// <summary>200.</summary>
    Ready,

    /// <summary>It answered, but not 200: counts as a miss, since nothing can be asked of it.</summary>
    NotReady,

    /// <summary>No answer in time, or no connection.</summary>
    NoAnswer,

    /// <summary>Our credentials, or its certificate, won't do: our side's fault, never a loss.</summary>
    NotTrusted,
}

/// <summary>Whether a member's API answers a site.</summary>
/// <param name="Answer">Unknown where the observer doubts itself, and where we are <paramref name="Refused"/>.</param>
/// <param name="For">For how long it has been so, by the observer's monotonic clock; for No, since the first miss.</param>
/// <param name="Refused">Our credentials won't do.</param>
/// <param name="Detail">For people.</param>
public sealed record ApiReport(Answer Answer, TimeSpan For, bool Refused, string Detail);

/// <summary>Whether a member's nodes are alive: ready, and with leases that are renewed.</summary>
/// <param name="Answer">Unknown where there are no nodes.</param>
/// <param name="Share">Of its nodes, 0 to 1.</param>
/// <param name="For">For how long the answer has been so.</param>
/// <param name="Detail">For people.</param>
public sealed record LeaseReport(Answer Answer, double Share, TimeSpan For, string Detail);

/// <summary>Whether a member's runs progress, as one site reads it from the stores.</summary>
public sealed record ProgressReport
{
    /// <summary>Yes: at least one steps. No: enough witnesses missed their intervals since anything last rose. Unknown: there are none, or no canary was answered.</summary>
    public required Answer Answer { get; init; }

    /// <summary>Runs whose step rose within their silence limit.</summary>
    public int Stepping { get; init; }

    /// <summary>Witnesses past it.</summary>
    public int Silent { get; init; }

    /// <summary>Runs that say nothing: starting, or in a store that does not answer or whose silence does not count.</summary>
    public int Unknown { get; init; }

    /// <summary>Whether a store outside the member's region answered our canary throughout the window.</summary>
    public bool CanaryOk { get; init; }

    /// <summary>How long ago anything last rose; <see langword="null"/> where nothing has since this observer started.</summary>
    public TimeSpan? RoseAgo { get; init; }

    /// <summary>For No: the shortest silence of the silent, which is the time since anything last rose while we could see it.</summary>
    public TimeSpan SilentFor { get; init; }

    /// <summary>The same, in intervals of the run that missed most of its own.</summary>
    public double SilentForIntervals { get; init; }

    /// <summary>Usual intervals as learnt, of the runs that are witnesses.</summary>
    public ImmutableArray<RunPace> Paces { get; init; } = [];
}

/// <summary>The usual interval between two rises of an attempt's step.</summary>
public sealed record RunPace(string RunUid, int Epoch, int Attempt, TimeSpan Usual);

/// <summary>
/// Progress as read from a store; for the run. <paramref name="First"/>: the first that was ever read of this attempt, which need not be a new step, as a
/// trainer may write the step that it resumed from before it steps.
/// </summary>
public sealed record RunRise(string RunUid, int Epoch, int Attempt, long Step, bool First = false);
