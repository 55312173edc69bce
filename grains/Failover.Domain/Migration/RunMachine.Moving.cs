using System.Collections.Immutable;
using Failover.Domain.Checkpoints;

namespace Failover.Domain.Migration;

/// <content>The move itself: results of effects, one step after the other.</content>
public static partial class RunMachine
{
    /// <summary>Tries of an effect before the fence that fail in a row, after which the target is given up.</summary>
    private const int TriesBeforeFence = 8;

    /// <summary>A workload that stops is looked at again after such a part of the time that it has taken so far: what is lost by looking late stays small beside that, and so do the looks.</summary>
    private const int StoppingLooks = 8;

    /// <summary>Tries to reach the store of an epoch that ends voluntarily, or of a closing one, before the seal is owed instead.</summary>
    private const int SealTries = 5;

    private static void AddMoving(RunTable table)
    {
        RunStep[] notMoving = [RunStep.Waiting, RunStep.Running, .. Closing, .. Tombstones];

        table.On<RunEvent.Reservation>([RunStep.Planned], "GPUs are held, or the ledger said no", OnReservation);
        table.Ignore<RunEvent.Reservation>([.. Moving.Except([RunStep.Planned]), .. notMoving], "a late answer; the ledger is reconciled with the rows");

        table.On<RunEvent.Surveyed>([RunStep.Reserved], "choose the commit to resume from", OnSurveyed);
        table.Ignore<RunEvent.Surveyed>([.. Moving.Except([RunStep.Reserved]), .. notMoving], "a late answer");

        table.On<RunEvent.Staged>([RunStep.Staging, RunStep.ToppingUp], "whole and verified there, or a bad copy: choose again", OnStaged);
        table.Ignore<RunEvent.Staged>([.. Moving.Except([RunStep.Staging, RunStep.ToppingUp]), .. notMoving], "a late answer; staged files do no harm");

        table.On<RunEvent.Stopping>([RunStep.Quiescing, RunStep.Waiting], "it has its grace: look again later, and count no failure", OnStopping);
        table.Ignore<RunEvent.Stopping>([.. Moving.Except([RunStep.Quiescing]), .. notMoving.Except([RunStep.Waiting])], "a late answer");
        table.On<RunEvent.Quiesced>([RunStep.Quiescing], "stopped: look for what it committed last", (state, quiesced, policy) =>
            Answers(state, quiesced.EffectId, policy) ? Enter(state with { Move = state.Move! with { Quiesced = true } }, RunStep.Reserved) : state);
        table.On<RunEvent.Quiesced>([RunStep.Waiting], "what was given up has stopped", (state, quiesced, policy) =>
            Answers(state, quiesced.EffectId, policy) ? state with { Epoch = state.Epoch! with { Ended = true } } : state);
        table.Ignore<RunEvent.Quiesced>([.. Moving.Except([RunStep.Quiescing]), .. notMoving.Except([RunStep.Waiting])], "a late answer");

        table.On<RunEvent.Sealed>([RunStep.Fenced], "nothing of the old epoch counts any more: see what is newest now", OnSealed);
        table.On<RunEvent.Sealed>(Closing, "sealed: close the run", OnClosingSealed);
        table.On<RunEvent.Sealed>(
            [.. Moving.Except([RunStep.Fenced]), RunStep.Waiting, RunStep.Running, .. Tombstones], "an owed seal was set, or not yet", OnOwedSeal);

        table.On<RunEvent.Pinned>([RunStep.Pinning], "nobody can take the files away: make the next epoch current", OnPinned);
        table.Ignore<RunEvent.Pinned>([.. Moving.Except([RunStep.Pinning]), .. notMoving], "a late answer; a pin too many is removed with the others");

        table.On<RunEvent.Launched>([RunStep.Launching], "the workload is there, or was refused for good", OnLaunched);
        table.Ignore<RunEvent.Launched>([.. Moving.Except([RunStep.Launching]), .. notMoving], "a late answer; a stale workload is swept");

        table.On<RunEvent.EffectFailed>([.. BeforeFence, .. AfterFence, RunStep.Launching, .. Closing], "try again, later each time", OnEffectFailed);
        table.On<RunEvent.EffectFailed>([RunStep.Waiting], "stopping what was given up is tried again, later each time", OnWaitingFailed);
        table.On<RunEvent.EffectFailed>([RunStep.Verifying, RunStep.Running, .. Tombstones], "only owed seals and the removal of pins are tried here", OnStandingFailed);

        table.On<RunEvent.Tick>(Moving, "deadlines", OnDeadline);
        table.Ignore<RunEvent.Tick>([RunStep.Waiting, .. Closing, .. Tombstones], "effects that are due are issued; else nothing");
        table.On<RunEvent.Tick>([RunStep.Running], "what runs well has its failures forgotten", OnRunningWell);

        table.On<RunEvent.Unpinned>([RunStep.Running, RunStep.Waiting, .. Moving, .. Closing, .. Tombstones], "the pin is gone", OnUnpinned);
    }

    private static RunState OnReservation(RunState state, RunEvent.Reservation reservation, RunPolicy policy)
    {
        if (!Answers(state, reservation.EffectId, policy))
            return state;
        return reservation.Granted
            ? Enter(state, RunStep.Reserved)
            : GiveUpTarget(state, $"{state.Move!.Target.Member} refused: {reservation.Detail}", policy.RetryDelay);
    }

    private static RunState OnSurveyed(RunState state, RunEvent.Surveyed surveyed, RunPolicy policy)
    {
        if (!Answers(state, surveyed.EffectId, policy))
            return state;
        var move = state.Move!;
        switch (ResumeChoice.Choose(state, surveyed.Survey, move.Target.Store))
        {
            case ResumeDecision.Resume resume:
                return Enter(state with { Move = Chosen(move, resume) }, RunStep.Staging);
            case ResumeDecision.Fresh:
                return Proceed(state with { Move = move with { Fresh = true, Commit = null, CommitStep = 0, CommitBytes = 0, Sources = [] } });
            case ResumeDecision.Wait wait when move is { Cause: MoveCause.Drain, Quiesced: false }:
                // A drain that can't be done leaves the run as it is.
                return BackToRunning(state with { Move = move with { FallbackDetail = wait.Detail } });
            case ResumeDecision.Wait wait:
                return Wait(state, wait.Reason, wait.Detail, policy.LineageRecheck);
            default:
                throw new InvalidOperationException("ResumeDecision is a closed set.");
        }
    }

    private static MoveState Chosen(MoveState move, ResumeDecision.Resume resume) => move with
    {
        Fresh = false,
        Commit = resume.Commit,
        CommitStep = resume.Step,
        CommitBytes = resume.Bytes,
        Sources = resume.Sources,
        FallbackDetail = resume.FallbackDetail,
    };

    private static RunState OnStaged(RunState state, RunEvent.Staged staged, RunPolicy policy)
    {
        if (!Answers(state, staged.EffectId, policy))
            return state;
        if (staged.Complete)
            return state.Step == RunStep.ToppingUp ? EnterPinning(state) : Proceed(state);
        var remembered = staged.BadSource is { } store ? RememberBadCopy(state, store, state.Move!.Commit!.Value) : state;
        return Enter(remembered, state.Step == RunStep.ToppingUp ? RunStep.Fenced : RunStep.Reserved);
    }

    /// <summary>From a staged commit, or from none at all, towards the fence.</summary>
    private static RunState Proceed(RunState state)
    {
        if (state.Epoch is not { } epoch)
            return MakeCurrent(state);
        return state.Move is { Cause: MoveCause.Drain, Quiesced: false }
            ? Enter(state, RunStep.Quiescing)
            : Enter(state with { Epoch = epoch with { Fenced = true } }, RunStep.Fenced);
    }

    private static RunState OnSealed(RunState state, RunEvent.Sealed happened, RunPolicy policy)
    {
        if (!Answers(state, happened.EffectId, policy))
            return OnOwedSeal(state, happened, policy);
        var move = state.Move!;
        if (!happened.Reached && move.Cause != MoveCause.Failover)
        {
            // Its store is out of reach though its region was not given up: cutting it now could throw commits away.
            return state.Retry.Tries < SealTries
                ? RetryLater(state, $"{happened.Store} can't be reached.", policy)
                : Wait(state, WaitReason.LineageUnknown, $"The store {happened.Store} of epoch {happened.Epoch} can't be reached to seal it.", policy.LineageRecheck);
        }
        var settled = happened.Reached ? Paid(state, happened) : Owe(state, happened.Epoch, happened.Store);
        switch (ResumeChoice.Choose(settled, happened.Survey ?? new LineageSurvey([]), move.Target.Store))
        {
            case ResumeDecision.Resume resume:
                var staged = resume.Commit == move.Commit && resume.Sources.Contains(move.Target.Store) && !move.Fresh;
                var chosen = settled with { Move = Chosen(settled.Move!, resume) };
                return staged ? EnterPinning(chosen) : Enter(chosen, RunStep.ToppingUp);
            case ResumeDecision.Fresh:
                return MakeCurrent(settled with { Move = settled.Move! with { Fresh = true, Commit = null, CommitStep = 0 } });
            case ResumeDecision.Wait wait:
                return Wait(settled, wait.Reason, wait.Detail, policy.LineageRecheck);
            default:
                throw new InvalidOperationException("ResumeDecision is a closed set.");
        }
    }

    private static RunState Owe(RunState state, int epoch, string store) =>
        Owes(state, epoch, store)
            ? state
            : state with { PendingSeals = state.PendingSeals.Add(new PendingSeal(epoch, store) { Since = state.Now }) };

    private static RunState OnOwedSeal(RunState state, RunEvent.Sealed happened, RunPolicy policy)
    {
        var owed = state.PendingSeals.FirstOrDefault(seal => seal.Epoch == happened.Epoch && seal.Store == happened.Store);
        if (owed is null)
            return state;
        if (!happened.Reached)
            return state with { PendingSeals = state.PendingSeals.Replace(owed, owed with { NotBefore = state.Now + policy.RetryDelayMax }) };
        return Paid(state, happened) with { Past = [.. state.Past.Select(past => past.Number == happened.Epoch ? past with { Sealed = true } : past)] };
    }

    private static RunState Paid(RunState state, RunEvent.Sealed happened) =>
        state.PendingSeals.FirstOrDefault(seal => seal.Epoch == happened.Epoch && seal.Store == happened.Store) is { } owed
            ? state with { PendingSeals = state.PendingSeals.Remove(owed), LastPaidSeal = new PaidSeal(owed.Epoch, owed.Store, state.Now, owed.Since) }
            : state;

    private static bool Owes(RunState state, int epoch, string store) => state.PendingSeals.Any(seal => seal.Epoch == epoch && seal.Store == store);

    /// <summary>Bounded by time alone: <see cref="DeadlineOf"/> for a drain, the planner's patience for what was given up. The member answers, so what failed before it did counts no more.</summary>
    private static RunState OnStopping(RunState state, RunEvent.Stopping stopping, RunPolicy policy)
    {
        if (!Answers(state, stopping.EffectId, policy))
            return state;
        var taken = (state.Now - state.StepSince) / StoppingLooks;
        var delay = taken < policy.RetryDelay ? policy.RetryDelay : taken < policy.RetryDelayMax ? taken : policy.RetryDelayMax;
        return state with { Retry = new EffectRetry(0, state.Now + delay, stopping.Detail) };
    }

    private static RunState OnWaitingFailed(RunState state, RunEvent.EffectFailed failed, RunPolicy policy) =>
        Answers(state, failed.EffectId, policy) ? RetryLater(state, failed.Detail, policy) : OnStandingFailed(state, failed, policy);

    private static RunState OnStandingFailed(RunState state, RunEvent.EffectFailed failed, RunPolicy policy)
    {
        var owed = state.PendingSeals.FirstOrDefault(seal => OwedSealId(state, seal) == failed.EffectId);
        if (owed is not null)
            return state with { PendingSeals = state.PendingSeals.Replace(owed, owed with { NotBefore = state.Now + policy.RetryDelayMax }) };
        return state.Pins.FirstOrDefault(pin => UnpinId(state, pin) == failed.EffectId) is { } pin
            ? state with { Pins = state.Pins.Replace(pin, pin with { NotBefore = state.Now + policy.RetryDelayMax }) }
            : state;
    }

    /// <summary>The pin is remembered before it is set, so that one is never left behind.</summary>
    private static RunState EnterPinning(RunState state)
    {
        var pin = new PinRef(state.Move!.Target.Store, state.Move.ToEpoch);
        return Enter(state with { Pins = [.. state.Pins.Where(held => held.Store != pin.Store || held.ForEpoch != pin.ForEpoch), pin] }, RunStep.Pinning);
    }

    private static RunState OnPinned(RunState state, RunEvent.Pinned pinned, RunPolicy policy)
    {
        if (!Answers(state, pinned.EffectId, policy))
            return state;
        // A file went before it was pinned: the seal is set already and answers again with what is there now.
        return pinned.Complete ? MakeCurrent(state) : Enter(state, RunStep.Fenced);
    }

    /// <summary>The write that makes the next epoch current. Until it is stored the one before is; no workload of the next exists yet.</summary>
    private static RunState MakeCurrent(RunState state)
    {
        var move = state.Move!;
        var past = state.Epoch is { } old
            ? state.Past.Add(new PastEpoch(old.Number, old.Target, old.ResumeFrom, move.Commit, Sealed: !Owes(state, old.Number, old.Target.Store), state.Now) { LastStep = old.Progress?.Step })
            : state.Past;
        var epoch = new EpochState
        {
            Number = move.ToEpoch,
            Target = move.Target,
            ResumeFrom = move.Commit,
            ResumeStep = move.CommitStep,
            LaunchId = $"{state.Uid}-e{move.ToEpoch}-m{move.Number}",
            Since = state.Now,
        };
        return Enter(state with { Past = past, Epoch = epoch, Tips = CutTips(state, move), StartFromNothing = false }, RunStep.Launching);
    }

    /// <summary>What a store was known to hold beyond the cut does not count any more, and says nothing of what is before it; the target holds what was staged there.</summary>
    private static ImmutableArray<StoreTip> CutTips(RunState state, MoveState move)
    {
        if (move.Commit is not { } cut)
            return [];
        var tips = state.Tips
            .Where(tip => tip.Store != move.Target.Store && !tip.Commit.IsAfter(cut));
        return [.. tips, new StoreTip(move.Target.Store, cut, move.CommitStep, state.Now)];
    }

    private static RunState OnLaunched(RunState state, RunEvent.Launched launched, RunPolicy policy)
    {
        if (!Answers(state, launched.EffectId, policy))
            return state;
        return launched.Refusal is { } refusal ? LaunchFailed(state, refusal, policy) : Enter(state, RunStep.Verifying);
    }

    private static RunState LaunchFailed(RunState state, string detail, RunPolicy policy)
    {
        var member = state.Epoch!.Target.Member;
        var distrusting = DistrustTarget(state, member, detail, policy);
        return Wait(distrusting, WaitReason.BackingOff, $"Epoch {state.EpochNumber} did not come up on {member}: {detail}", policy.RetryDelay);
    }

    private static RunState OnEffectFailed(RunState state, RunEvent.EffectFailed failed, RunPolicy policy)
    {
        if (!Answers(state, failed.EffectId, policy))
            return OnStandingFailed(state, failed, policy);
        if (BeforeFence.Contains(state.Step) && state.Retry.Tries >= TriesBeforeFence)
            return GiveUpTarget(state, failed.Detail, policy.RetryDelayMax);
        if (Closing.Contains(state.Step) && state.Retry.Tries >= SealTries)
            return Close(Owe(state, state.EpochNumber, state.Epoch!.Target.Store));
        return RetryLater(state, failed.Detail, policy);
    }

    /// <summary>Before the fence a move can be given up without a trace: a drained run trains on, any other waits for the planner.</summary>
    private static RunState GiveUpTarget(RunState state, string detail, TimeSpan delay)
    {
        var trainsOn = state.Move is { Cause: MoveCause.Drain, Quiesced: false } && state.Step != RunStep.Quiescing;
        return trainsOn ? BackToRunning(state) : Wait(state, WaitReason.BackingOff, detail, delay);
    }

    private static RunState BackToRunning(RunState state) => Enter(state with { LastMove = state.Move ?? state.LastMove, Move = null }, RunStep.Running);

    private static RunState OnDeadline(RunState state, RunEvent.Tick tick, RunPolicy policy)
    {
        if (DeadlineOf(state, policy) > state.Now)
            return state;
        return state.Step switch
        {
            RunStep.Launching or RunStep.Verifying =>
                LaunchFailed(state, $"no progress within {state.Now - state.Epoch!.Since:g} of its launch", policy),
            // It was asked to stop and didn't in time: what it commits until the seal still counts.
            RunStep.Quiescing => Enter(state with { Move = state.Move! with { Quiesced = true } }, RunStep.Reserved),
            RunStep.Planned => OutOfTime(state, $"{state.Move!.Target.Member} did not answer whether it reserves the GPUs", policy),
            RunStep.Reserved => OutOfTime(state, "The stores did not say what they hold", policy),
            RunStep.Fenced => TellOverdue(state),
            RunStep.Staging => GiveUpTarget(
                DistrustTarget(state, state.Move!.Target.Member, "staging took too long", policy), "Staging took too long.", policy.RetryDelay),
            _ => Wait(
                DistrustTarget(state, state.Move!.Target.Member, "staging took too long", policy),
                WaitReason.BackingOff, "Staging after the seal took too long.", policy.RetryDelay),
        };
    }

    /// <summary>The target is not distrusted: what did not answer is ours, or a store. Its reservation goes with the move, at the next reconciliation of its ledger.</summary>
    private static RunState OutOfTime(RunState state, string what, RunPolicy policy) =>
        GiveUpTarget(state with { Overruns = state.Overruns + 1 }, $"{what} within {state.Now - state.StepSince:g}{LastTry(state)}.", policy.RetryDelayMax);

    /// <summary>There is no way back from the fence: its epoch may be sealed already. It is tried on, and somebody has to know.</summary>
    private static RunState TellOverdue(RunState state)
    {
        var epoch = state.Epoch!;
        var detail = $"Epoch {epoch.Number} is not sealed after {state.Now - state.StepSince:g}{LastTry(state)}. It can't go back, and goes on trying: it waits for the stores, "
            + $"{epoch.Target.Store} above all, or for a person to mend or cancel.";
        return state with { Overdue = new Overdue(detail, state.Now) };
    }

    private static string LastTry(RunState state) => state.Retry.Detail is { } last ? $" (the last try: {last.TrimEnd('.')})" : "";

    /// <summary>
    /// When the present step is given up, or told where it can't be; the end of time where it has no limit of its own. Doubles with each failure on the same member, and with
    /// each move in a row that ran out of time.
    /// </summary>
    private static DateTimeOffset DeadlineOf(RunState state, RunPolicy policy)
    {
        var member = state.Move?.Target.Member;
        var failures = state.Distrusted.FirstOrDefault(distrust => distrust.Member == member)?.Count ?? 0;
        var doubling = Math.Pow(2, Math.Min(Math.Max(failures, state.Overruns), 6));
        var limits = state.Spec.Deadlines;
        return state.Step switch
        {
            RunStep.Planned => state.StepSince + (policy.ReserveLimit * doubling),
            RunStep.Reserved => state.StepSince + (policy.SurveyLimit * doubling),
            RunStep.Fenced when state.Overdue is null => state.StepSince + policy.SealLimit,
            RunStep.Staging or RunStep.ToppingUp or RunStep.Pinning =>
                state.StepSince + ((limits.Staging + TimeSpan.FromSeconds(2.0 * (state.Move?.CommitBytes ?? 0) / policy.StagingBytesPerSecond)) * doubling),
            RunStep.Quiescing => state.StepSince + limits.Quiesce,
            RunStep.Launching => state.StepSince + (limits.Launch * doubling),
            RunStep.Verifying => state.StepSince + ((limits.Launch + limits.Verify) * doubling),
            RunStep.Running when state.Retries is not { InPlace: 0, Elsewhere: 0 } || state.Recent.Count > 0 => RunsWellFrom(state, policy),
            _ => DateTimeOffset.MaxValue,
        };
    }

    private static DateTimeOffset RunsWellFrom(RunState state, RunPolicy policy)
    {
        var well = state.Retries is { InPlace: 0, Elsewhere: 0 } ? DateTimeOffset.MaxValue : state.StepSince + policy.RunsWellAfter;
        var calm = state.Recent is { LastAt: { } last, Count: > 0 } ? last + policy.MoveMemory : DateTimeOffset.MaxValue;
        return well < calm ? well : calm;
    }

    private static RunState OnRunningWell(RunState state, RunEvent.Tick tick, RunPolicy policy)
    {
        var forgiven = state.Retries is not { InPlace: 0, Elsewhere: 0 } && state.StepSince + policy.RunsWellAfter <= state.Now
            ? state with { Retries = new RetryCount(0, 0) }
            : state;
        return forgiven.Recent is { LastAt: { } last, Count: > 0 } && last + policy.MoveMemory <= state.Now
            ? forgiven with { Recent = new MoveHistory(null, 0) }
            : forgiven;
    }

    private static RunState OnUnpinned(RunState state, RunEvent.Unpinned unpinned, RunPolicy policy) =>
        state.Pins.FirstOrDefault(pin => UnpinId(state, pin) == unpinned.EffectId) is { } gone ? state with { Pins = state.Pins.Remove(gone) } : state;

    private static RunState RememberBadCopy(RunState state, string store, CommitRef commit)
    {
        var bad = new BadCopy(store, commit);
        return state.BadCopies.Contains(bad) ? state : state with { BadCopies = state.BadCopies.Add(bad) };
    }
}
