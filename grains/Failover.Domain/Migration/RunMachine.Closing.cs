namespace Failover.Domain.Migration;

/// <content>The ends of a run, and what a person may ask.</content>
public static partial class RunMachine
{
    private static void AddClosing(RunTable table)
    {
        table.On<RunEvent.CancelRequested>([RunStep.Waiting, RunStep.Running, .. Moving], "seal first, so that nothing is added after the word was given", OnCancel);
        table.Ignore<RunEvent.CancelRequested>([.. Closing, .. Tombstones], "it is over");

        table.On<RunEvent.RetryRequested>([RunStep.Waiting], "a person says: try again", OnRetry);
        table.Ignore<RunEvent.RetryRequested>([RunStep.Running, .. Moving, .. Closing, .. Tombstones], "nothing waits for a person");
    }

    private static RunState OnCancel(RunState state, RunEvent.CancelRequested cancel, RunPolicy policy)
    {
        var cancelled = state with { CancelledBy = cancel.By, LastMove = state.Move ?? state.LastMove, Move = null };
        return cancelled.Epoch is { } epoch
            ? Enter(cancelled with { Epoch = epoch with { Fenced = true } }, RunStep.Cancelling)
            : Enter(cancelled, RunStep.Cancelled);
    }

    private static RunState OnRetry(RunState state, RunEvent.RetryRequested retry, RunPolicy policy)
    {
        var asked = state with
        {
            Retries = new RetryCount(0, 0),
            Overruns = 0,
            Distrusted = [],
            StartFromNothing = state.StartFromNothing || retry.FromNothing,
        };
        var reason = state.Epoch is null ? WaitReason.NotYetPlanned : WaitReason.Displaced;
        return asked with { Waiting = new WaitState(reason, $"{retry.By} asked to try again.", state.Now) };
    }

    private static RunState OnClosingSealed(RunState state, RunEvent.Sealed happened, RunPolicy policy)
    {
        if (!Answers(state, happened.EffectId, policy))
            return OnOwedSeal(state, happened, policy);
        if (happened.Reached)
            return Close(state);
        return state.Retry.Tries < SealTries ? RetryLater(state, $"{happened.Store} can't be reached.", policy) : Close(Owe(state, happened.Epoch, happened.Store));
    }

    private static RunState Close(RunState state) => Enter(state, state.Step == RunStep.Finishing ? RunStep.Finished : RunStep.Cancelled);
}
