using System.Collections.Immutable;

namespace Failover.Domain.Health;

/// <summary>
/// A site's reader of heartbeats and commits, as a pure machine. Silence is judged by each run's own pace and pauses, and only while we could have seen it live: our
/// canary was answered, and the reader did not lag.
/// </summary>
public static class ProgressWitness
{
    /// <summary>What follows from a reading.</summary>
    public static ProgressStep Next(ProgressWitnessState state, ProgressReading reading, HealthPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(policy);
        var now = reading.Now;
        var limit = policy.ReadInterval * policy.LagIntervals;
        var before = state.LastAt is { } last && now - last > limit ? Forget(state, now) : state;

        var stores = Watch(before.Stores, reading, limit);
        var rises = ImmutableArray.CreateBuilder<RunRise>();
        var known = before.Runs.ToDictionary(run => (run.Store, run.RunUid));
        var runs = ImmutableArray.CreateBuilder<RunWatch>();
        foreach (var store in reading.Stores)
        {
            if (!store.Answered)
            {
                runs.AddRange(before.Runs.Where(run => run.Store == store.Store));
                continue;
            }

            var watch = stores.First(one => one.Store == store.Store);
            runs.AddRange(store.Runs.Select(seen => See(known.GetValueOrDefault((store.Store, seen.RunUid)), seen, watch, before, now, policy, reading.InDoubt, rises)));
        }

        var after = before with { Stores = stores, Runs = [.. runs.Select(run => Excuse(run, before, reading, policy))], InDoubt = reading.InDoubt, LastAt = now };
        var report = ProgressJudgement.Of(after, now, limit, policy);
        var refresh = reading.InDoubt || report.Answer == Answer.No ? policy.RefreshInDoubt : policy.Refresh;
        var due = report.Answer != state.Answer || report.Stalled.Length != state.Stalled || state.ReportedAt is not { } told || now - told >= refresh;
        after = after with { Answer = report.Answer, Stalled = report.Stalled.Length, ReportedAt = due ? now : state.ReportedAt };
        return new ProgressStep(after, due ? report : null, rises.ToImmutable());
    }

    /// <summary>Doubt is a few misses old when it begins; who was later by then than it ever is fell silent while the API answered, of something else.</summary>
    private static RunWatch Excuse(RunWatch run, ProgressWitnessState before, ProgressReading reading, HealthPolicy policy)
    {
        if (!reading.InDoubt || run.AliveAt == reading.Now)
            return run.SilentBefore ? run with { SilentBefore = false } : run;
        if (before.InDoubt != false || run.AliveAt is not { } alive)
            return run;
        var silent = reading.Now - alive - (policy.ProbeInterval * policy.MissesToDoubt * 2);
        return run with { SilentBefore = silent >= run.LateAfter(policy) };
    }

    // A reader that stalled can't tell a run's silence from its own: the paces are kept, the clocks start again.
    private static ProgressWitnessState Forget(ProgressWitnessState state, TimeSpan now) => state with
    {
        InDoubt = null,
        Stores = [],
        Runs = [.. state.Runs.Select(run => run with { Since = now, RoseAt = null, AliveAt = null })],
    };

    private static ImmutableArray<StoreWatch> Watch(ImmutableArray<StoreWatch> before, ProgressReading reading, TimeSpan limit) =>
    [
        .. reading.Stores
            .Select(read => (Read: read, Old: before.FirstOrDefault(old => old.Store == read.Store)))
            .Where(pair => pair.Read.Answered || pair.Old is not null)
            .Select(pair => (pair.Read, pair.Old) switch
            {
                ({ Answered: false }, { } old) => old,
                // One reading lost on the way hides nothing: a trainer that steps shows it in the next.
                (var read, { } old) when reading.Now - old.Last <= limit => old with { OutsideRegion = read.OutsideRegion, Last = reading.Now },
                var (read, _) => new StoreWatch(read.Store, read.OutsideRegion, reading.Now, reading.Now),
            }),
    ];

    private static RunWatch See(
        RunWatch? known, RunSighting seen, StoreWatch store, ProgressWitnessState before, TimeSpan now, HealthPolicy policy, bool inDoubt, ImmutableArray<RunRise>.Builder rises)
    {
        if (known is null || known.Epoch != seen.Epoch || known.Attempt != seen.Attempt || seen.Step < known.Step)
        {
            // What appears while we watch is new; what was there when we began may be of long ago.
            var isNew = store.Since < now;
            if (isNew)
                rises.Add(new RunRise(seen.RunUid, seen.Epoch, seen.Attempt, seen.Step, First: true));
            return Meet(known, seen, store, before, isNew, now, policy);
        }

        var rose = seen.Step > known.Step;
        if (!rose && seen.Beat == known.Beat)
            return known with { BusyBeats = !seen.Busy ? 0 : Math.Max(known.BusyBeats, 1) };
        var alive = known with
        {
            Beat = seen.Beat,
            AliveAt = now,
            BusyBeats = seen.Busy ? known.BusyBeats + 1 : 0,
            Pause = Learn(known.Pause, known.AliveAt, store, now, policy, learns: !inDoubt && known.BusyBeats != 1 && !known.ByCommit, policy.PauseMax),
            BusyPause = Learn(known.BusyPause, known.AliveAt, store, now, policy, learns: known.BusyBeats == 1, policy.BusyMax),
        };
        if (!rose)
            return alive;
        rises.Add(new RunRise(seen.RunUid, seen.Epoch, seen.Attempt, seen.Step));
        return alive with
        {
            Step = seen.Step,
            // A second rise after a time when we could not see tells no interval: it is a first one again.
            Rises = known.Rises == 1 && !IsMeasured(known, store) ? 1 : known.Rises + 1,
            RoseAt = now,
            Usual = Learn(known, seen, store, now, policy),
            Standstill = Learn(known.Standstill, known.RoseAt, store, now, policy, learns: true, TimeSpan.MaxValue),
        };
    }

    private static RunWatch Meet(RunWatch? known, RunSighting seen, StoreWatch store, ProgressWitnessState before, bool isNew, TimeSpan now, HealthPolicy policy)
    {
        var seed = known is null ? before.Seeds.Where(pace => pace.RunUid == seen.RunUid).MaxBy(pace => (pace.Epoch, pace.Attempt)) : null;
        var same = seed is not null && (seed.Epoch, seed.Attempt) == (seen.Epoch, seen.Attempt);
        var usual = same && seed!.Usual > seen.IntervalMin ? seed.Usual : seen.IntervalMin;
        return new RunWatch(store.Store, seen.RunUid, seen.Epoch, seen.Attempt, seen.Step, same ? policy.RisesToWitness : 0, now, null, usual)
        {
            // A gang that has just come up lives; but it is no witness before it has stepped.
            AliveAt = known is not null && isNew ? now : null,
            // Its pauses are the run's, not the attempt's.
            Pause = known?.Pause ?? seed?.Pause ?? TimeSpan.Zero,
            BusyPause = known?.BusyPause ?? TimeSpan.Zero,
            Standstill = known is null ? TimeSpan.Zero : Learn(known.Standstill, known.RoseAt, store, now, policy, learns: true, TimeSpan.MaxValue),
            Beat = seen.Beat,
            BusyBeats = seen.Busy ? 1 : 0,
            ByCommit = seen.ByCommit,
            StartMax = seen.StartMax,
        };
    }

    private static TimeSpan Learn(RunWatch known, RunSighting seen, StoreWatch store, TimeSpan now, HealthPolicy policy)
    {
        // An interval that spans a time when we could not see is not the run's.
        if (!IsMeasured(known, store))
            return known.Usual;
        var took = now - known.RoseAt!.Value;
        var learnt = known.Rises == 1 ? took : known.Usual + ((took - known.Usual) * policy.IntervalWeight);
        return learnt > seen.IntervalMin ? learnt : seen.IntervalMin;
    }

    private static bool IsMeasured(RunWatch known, StoreWatch store) => known.RoseAt is { } rose && rose >= store.Since;

    /// <summary>The longest of late. While the member is in doubt nothing is learnt: what we could not reach may have been what kept it from us.</summary>
    private static TimeSpan Learn(TimeSpan longest, TimeSpan? last, StoreWatch store, TimeSpan now, HealthPolicy policy, bool learns, TimeSpan most)
    {
        if (last is not { } from)
            return longest;
        var faded = longest > TimeSpan.Zero ? longest * Math.Pow(0.5, (now - from) / policy.PauseMemory) : longest;
        return learns && from >= store.Since && now - from <= most && now - from > faded ? now - from : faded;
    }
}
