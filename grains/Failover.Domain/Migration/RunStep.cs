namespace Failover.Domain.Migration;

/// <summary>Where a run stands. Every pair (step × event) has a row in <see cref="RunMachine"/>.</summary>
public enum RunStep
{
    /// <summary>It has no place, or has been displaced from it; <see cref="RunState.Waiting"/> says why. Its epoch, if any, is not sealed and may be alive.</summary>
    Waiting,

    /// <summary>A target was chosen; its GPUs are being reserved.</summary>
    Planned,

    /// <summary>GPUs are held; the lineage is being surveyed for the commit to resume from.</summary>
    Reserved,

    /// <summary>The chosen commit is being copied to, and verified in, the target's store.</summary>
    Staging,

    /// <summary>Drain only: the workload was asked for a last checkpoint and to stop.</summary>
    Quiescing,

    /// <summary>The point of no return: the current epoch is being sealed.</summary>
    Fenced,

    /// <summary>Sealed: a commit newer than what was staged is being staged as well.</summary>
    ToppingUp,

    /// <summary>The commit to resume from is being pinned in the target's store.</summary>
    Pinning,

    /// <summary>The new epoch is current; its workload is being created.</summary>
    Launching,

    /// <summary>The workload is there; no progress from the right commit was seen yet.</summary>
    Verifying,

    /// <summary>It trains.</summary>
    Running,

    /// <summary>Trained to the end; its last epoch is being sealed.</summary>
    Finishing,

    /// <summary>A person cancelled it; its last epoch is being sealed.</summary>
    Cancelling,

    /// <summary>A tombstone: trained to the end.</summary>
    Finished,

    /// <summary>A tombstone: cancelled.</summary>
    Cancelled,
}

/// <summary>Why a run waits.</summary>
public enum WaitReason
{
    /// <summary>Submitted; the planner has not seen it yet.</summary>
    NotYetPlanned,

    /// <summary>Displaced; the planner looks for a place.</summary>
    Displaced,

    /// <summary>It fits nowhere; <see cref="WaitState.PerMember"/> says why, member by member.</summary>
    NoFit,

    /// <summary>The brake holds: too much was to be moved at once.</summary>
    BrakeHeld,

    /// <summary>No commit of its chain is whole and readable; a person may start it from nothing.</summary>
    NoGoodCheckpoint,

    /// <summary>A store that may hold a newer commit did not answer as it should (I2, I4).</summary>
    LineageUnknown,

    /// <summary>The newest good commit lies further back than the run allows.</summary>
    RollbackTooFar,

    /// <summary>The last try failed; the next one is due at <see cref="WaitState.Until"/>.</summary>
    BackingOff,

    /// <summary>Its retries are used up: a person decides.</summary>
    RetriesExhausted,

    /// <summary>Its member was stopped by its owner.</summary>
    MemberStopped,

    /// <summary>It gave its place to a run of a higher tier, and gets one again once there is room; <see cref="WaitState.PerMember"/> says what is in its way.</summary>
    Preempted,
}

/// <summary>Why it is moved.</summary>
public enum MoveCause
{
    /// <summary>Its first place.</summary>
    Initial,

    /// <summary>Its member, or its gang on it, was lost.</summary>
    Failover,

    /// <summary>Its workload failed; another epoch in the same place or elsewhere.</summary>
    Restart,

    /// <summary>Voluntary: an operator drains its member.</summary>
    Drain,
}
