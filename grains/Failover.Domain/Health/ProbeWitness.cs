namespace Failover.Domain.Health;

/// <summary>What a site's prober knows of a member's API. Times are readings of one monotonic clock.</summary>
public sealed record ProbeWitnessState
{
    /// <summary>What it says.</summary>
    public Answer Answer { get; init; }

    /// <summary>Whether it answers, but slowly or with errors; only where <see cref="Answer"/> is Yes.</summary>
    public bool Ill { get; init; }

    /// <summary>Whether our credentials are refused; <see cref="Answer"/> is Unknown then.</summary>
    public bool Refused { get; init; }

    /// <summary>What it met last that was no good answer; None once its answer is Yes.</summary>
    public SightLoss Met { get; init; } = new(ApiTrouble.None, "");

    /// <summary>Since when it has been so.</summary>
    public TimeSpan Since { get; init; }

    /// <summary>The kind of outcome seen last, how often in a row, and the first of that row.</summary>
    public ProbeStreak? Streak { get; init; }

    /// <summary>The same of outcomes that were not good, of whatever kind: misses between answers that are errors are an illness, not a silence.</summary>
    public ProbeStreak? Bad { get; init; }

    /// <summary>The last call.</summary>
    public TimeSpan? LastAt { get; init; }

    /// <summary>The last report.</summary>
    public TimeSpan? ReportedAt { get; init; }
}

/// <summary>Outcomes of one kind in a row; of a row of mixed ones, the newest that was an answer.</summary>
public sealed record ProbeStreak(ProbeOutcome Kind, int Count, TimeSpan First);

/// <summary>What follows from a probe; no report where there is nothing new to tell.</summary>
public sealed record ProbeStep(ProbeWitnessState State, ApiReport? Report);

/// <summary>A site's prober of a member's API, as a pure machine: told of every probe, it tells only what changed, and refreshes that.</summary>
public static class ProbeWitness
{
    /// <summary>How a probe is to be judged that was answered: 200 or not, after so long.</summary>
    public static ProbeOutcome Answered(bool ready, TimeSpan took, HealthPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return !ready ? ProbeOutcome.NotReady : took >= policy.SlowAfter ? ProbeOutcome.Slow : ProbeOutcome.Ready;
    }

    /// <summary>What follows from a probe that ended at <paramref name="now"/> of the prober's monotonic clock; <paramref name="met"/> says more of one that is not Ready.</summary>
    public static ProbeStep Next(ProbeWitnessState state, ProbeOutcome outcome, TimeSpan now, HealthPolicy policy, SightLoss? met = null)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(policy);
        // A prober that stalled does not know what it slept through: it forgets, and starts again from this probe.
        var lagged = state.LastAt is { } last && now - last > policy.ProbeInterval * policy.LagIntervals;
        var before = lagged ? new ProbeWitnessState { Since = now } : state;
        var streak = before.Streak is { } row && (row.Kind == outcome || (IsIll(row.Kind) && IsIll(outcome)))
            ? row with { Kind = outcome, Count = row.Count + 1 }
            : new ProbeStreak(outcome, 1, now);
        var noted = before with { Streak = streak, Bad = BadRow(before.Bad, outcome, now), LastAt = now };
        var after = Meet(Conclude(noted, policy), met);

        var changed = (after.Answer, after.Refused, after.Ill, after.Met.Trouble) != (state.Answer, state.Refused, state.Ill, state.Met.Trouble);
        var refresh = after is { Answer: Answer.Yes, Ill: false } ? policy.Refresh : policy.RefreshInDoubt;
        if (!changed && (state.ReportedAt is not { } told || now - told < refresh))
            return new ProbeStep(after with { ReportedAt = state.ReportedAt }, null);
        var report = new ApiReport(after.Answer, now - after.Since, after.Refused, Describe(after, lagged)) { Ill = after.Ill, Trouble = after.Met.Trouble };
        return new ProbeStep(after with { ReportedAt = now }, report);
    }

    /// <summary>One bad probe among good ones is no trouble yet: what was met is told with the doubt that it leads to.</summary>
    private static ProbeWitnessState Meet(ProbeWitnessState state, SightLoss? met) => state switch
    {
        { Answer: Answer.Yes, Ill: false } => state with { Met = new SightLoss(ApiTrouble.None, "") },
        _ when met is not null => state with { Met = met },
        _ => state,
    };

    private static ProbeStreak? BadRow(ProbeStreak? before, ProbeOutcome outcome, TimeSpan now) => (before, outcome) switch
    {
        (_, ProbeOutcome.Ready or ProbeOutcome.NotTrusted) => null,
        ({ } row, ProbeOutcome.NoAnswer) => row with { Count = row.Count + 1 },
        ({ } row, _) => row with { Kind = outcome, Count = row.Count + 1 },
        (null, _) => new ProbeStreak(outcome, 1, now),
    };

    /// <summary>An ordered table: the first row that holds decides.</summary>
    private static ProbeWitnessState Conclude(ProbeWitnessState state, HealthPolicy policy) => (state.Streak!, state.Bad) switch
    {
        ({ Kind: ProbeOutcome.Ready } good, _) when good.Count >= policy.GoodToTrust => Settle(state, Answer.Yes, good.First),
        ({ Kind: ProbeOutcome.NotTrusted } refused, _) when refused.Count >= policy.MissesToDoubt => Settle(state, Answer.Unknown, refused.First, refused: true),
        ({ Kind: ProbeOutcome.NoAnswer } missed, _) when missed.Count >= policy.MissesToDoubt => Settle(state, Answer.No, missed.First),
        // It answers now and then, and never well: alive, but ill. No answer at all would have been the row above.
        (_, { } bad) when bad.Count >= policy.MissesToDoubt && IsIll(bad.Kind) => Settle(state, Answer.Yes, bad.First, ill: true),
        // Whatever answers is there: one answer takes a silence back, though it takes more to be trusted.
        ({ Kind: not ProbeOutcome.NoAnswer } answered, _) when state.Answer == Answer.No => Settle(state, Answer.Unknown, answered.First),
        _ => state,
    };

    private static ProbeWitnessState Settle(ProbeWitnessState state, Answer answer, TimeSpan since, bool refused = false, bool ill = false) =>
        (answer, refused, ill) == (state.Answer, state.Refused, state.Ill)
            ? state
            : state with { Answer = answer, Refused = refused, Ill = ill, Since = since };

    private static bool IsIll(ProbeOutcome outcome) => outcome is ProbeOutcome.NotReady or ProbeOutcome.Slow;

    private static string Describe(ProbeWitnessState state, bool lagged) => state switch
    {
        _ when lagged => "the prober itself lagged",
        { Refused: true } => "credentials or certificate refused" + Said(state),
        { Answer: Answer.Yes, Ill: true, Bad.Kind: ProbeOutcome.Slow } => "answers, but slowly" + Said(state),
        { Answer: Answer.Yes, Ill: true } => "answers, but with errors" + Said(state),
        { Answer: Answer.Yes } => "answers",
        { Answer: Answer.No } => "does not answer" + Said(state),
        _ => "not settled yet" + Said(state),
    };

    private static string Said(ProbeWitnessState state) => state.Met.Detail.Length == 0 ? "" : $" ({state.Met.Detail})";
}
