using System.Collections.Immutable;

namespace Failover.Domain.Health;

/// <summary>
/// A site's reader of heartbeats and commits, as a pure machine. Silence is judged by each run's own pace, and only while we could have seen it step: our
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
            runs.AddRange(store.Runs.Select(seen => See(known.GetValueOrDefault((store.Store, seen.RunUid)), seen, watch, before, now, policy, rises)));
        }

        var after = before with { Stores = stores, Runs = runs.ToImmutable(), LastAt = now };
        var report = ProgressJudgement.Of(after, now, limit, policy);
        var refresh = reading.InDoubt || report.Answer == Answer.No ? policy.RefreshInDoubt : policy.Refresh;
        var due = report.Answer != state.Answer || state.ReportedAt is not { } told || now - told >= refresh;
        after = after with { Answer = report.Answer, ReportedAt = due ? now : state.ReportedAt };
        return new ProgressStep(after, due ? report : null, rises.ToImmutable());
    }

    // A reader that stalled can't tell a run's silence from its own: the paces are kept, the clocks start again.
    private static ProgressWitnessState Forget(ProgressWitnessState state, TimeSpan now) => state with
    {
        Stores = [],
        Runs = [.. state.Runs.Select(run => run with { Since = now, RoseAt = null })],
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
        RunWatch? known, RunSighting seen, StoreWatch store, ProgressWitnessState before, TimeSpan now, HealthPolicy policy, ImmutableArray<RunRise>.Builder rises)
    {
        if (known is null || known.Epoch != seen.Epoch || known.Attempt != seen.Attempt || seen.Step < known.Step)
        {
            // What appears while we watch is new; what was there when we began may be of long ago.
            if (store.Since < now)
                rises.Add(new RunRise(seen.RunUid, seen.Epoch, seen.Attempt, seen.Step, First: true));
            return Meet(known, seen, store, before, now, policy);
        }

        if (seen.Step == known.Step)
            return known;
        rises.Add(new RunRise(seen.RunUid, seen.Epoch, seen.Attempt, seen.Step));
        return known with { Step = seen.Step, Rises = known.Rises + 1, RoseAt = now, Usual = Learn(known, seen, store, now, policy) };
    }

    private static RunWatch Meet(RunWatch? known, RunSighting seen, StoreWatch store, ProgressWitnessState before, TimeSpan now, HealthPolicy policy)
    {
        var seed = known is null
            ? before.Seeds.FirstOrDefault(pace => pace.RunUid == seen.RunUid && pace.Epoch == seen.Epoch && pace.Attempt == seen.Attempt)
            : null;
        var usual = seed is not null && seed.Usual > seen.IntervalMin ? seed.Usual : seen.IntervalMin;
        return new RunWatch(store.Store, seen.RunUid, seen.Epoch, seen.Attempt, seen.Step, seed is null ? 0 : policy.RisesToWitness, now, null, usual);
    }

    private static TimeSpan Learn(RunWatch known, RunSighting seen, StoreWatch store, TimeSpan now, HealthPolicy policy)
    {
        // An interval that spans a time when we could not see is not the run's.
        if (known.RoseAt is not { } rose || rose < store.Since)
            return known.Usual;
        var learnt = known.Rises == 1 ? now - rose : known.Usual + ((now - rose - known.Usual) * policy.IntervalWeight);
        return learnt > seen.IntervalMin ? learnt : seen.IntervalMin;
    }
}
