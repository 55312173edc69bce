using System.Collections.Immutable;

namespace Failover.Domain.Health;

/// <summary>How a probe of a member's API ended.</summary>
public enum ProbeOutcome
{
    /// <summary>200, in time.</summary>
    Ready,

    /// <summary>It answered, but not 200 (429 and 5xx among them): it is there, and ill.</summary>
    NotReady,

    /// <summary>200, but only after <see cref="HealthPolicy.SlowAfter"/>: it is there, and ill.</summary>
    Slow,

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
public sealed record ApiReport(Answer Answer, TimeSpan For, bool Refused, string Detail)
{
    /// <summary>What the last probe met, where it does not answer as it should.</summary>
    public ApiTrouble Trouble { get; init; }

    /// <summary>It answers, but slowly or with errors: Degraded, and never evidence of a loss.</summary>
    public bool Ill { get; init; }
}

/// <summary>Whether a member's nodes are alive: ready, and with leases that are renewed.</summary>
/// <param name="Answer">Unknown where there are no nodes.</param>
/// <param name="Share">Of its nodes, 0 to 1.</param>
/// <param name="For">For how long the answer has been so.</param>
/// <param name="Detail">For people.</param>
public sealed record LeaseReport(Answer Answer, double Share, TimeSpan For, string Detail);

/// <summary>Whether a member's runs progress, as one site reads it from the stores.</summary>
public sealed record ProgressReport
{
    /// <summary>
    /// Yes: at least one shows life. No: enough witnesses missed their intervals since any last did, and the API is in doubt at this site. Unknown: neither, or no canary was
    /// answered.
    /// </summary>
    public required Answer Answer { get; init; }

    /// <summary>Runs that showed life (a step that rose, or a beat) within their silence limit.</summary>
    public int Stepping { get; init; }

    /// <summary>Witnesses past it.</summary>
    public int Silent { get; init; }

    /// <summary>Runs that say nothing: starting, or in a store that does not answer or whose silence does not count.</summary>
    public int Unknown { get; init; }

    /// <summary>Whether a store outside the member's region answered our canary throughout the window.</summary>
    public bool CanaryOk { get; init; }

    /// <summary>How long ago any last showed life; <see langword="null"/> where none has since this observer started.</summary>
    public TimeSpan? RoseAgo { get; init; }

    /// <summary>For No: the time since any last showed life while we could see it.</summary>
    public TimeSpan SilentFor { get; init; }

    /// <summary>The same, in intervals of the run that missed most of its own.</summary>
    public double SilentForIntervals { get; init; }

    /// <summary>Usual intervals as learnt, of the runs that are witnesses.</summary>
    public ImmutableArray<RunPace> Paces { get; init; } = [];

    /// <summary>Runs whose step has not risen for far longer than it ever takes, though they are not busy otherwise.</summary>
    public ImmutableArray<RunStall> Stalled { get; init; } = [];
}

/// <summary>The usual interval between two rises of an attempt's step.</summary>
public sealed record RunPace(string RunUid, int Epoch, int Attempt, TimeSpan Usual)
{
    /// <summary>The longest silence that was followed by life lately, in any attempt: a checkpoint, say. Zero: none is known.</summary>
    public TimeSpan Pause { get; init; }
}

/// <summary>An epoch whose step has not risen for so long, which is so many of its usual intervals.</summary>
public sealed record RunStall(string RunUid, int Epoch, TimeSpan For, double Intervals);

/// <summary>
/// Progress as read from a store; for the run. <paramref name="First"/>: the first that was ever read of this attempt, which need not be a new step, as a
/// trainer may write the step that it resumed from before it steps.
/// </summary>
public sealed record RunRise(string RunUid, int Epoch, int Attempt, long Step, bool First = false);
