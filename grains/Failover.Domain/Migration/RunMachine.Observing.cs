using Failover.Domain.Checkpoints;
using Failover.Domain.Runs;

namespace Failover.Domain.Migration;

/// <content>What is seen of workloads and stores: progress, success, failure, newer commits.</content>
public static partial class RunMachine
{
    /// <summary>The trainer found its epoch sealed, or a newer gang of it.</summary>
    public const int ExitSealed = 86;

    /// <summary>The trainer found the checkpoint that it was to load bad.</summary>
    public const int ExitBadCheckpoint = 87;

    private static void AddObserving(RunTable table)
    {
        table.On<RunEvent.Progressed>([RunStep.Waiting, .. BeforeFence], "fresh progress of the epoch cancels an involuntary move", OnProgressWhileDisplaced);
        table.On<RunEvent.Progressed>(Launched, "progress from the right commit is what a launch is verified by", OnProgressOfLaunch);
        table.On<RunEvent.Progressed>([RunStep.Running], "remember how far it is", OnProgressOfRunning);
        table.Ignore<RunEvent.Progressed>(AfterFence, "past the point of no return progress counts for nothing");
        table.Ignore<RunEvent.Progressed>([.. Closing, .. Tombstones], "it is over");

        table.On<RunEvent.WorkloadSucceeded>(
            [RunStep.Waiting, RunStep.Running, .. Moving], "trained to the end: its last commit was made to count before it ended", OnSucceeded);
        table.Ignore<RunEvent.WorkloadSucceeded>([.. Closing, .. Tombstones], "it is over");

        table.On<RunEvent.WorkloadFailed>([RunStep.Running, .. Launched], "retry in place within the budget, else elsewhere, else ask a person", OnFailed);
        table.On<RunEvent.WorkloadFailed>(BeforeFence, "a failure supersedes a drain's move at the step where it is", (state, failed, _) =>
            failed.Epoch == state.EpochNumber && state.Move is { Cause: MoveCause.Drain, Quiesced: false } ? Supersede(state, MoveCause.Restart) : state);
        table.On<RunEvent.WorkloadFailed>([RunStep.Waiting], "it is to be replaced already; there is no life of it to wait for", (state, failed, _) =>
            failed.Epoch == state.EpochNumber && state.Epoch is { Ended: false } epoch ? state with { Epoch = epoch with { Ended = true } } : state);
        table.Ignore<RunEvent.WorkloadFailed>(AfterFence, "it is to be replaced already");
        table.Ignore<RunEvent.WorkloadFailed>([.. Closing, .. Tombstones], "it is over");

        table.On<RunEvent.TipAdvanced>([RunStep.Waiting, RunStep.Running, .. Moving, .. Closing], "remember what the stores hold", OnTipAdvanced);
        table.Ignore<RunEvent.TipAdvanced>(Tombstones, "it is over");
    }

    private static RunState OnProgressWhileDisplaced(RunState state, RunEvent.Progressed progressed, RunPolicy policy)
    {
        // The last heartbeat of a workload that has ended may be read after its end was told: it is no life. One that is being stopped has none before it.
        if (!IsRise(state, progressed.Progress) || state.Epoch is not { Fenced: false, Ended: false, GivenUp: null } epoch)
            return state;
        if (Violation(state, progressed) is not null || state.Waiting is { Reason: WaitReason.RetriesExhausted })
            return state;
        var seen = state with { Epoch = epoch with { Progress = progressed.Progress } };
        // That it has loaded is not that it trains: without a step beyond what it resumed from nothing is cancelled.
        var trains = progressed.By == ProgressKind.PodsReady || progressed.Progress.Step > epoch.ResumeStep;
        return state.Move is { Cause: MoveCause.Drain } || !trains || !Shows(state.Spec.Progress.By, progressed.By) ? seen : BackToRunning(seen);
    }

    private static RunState OnProgressOfLaunch(RunState state, RunEvent.Progressed progressed, RunPolicy policy)
    {
        if (!IsNews(state, progressed) || !Shows(state.Spec.Progress.By, progressed.By))
            return state;
        if (Violation(state, progressed) is { } violation)
            return Wait(state, WaitReason.RetriesExhausted, violation);
        var epoch = state.Epoch!;
        var seen = state with { Epoch = epoch with { Progress = progressed.Progress } };
        // A first heartbeat at the step it resumed from says that it loaded, not that it trains.
        if (progressed.By != ProgressKind.PodsReady && progressed.Progress.Step <= epoch.ResumeStep)
            return seen;
        var involuntary = state.Move is { Cause: MoveCause.Failover };
        var running = BackToRunning(seen) with { Overruns = 0, LastMove = Enter(seen, RunStep.Running).Move };
        return involuntary ? running with { Recent = new MoveHistory(state.Now, state.Recent.Count + 1) } : running;
    }

    private static RunState OnProgressOfRunning(RunState state, RunEvent.Progressed progressed, RunPolicy policy)
    {
        if (!IsNews(state, progressed))
            return state;
        return Violation(state, progressed) is { } violation
            ? Wait(state, WaitReason.RetriesExhausted, violation)
            : state with { Epoch = state.Epoch! with { Progress = progressed.Progress } };
    }

    /// <summary>A commit that does not count is told at whatever step it is: a trainer whose commits count for nothing must not train on unnoticed.</summary>
    private static bool IsNews(RunState state, RunEvent.Progressed progressed) =>
        progressed.Violation is null ? IsRise(state, progressed.Progress) : progressed.Progress.Epoch == state.EpochNumber;

    private static bool IsRise(RunState state, Progress progress)
    {
        if (state.Epoch is not { } epoch || progress.Epoch != epoch.Number)
            return false;
        return epoch.Progress is not { } known
            || progress.Attempt > known.Attempt
            || (progress.Attempt == known.Attempt && progress.Step > known.Step);
    }

    /// <summary>Whether what was seen is at least as telling as what the run asks for.</summary>
    private static bool Shows(ProgressKind asked, ProgressKind seen) =>
        seen == asked || seen == ProgressKind.Commit || (asked == ProgressKind.PodsReady && seen == ProgressKind.Heartbeat);

    private static string? Violation(RunState state, RunEvent.Progressed progressed)
    {
        if (progressed.Violation is { } told)
            return $"ContractViolated: {told}";
        if (progressed.By == ProgressKind.PodsReady)
            return null;
        var epoch = state.Epoch!;
        var said = progressed.Progress.ResumedFrom;
        var own = progressed.Progress.Attempt > 0 && said is { } commit && commit.Epoch == epoch.Number;
        return own || said == epoch.ResumeFrom
            ? null
            : $"ContractViolated: epoch {epoch.Number} was to resume from {Name(epoch.ResumeFrom)}, its trainer says {Name(said)}.";
    }

    private static string Name(CommitRef? commit) => commit is { } some ? some.ToString() : "nothing";

    private static RunState OnSucceeded(RunState state, RunEvent.WorkloadSucceeded succeeded, RunPolicy policy) =>
        succeeded.Epoch == state.EpochNumber && state.Epoch is { } epoch
            ? Enter(state with { LastMove = state.Move ?? state.LastMove, Move = null, Epoch = epoch with { Fenced = true } }, RunStep.Finishing)
            : state;

    private static RunState OnFailed(RunState state, RunEvent.WorkloadFailed failed, RunPolicy policy)
    {
        if (failed.Epoch != state.EpochNumber)
            return state;
        var epoch = state.Epoch! with { Ended = true };
        var ended = state with { Epoch = epoch };
        var marked = failed.ExitCode == ExitBadCheckpoint ? MarkLoadedCopy(ended, epoch) : ended;
        return RetryOrAsk(marked, $"Epoch {epoch.Number} failed on {epoch.Target.Member}: {failed.Detail}", failed.Detail, policy);
    }

    /// <summary>In place within the budget, else elsewhere, else a person is asked.</summary>
    private static RunState RetryOrAsk(RunState state, string what, string detail, RunPolicy policy)
    {
        var used = state.Retries;
        if (used.InPlace < state.Spec.Retries.InPlace)
        {
            return Wait(
                state with { Retries = used with { InPlace = used.InPlace + 1 } },
                WaitReason.BackingOff, what, Backoff(policy.RetryDelay, policy.RetryDelayMax, used.InPlace));
        }
        if (used.Elsewhere < state.Spec.Retries.Elsewhere)
        {
            return Wait(
                DistrustTarget(state with { Retries = used with { Elsewhere = used.Elsewhere + 1 } }, state.Epoch!.Target.Member, detail, policy),
                WaitReason.BackingOff, what, Backoff(policy.RetryDelay, policy.RetryDelayMax, used.Elsewhere));
        }
        return Wait(state, WaitReason.RetriesExhausted, $"{what}; its retries are used up.");
    }

    /// <summary>It loaded its own newest commit if it had one, else what it was told to resume from.</summary>
    private static RunState MarkLoadedCopy(RunState state, EpochState epoch)
    {
        var own = state.Tips.FirstOrDefault(tip => tip.Store == epoch.Target.Store && tip.Commit.Epoch == epoch.Number);
        var loaded = own is not null && epoch.OwnCommits > 0 ? own.Commit : epoch.ResumeFrom;
        return loaded is { } commit ? RememberBadCopy(state, epoch.Target.Store, commit) : state;
    }

    private static RunState OnTipAdvanced(RunState state, RunEvent.TipAdvanced advanced, RunPolicy policy)
    {
        // Computed against a chain that may be out of date by now.
        if (advanced.Epoch != state.EpochNumber)
            return state;
        var known = state.Tips.FirstOrDefault(tip => tip.Store == advanced.Tip.Store);
        var own = state.Epoch is { } epoch && epoch.OwnCommits != advanced.OwnCommits && advanced.Tip.Store == epoch.Target.Store
            ? state with { Epoch = epoch with { OwnCommits = advanced.OwnCommits } }
            : state;
        if (known is not null && known.Commit == advanced.Tip.Commit)
            return own;
        return own with { Tips = known is null ? own.Tips.Add(advanced.Tip) : own.Tips.Replace(known, advanced.Tip) };
    }
}
