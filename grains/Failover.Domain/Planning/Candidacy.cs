using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;

namespace Failover.Domain.Planning;

/// <summary>What the planner may do with a waiting run.</summary>
internal enum Standing
{
    /// <summary>Nothing, for now: it does not wait, waits for a person, or its time has not come.</summary>
    NotYet,

    /// <summary>Its member was stopped by its owner: the run waits for it.</summary>
    MemberStopped,

    /// <summary>It may be placed.</summary>
    Free,

    /// <summary>It may be placed with a permit of the brake.</summary>
    WithPermit,
}

/// <summary>A waiting run's standing, and what a move of it would be called.</summary>
internal readonly record struct Candidacy(Standing Standing, MoveCause Cause)
{
    /// <summary>An ordered table: the first row that holds decides.</summary>
    public static Candidacy Of(RunState run, MemberState? home, DateTimeOffset now, PlanningPolicy policy)
    {
        // Those that move hold their reservations; the others are not the planner's.
        if (run is not { Step: RunStep.Waiting, Waiting: { } wait })
            return new(Standing.NotYet, MoveCause.Initial);
        // A person decides.
        if (wait.Reason == WaitReason.RetriesExhausted)
            return new(Standing.NotYet, MoveCause.Restart);
        if (wait.Until > now)
            return new(Standing.NotYet, MoveCause.Restart);
        if (run.Epoch is null)
            return new(Standing.Free, MoveCause.Initial);

        switch (home?.Verdict)
        {
            case MemberVerdict.Stopped:
                return new(Standing.MemberStopped, MoveCause.Restart);
            // A run that was moved lately waits longer each time (I6).
            case MemberVerdict.Lost:
                return new(MoveAgainAt(run.Recent, now, policy.Runs) > now ? Standing.NotYet : Standing.WithPermit, MoveCause.Failover);
        }

        // Whether it was stopped can't be seen while its member does not answer, and until then it trains: nothing is gained by sealing what it still commits.
        if (run.Epoch is { GivenUp: GivenUp.Preempted, Ended: false } && home is { Verdict: not (MemberVerdict.Healthy or MemberVerdict.Degraded) })
            return new(Standing.NotYet, MoveCause.Restart);
        // What was given up is stopped first, so that it may start again in its own place: until its pods are gone it would find none there.
        if (home is not null && IsStopping(run, home, now, policy))
            return new(Standing.NotYet, MoveCause.Restart);
        // It was stopped on purpose: there is nothing that the brake is for.
        if (run.Epoch.GivenUp == GivenUp.Preempted && (run.Epoch.Ended || home is not null))
            return new(Standing.Free, MoveCause.Restart);
        // Dead nodes under an API that answers may be an error of ours as well: the brake is asked.
        if (run.Epoch.GivenUp == GivenUp.GangDown)
            return new(Standing.WithPermit, MoveCause.Restart);
        // Its workload failed, or its epoch is sealed, or may be: nothing lives on there, and there is nothing that the brake is for.
        if (wait.Reason is WaitReason.BackingOff or WaitReason.NotYetPlanned || run.Epoch.Fenced || run.Epoch.Ended)
            return new(Standing.Free, MoveCause.Restart);
        // It was displaced and its member is no longer Lost: its epoch may have lived on, so first see whether it steps.
        if (home is not null && home.VerdictSince + policy.ReturnGrace > now)
            return new(Standing.NotYet, MoveCause.Restart);
        // Where the member answers, its workload is gone in truth; where it does not, moving it is as involuntary as from a lost one.
        return new(home?.Verdict is MemberVerdict.Healthy or MemberVerdict.Degraded ? Standing.Free : Standing.WithPermit, MoveCause.Restart);
    }

    /// <summary>
    /// Whether a run that was given up is being waited for: its pods hold GPUs, and its time to stop is not over. One that was preempted has the time of a last checkpoint.
    /// </summary>
    public static bool IsStopping(RunState run, MemberState home, DateTimeOffset now, PlanningPolicy policy)
    {
        if (run is not { Step: RunStep.Waiting, Epoch.GivenUp: { } why } || !StillHolds(run, home))
            return false;
        var limit = why == GivenUp.Preempted && run.Spec.Deadlines.Quiesce > policy.StopLimit ? run.Spec.Deadlines.Quiesce : policy.StopLimit;
        return run.StepSince + limit > now;
    }

    /// <summary>Whether its workload has yet to stop, or pods of it hold GPUs that will be free: those on dead nodes won't be.</summary>
    private static bool StillHolds(RunState run, MemberState home) =>
        run.Epoch is { Ended: false }
        || home.Capacity?.Workloads.Any(use => use.RunUid == run.Uid && use.Epoch == run.EpochNumber && use.Gpus > use.DeadGpus) == true;

    /// <summary>The earliest time for the next involuntary move: none for the first, doubling from then on, forgotten after a while.</summary>
    public static DateTimeOffset MoveAgainAt(MoveHistory recent, DateTimeOffset now, RunPolicy policy)
    {
        if (recent is not { LastAt: { } last, Count: > 0 } || now - last >= policy.MoveMemory)
            return DateTimeOffset.MinValue;
        var delay = policy.MoveAgainDelay;
        for (var move = 1; move < recent.Count && delay < policy.MoveAgainDelayMax; move++)
            delay *= 2;
        return last + (delay < policy.MoveAgainDelayMax ? delay : policy.MoveAgainDelayMax);
    }
}
