using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Failover.Domain.Migration;

/// <summary>A transition: the state to store, and then the effects to have done. <see cref="Changed"/> is false where there is nothing to store.</summary>
public sealed record RunTransition(RunState State, ImmutableArray<RunEffect> Effects, bool Changed);

/// <summary>
/// The run's machine: how an epoch is fenced and the next one launched, as one pure function over a table of (step × event). Observe, decide, store, act: the caller
/// stores <see cref="RunTransition.State"/> by a conditional write before it lets any of the effects happen.
/// </summary>
public static partial class RunMachine
{
    private static readonly RunStep[] Moving =
        [RunStep.Planned, RunStep.Reserved, RunStep.Staging, RunStep.Quiescing, RunStep.Fenced, RunStep.ToppingUp, RunStep.Pinning, RunStep.Launching, RunStep.Verifying];

    private static readonly RunStep[] BeforeFence = [RunStep.Planned, RunStep.Reserved, RunStep.Staging, RunStep.Quiescing];

    private static readonly RunStep[] AfterFence = [RunStep.Fenced, RunStep.ToppingUp, RunStep.Pinning];

    private static readonly RunStep[] Launched = [RunStep.Launching, RunStep.Verifying];

    private static readonly RunStep[] Closing = [RunStep.Finishing, RunStep.Cancelling];

    private static readonly RunStep[] Tombstones = [RunStep.Finished, RunStep.Cancelled];

    private static readonly FrozenDictionary<(RunStep Step, Type Event), RunTableRow> Rows = BuildTable();

    /// <summary>The table, for documentation and for the test that no row is missing.</summary>
    public static IEnumerable<RunTableRow> Table => Rows.Values.OrderBy(row => row.Step).ThenBy(row => row.Event.Name, StringComparer.Ordinal);

    /// <summary>The state of a run that was just submitted.</summary>
    public static RunState Submit(string uid, Runs.RunSpec spec, DateTimeOffset at) => new()
    {
        Uid = uid,
        Spec = spec,
        Step = RunStep.Waiting,
        Now = at,
        StepSince = at,
        SubmittedAt = at,
        Waiting = new WaitState(WaitReason.NotYetPlanned, "Submitted; not planned yet.", at),
    };

    /// <summary>What follows when <paramref name="happened"/> happens to <paramref name="state"/>.</summary>
    public static RunTransition Next(RunState state, RunEvent happened, RunPolicy policy)
    {
        // Clocks of different machines disagree; a run's own time never runs backwards.
        var before = state with { Now = happened.At > state.Now ? happened.At : state.Now };
        var after = Rows[(state.Step, happened.GetType())].Handle(before, happened, policy);
        var changed = !ReferenceEquals(after, before);
        return changed
            ? new RunTransition(after, Due(after, policy), true)
            : new RunTransition(state, Due(before, policy), false);
    }

    /// <summary>Whether time alone may change something, so that a tick is worth a call.</summary>
    public static bool NeedsTick(RunState state, DateTimeOffset now, RunPolicy policy)
    {
        var at = now > state.Now ? now : state.Now;
        return Due(state with { Now = at }, policy).Length > 0 || DeadlineOf(state, policy) <= at;
    }

    private static FrozenDictionary<(RunStep, Type), RunTableRow> BuildTable()
    {
        var table = new RunTable();
        AddPlanning(table);
        AddMoving(table);
        AddObserving(table);
        AddClosing(table);
        return table.Rows.ToFrozenDictionary();
    }

    private static RunState Enter(RunState state, RunStep step) => state with
    {
        Step = step,
        StepSince = state.Now,
        Retry = new EffectRetry(0, null),
        Waiting = null,
        Overdue = null,
        StageAhead = null,
        Move = state.Move is { } move ? move with { Dates = move.Dates.Add(new DatedStep(step.ToString(), state.Now)) } : null,
    };

    private static RunState Wait(RunState state, WaitReason reason, string detail, TimeSpan? delay = null) =>
        Enter(state with { LastMove = state.Move ?? state.LastMove, Move = null }, RunStep.Waiting) with
        {
            Waiting = new WaitState(reason, detail, state.Now) { Until = delay is { } d ? state.Now + d : null },
        };

    private static RunState RetryLater(RunState state, string detail, RunPolicy policy) =>
        state with { Retry = new EffectRetry(state.Retry.Tries + 1, state.Now + Backoff(policy.RetryDelay, policy.RetryDelayMax, state.Retry.Tries), detail) };

    private static RunState DistrustTarget(RunState state, string member, string reason, RunPolicy policy)
    {
        var earlier = state.Distrusted.FirstOrDefault(distrust => distrust.Member == member);
        var count = (earlier?.Count ?? 0) + 1;
        var entry = new Distrust(member, state.Now + Backoff(policy.Distrust, policy.DistrustMax, count - 1), count, reason);
        // Entries whose time has passed twice over say nothing any more; the list stays as short as the fleet.
        var kept = state.Distrusted.Where(distrust => distrust.Member != member && distrust.Until + policy.DistrustMax > state.Now);
        return state with { Distrusted = [.. kept, entry] };
    }

    private static TimeSpan Backoff(TimeSpan first, TimeSpan longest, int doublings)
    {
        var delay = first * Math.Pow(2, Math.Min(doublings, 30));
        return delay < longest ? delay : longest;
    }
}
