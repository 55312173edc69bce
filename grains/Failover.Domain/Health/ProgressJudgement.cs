namespace Failover.Domain.Health;

/// <summary>What a reader's knowledge of a member's runs adds up to.</summary>
internal static class ProgressJudgement
{
    /// <summary>
    /// The member's runs are silent when enough witnesses have missed their own intervals <em>since any last showed life there</em>. Thus one run that stalls is
    /// not taken for the member's loss, and a slow run whose last step is of before the loss does not hide it. Runs that are known by their commits alone are
    /// asked only where none beats, and those that had fallen silent before the API did not at all: what is rare can't be missed soon.
    /// </summary>
    public static ProgressReport Of(ProgressWitnessState state, TimeSpan now, TimeSpan limit, HealthPolicy policy)
    {
        var stores = state.Stores.Where(store => now - store.Last <= limit).ToDictionary(store => store.Store);
        var seen = state.Runs.Where(run => stores.ContainsKey(run.Store)).ToList();
        var able = seen.Where(run => run.Rises >= policy.RisesToWitness && !run.SilentBefore && (run.ByCommit || stores[run.Store].OutsideRegion)).ToList();
        var witnesses = able.Exists(run => !run.ByCommit) ? able.FindAll(run => !run.ByCommit) : able;
        var lastLife = state.Runs.Max(run => run.AliveAt);
        var alive = seen.Count(run => run.AliveAt is { } at && now - at < SilentAfter(run));
        var silent = able.Count(run => !(run.AliveAt is { } at && now - at < SilentAfter(run)) && Since(run, run.AliveAt) >= SilentAfter(run));
        var missed = witnesses.FindAll(run => Since(run, lastLife) >= SilentAfter(run));

        // Silence behind an API that answers this site is the runs' own; told as the member's, it would be fresh when the API goes a moment later.
        var isSilent = state.InDoubt == true && missed.Count > 0 && missed.Count >= witnesses.Count * policy.SilentShare;
        return new ProgressReport
        {
            Answer = isSilent ? Answer.No : alive > 0 ? Answer.Yes : Answer.Unknown,
            Stepping = alive,
            Silent = silent,
            Unknown = state.Runs.Length - alive - silent,
            CanaryOk = stores.Values.Any(store => store.OutsideRegion),
            RoseAgo = lastLife is { } life ? now - life : null,
            SilentFor = isSilent ? missed.Max(run => Since(run, lastLife)) : TimeSpan.Zero,
            SilentForIntervals = isSilent ? missed.Max(run => Since(run, lastLife) / run.Usual) : 0,
            Paces =
            [
                .. state.Runs.Where(run => run.Rises >= policy.RisesToWitness)
                    .Select(run => new RunPace(run.RunUid, run.Epoch, run.Attempt, run.Usual) { Pause = run.Pause }),
            ],
            Stalled =
            [
                .. seen.Where(run => run.Rises >= policy.RisesToWitness && (run.ByCommit || stores[run.Store].OutsideRegion))
                    .Select(run => (Run: run, For: Since(run, run.RoseAt))).Where(one => one.For >= one.Run.StalledAfter(policy))
                    .Select(one => new RunStall(one.Run.RunUid, one.Run.Epoch, one.For, one.For / one.Run.Usual)),
            ],
        };

        TimeSpan SilentAfter(RunWatch run) => run.SilentAfter(stores[run.Store].Since, policy);

        // Only what we could have seen counts: from when the store answered without a gap, and from when we looked without one.
        TimeSpan Since(RunWatch run, TimeSpan? last)
        {
            var from = run.Since > stores[run.Store].Since ? run.Since : stores[run.Store].Since;
            return now - (last > from ? last.Value : from);
        }
    }
}
