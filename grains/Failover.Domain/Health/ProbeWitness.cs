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

/// <summary>A site's prober of a member's API, as a pure machine: told of every probe, it tells only what changed, and refreshes that.</summary>
public static class ProbeWitness
{
    /// <summary>What follows from a probe that ended at <paramref name="now"/> of the prober's monotonic clock.</summary>
    public static ProbeStep Next(ProbeWitnessState state, ProbeOutcome outcome, TimeSpan now, HealthPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(policy);
        // A prober that stalled does not know what it slept through: it forgets, and starts again from this probe.
        var lagged = state.LastAt is { } last && now - last > policy.ProbeInterval * policy.LagIntervals;
        var before = lagged ? new ProbeWitnessState { Since = now } : state;
        var streak = before.Streak is { } row && IsSame(row.Kind, outcome)
            ? row with { Kind = outcome, Count = row.Count + 1 }
            : new ProbeStreak(outcome, 1, now);
        var after = Conclude(before with { Streak = streak, LastAt = now }, streak, policy);

        var changed = after.Answer != state.Answer || after.Refused != state.Refused;
        var refresh = after.Answer == Answer.Yes ? policy.Refresh : policy.RefreshInDoubt;
        if (!changed && (state.ReportedAt is not { } told || now - told < refresh))
            return new ProbeStep(after with { ReportedAt = state.ReportedAt }, null);
        return new ProbeStep(after with { ReportedAt = now }, new ApiReport(after.Answer, now - after.Since, after.Refused, Describe(after, lagged)));
    }

    private static ProbeWitnessState Conclude(ProbeWitnessState state, ProbeStreak streak, HealthPolicy policy)
    {
        var enough = streak.Kind == ProbeOutcome.Ready ? policy.GoodToTrust : policy.MissesToDoubt;
        if (streak.Count < enough)
            return state;
        var refused = streak.Kind == ProbeOutcome.NotTrusted;
        var answer = streak.Kind == ProbeOutcome.Ready ? Answer.Yes : refused ? Answer.Unknown : Answer.No;
        return answer == state.Answer && refused == state.Refused
            ? state
            : state with { Answer = answer, Refused = refused, Since = streak.First };
    }

    private static bool IsSame(ProbeOutcome one, ProbeOutcome other) => one == other || (IsMiss(one) && IsMiss(other));

    private static bool IsMiss(ProbeOutcome outcome) => outcome is ProbeOutcome.NotReady or ProbeOutcome.NoAnswer;

    private static string Describe(ProbeWitnessState state, bool lagged) => state switch
    {
        _ when lagged => "the prober itself lagged",
        { Refused: true } => "credentials or certificate refused",
        { Answer: Answer.Yes } => "answers",
        { Answer: Answer.No, Streak.Kind: ProbeOutcome.NotReady } => "answers, but is not ready",
        { Answer: Answer.No } => "does not answer",
        _ => "not settled yet",
    };
}
