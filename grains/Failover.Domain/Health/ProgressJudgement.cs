namespace Failover.Domain.Health;

/// <summary>What a reader's knowledge of a member's runs adds up to.</summary>
internal static class ProgressJudgement
{
    /// <summary>
    /// The member's runs are silent when enough witnesses have missed their own intervals <em>since anything last rose there</em>. Thus one run that stalls is
    /// not taken for the member's loss, and a slow run whose last step is of before the loss does not hide it.
    /// </summary>
    public static ProgressReport Of(ProgressWitnessState state, TimeSpan now, TimeSpan limit, HealthPolicy policy)
    {
        var stores = state.Stores.Where(store => now - store.Last <= limit).ToDictionary(store => store.Store);
        var lastRise = state.Runs.Max(run => run.RoseAt);
        int stepping = 0, silent = 0, witnesses = 0, missed = 0;
        var silentFor = TimeSpan.Zero;
        var intervals = 0.0;
        foreach (var run in state.Runs)
        {
            if (!stores.TryGetValue(run.Store, out var store))
                continue;
            var isWitness = store.OutsideRegion && run.Rises >= policy.RisesToWitness;
            if (isWitness)
                witnesses++;
            if (run.RoseAt is { } rose && now - rose < run.Usual * policy.SilentIntervals)
                stepping++;
            else if (isWitness && IsOver(Since(run, store, run.RoseAt)))
                silent++;
            var sinceAny = Since(run, store, lastRise);
            if (!isWitness || !IsOver(sinceAny))
                continue;
            missed++;
            silentFor = sinceAny > silentFor ? sinceAny : silentFor;
            intervals = Math.Max(intervals, sinceAny / run.Usual);

            bool IsOver(TimeSpan silence) => silence >= run.Usual * policy.SilentIntervals;
        }

        var isSilent = missed > 0 && missed >= witnesses * policy.SilentShare;
        return new ProgressReport
        {
            Answer = isSilent ? Answer.No : stepping > 0 ? Answer.Yes : Answer.Unknown,
            Stepping = stepping,
            Silent = silent,
            Unknown = state.Runs.Length - stepping - silent,
            CanaryOk = stores.Values.Any(store => store.OutsideRegion),
            RoseAgo = lastRise is { } at ? now - at : null,
            SilentFor = isSilent ? silentFor : TimeSpan.Zero,
            SilentForIntervals = isSilent ? intervals : 0,
            Paces = [.. state.Runs.Where(run => run.Rises >= policy.RisesToWitness).Select(run => new RunPace(run.RunUid, run.Epoch, run.Attempt, run.Usual))],
        };

        TimeSpan Since(RunWatch run, StoreWatch store, TimeSpan? rise)
        {
            var from = run.Since > store.Since ? run.Since : store.Since;
            return now - (rise > from ? rise.Value : from);
        }
    }
}
