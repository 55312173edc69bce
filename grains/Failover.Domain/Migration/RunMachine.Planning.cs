namespace Failover.Domain.Migration;

/// <content>What the planner says: displaced, placed, not placed, held.</content>
public static partial class RunMachine
{
    private static void AddPlanning(RunTable table)
    {
        table.On<RunEvent.Displaced>([RunStep.Running, .. Launched], "its place is lost: it waits for another, unsealed, for it may be alive", OnDisplaced);
        table.On<RunEvent.Displaced>(BeforeFence, "a failover supersedes a drain's move at the step where it is", SupersedeDrain);
        table.Ignore<RunEvent.Displaced>([RunStep.Waiting], "it waits already");
        table.Ignore<RunEvent.Displaced>(AfterFence, "past the point of no return the old place does not matter");
        table.Ignore<RunEvent.Displaced>([.. Closing, .. Tombstones], "it needs no place any more");

        table.On<RunEvent.GaveUp>([RunStep.Running], "it does not get on there: its workload is stopped, and it waits for a place, which may be the same", OnGaveUp);
        table.On<RunEvent.GaveUp>(BeforeFence, "what drives a drain's run out does not wait for its last checkpoint", (state, gaveUp, _) =>
            // A preemption needs no more than that it leaves, and it does.
            gaveUp.Epoch == state.EpochNumber && gaveUp.Why != GivenUp.Preempted && state.Move is { Cause: MoveCause.Drain, Quiesced: false }
                ? Supersede(state, MoveCause.Restart)
                : state);
        table.Ignore<RunEvent.GaveUp>([RunStep.Waiting, .. AfterFence], "it is to be replaced already");
        table.Ignore<RunEvent.GaveUp>(Launched, "its deadline gives it up");
        table.Ignore<RunEvent.GaveUp>([.. Closing, .. Tombstones], "it needs no place any more");

        table.On<RunEvent.TargetLost>(BeforeFence, "nothing happened yet that binds it to the target: give the target up", OnTargetLost);
        table.On<RunEvent.TargetLost>(AfterFence, "the old epoch is sealed, or may be: another target is needed", OnTargetLost);
        table.Ignore<RunEvent.TargetLost>(Launched, "the target is its place by now: Displaced says when that is lost");
        table.Ignore<RunEvent.TargetLost>([RunStep.Waiting, RunStep.Running, .. Closing, .. Tombstones], "no move is under way");

        table.On<RunEvent.Placed>([RunStep.Waiting], "a place was found: reserve it", OnPlaced);
        table.On<RunEvent.Placed>([RunStep.Running], "a drain moves a run that runs", (state, placed, policy) =>
            placed.Cause == MoveCause.Drain ? OnPlaced(state, placed, policy) : state);
        table.Ignore<RunEvent.Placed>(Moving, "one move at a time; the planner looked at an older row");
        table.Ignore<RunEvent.Placed>([.. Closing, .. Tombstones], "it needs no place any more");

        table.On<RunEvent.NotPlaced>([RunStep.Waiting], "say why, member by member, and where its checkpoint is to be meanwhile", OnNotPlaced);
        table.Ignore<RunEvent.NotPlaced>([RunStep.Running, .. Moving, .. Closing, .. Tombstones], "it has a place; the planner looked at an older row");

        table.On<RunEvent.BrakeHeld>([RunStep.Waiting], "the brake holds: say so", OnBrakeHeld);
        table.Ignore<RunEvent.BrakeHeld>([RunStep.Running, .. Moving, .. Closing, .. Tombstones], "it is not waiting; the planner looked at an older row");
    }

    private static RunState OnDisplaced(RunState state, RunEvent.Displaced displaced, RunPolicy policy)
    {
        if (displaced.Epoch != state.EpochNumber)
            return state;
        var reason = displaced.MemberStopped ? WaitReason.MemberStopped : WaitReason.Displaced;
        return Wait(state, reason, displaced.Detail);
    }

    /// <summary>Nodes that die, and others that are worth more, are not the run's fault, and use up none of its retries; a stall is treated as a failure of its workload.</summary>
    private static RunState OnGaveUp(RunState state, RunEvent.GaveUp gaveUp, RunPolicy policy)
    {
        if (gaveUp.Epoch != state.EpochNumber)
            return state;
        var given = state with { Epoch = state.Epoch! with { GivenUp = gaveUp.Why } };
        return gaveUp.Why switch
        {
            GivenUp.GangDown => Wait(given, WaitReason.Displaced, gaveUp.Detail),
            // The planner looked at a snapshot; whether it may be preempted again is for the row to say.
            GivenUp.Preempted when state.LastPreemptedAt is { } last && last + policy.PreemptPeriod > state.Now => state,
            GivenUp.Preempted => Wait(given with { LastPreemptedAt = state.Now, PreemptedFor = gaveUp.PreemptedFor }, WaitReason.Preempted, gaveUp.Detail),
            _ => RetryOrAsk(given, $"Epoch {gaveUp.Epoch} stalled on {given.Epoch!.Target.Member}: {gaveUp.Detail}", gaveUp.Detail, policy),
        };
    }

    private static RunState SupersedeDrain(RunState state, RunEvent.Displaced displaced, RunPolicy policy)
    {
        if (displaced.Epoch != state.EpochNumber || state.Move is not { Cause: MoveCause.Drain } || displaced.MemberStopped)
            return state;
        return Supersede(state, MoveCause.Failover);
    }

    /// <summary>The workload can't be asked for anything any more; what was staged for the drain stays staged.</summary>
    private static RunState Supersede(RunState state, MoveCause cause)
    {
        var superseded = state with { Move = state.Move! with { Cause = cause } };
        return state.Step == RunStep.Quiescing ? Enter(superseded, RunStep.Reserved) : superseded;
    }

    private static RunState OnTargetLost(RunState state, RunEvent.TargetLost lost, RunPolicy policy)
    {
        if (state.Move is not { } move || move.Number != lost.Move)
            return state;
        var epochTrainsOn = move.Cause == MoveCause.Drain && state.Epoch is { Fenced: false } && !move.Quiesced && state.Step != RunStep.Quiescing;
        return epochTrainsOn ? BackToRunning(state) : Wait(state, WaitReason.Displaced, lost.Detail);
    }

    private static RunState OnPlaced(RunState state, RunEvent.Placed placed, RunPolicy policy)
    {
        // The planner looked at a snapshot; if the run has changed since, the plan is for another run than this one.
        if (placed.Epoch != state.EpochNumber || placed.Moves != state.Moves)
            return state;
        var move = new MoveState
        {
            Number = state.Moves + 1,
            Cause = state.Epoch is null ? MoveCause.Initial : placed.Cause,
            Target = placed.Target,
            ToEpoch = state.EpochNumber + 1,
            Note = placed.Note,
            Dates = [new DatedStep("Detected", placed.DetectedAt < state.Now ? placed.DetectedAt : state.Now)],
        };
        return Enter(state with { Move = move, Moves = move.Number, PreemptedFor = [] }, RunStep.Planned);
    }

    private static RunState OnNotPlaced(RunState state, RunEvent.NotPlaced notPlaced, RunPolicy policy)
    {
        var waiting = state.Waiting!;
        if (notPlaced.Epoch != state.EpochNumber || notPlaced.Moves != state.Moves || NeedsPerson(waiting.Reason))
            return state;
        var ahead = AheadOf(state, notPlaced);
        if (waiting.Reason is WaitReason.NoFit or WaitReason.Preempted && waiting.PerMember.SequenceEqual(notPlaced.PerMember))
            return ahead == state.StageAhead ? state : state with { StageAhead = ahead };
        // That it was preempted, and for whom, is said until it has a place again.
        if (waiting.Reason == WaitReason.Preempted)
            return state with { Waiting = waiting with { PerMember = notPlaced.PerMember }, StageAhead = ahead };
        var since = waiting.Reason == WaitReason.NoFit ? waiting.Since : state.Now;
        return state with
        {
            Waiting = new WaitState(WaitReason.NoFit, "No member can take it now.", since) { PerMember = notPlaced.PerMember },
            StageAhead = ahead,
        };
    }

    private static StageAhead? AheadOf(RunState state, RunEvent.NotPlaced notPlaced) =>
        notPlaced.StageAhead is not { } store ? null : state.StageAhead is { } known && known.Store == store ? known : new StageAhead(store, state.Now);

    private static RunState OnBrakeHeld(RunState state, RunEvent.BrakeHeld held, RunPolicy policy)
    {
        var waiting = state.Waiting!;
        if (held.Epoch != state.EpochNumber || NeedsPerson(waiting.Reason))
            return state;
        return waiting.Reason == WaitReason.BrakeHeld && waiting.Detail == held.Detail
            ? state
            : state with { Waiting = new WaitState(WaitReason.BrakeHeld, held.Detail, state.Now) };
    }

    private static bool NeedsPerson(WaitReason reason) => reason == WaitReason.RetriesExhausted;
}
