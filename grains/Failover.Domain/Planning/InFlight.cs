using Failover.Domain.Members;
using Failover.Domain.Migration;

namespace Failover.Domain.Planning;

/// <summary>What runs hold that are moving or running.</summary>
internal static class InFlight
{
    /// <summary>
    /// The epoch's GPUs while its workload is wanted, and a move's on its target. A waiting run holds none: what its epoch may still use is seen as bound
    /// pods, and its next place is decided anew.
    /// </summary>
    public static IEnumerable<HeldReservation> Holds(RunState run)
    {
        var epochRuns = run.Step is RunStep.Launching or RunStep.Verifying or RunStep.Running || (run.Move?.Cause == MoveCause.Drain && HasTarget(run.Step));
        if (epochRuns && run.Epoch is { } epoch)
            yield return new HeldReservation(epoch.Target.Member, run.Uid, epoch.Number);
        if (HasTarget(run.Step) && run.Move is { } move)
            yield return new HeldReservation(move.Target.Member, run.Uid, move.ToEpoch);
    }

    /// <summary>The member as it will be once all that was promised is in its ledger: a run that was planned a moment ago is not there yet (I7).</summary>
    public static MemberState WithPromises(MemberState member, IEnumerable<RunState> runs, DateTimeOffset now)
    {
        var missing =
            from run in runs
            from held in Holds(run)
            where held.Member == member.Name && !IsSeen(member, held)
            let sku = run.Epoch is { } epoch && epoch.Number == held.Epoch ? epoch.Target.Sku : run.Move!.Target.Sku
            select new GpuReservation(run.Uid, held.Epoch, "", sku, run.Spec.Gang.Workers, run.Spec.Gang.GpusPerWorker, now);
        return member with { Reservations = [.. member.Reservations, .. missing] };
    }

    /// <summary>Whether a move is under way that has not launched yet: its GPUs are promised, and its bytes are on their way.</summary>
    public static bool HasTarget(RunStep step) =>
        step is RunStep.Planned or RunStep.Reserved or RunStep.Staging or RunStep.Quiescing or RunStep.Fenced or RunStep.ToppingUp or RunStep.Pinning;

    private static bool IsSeen(MemberState member, HeldReservation held) =>
        member.Reservations.Any(reservation => reservation.RunUid == held.RunUid && reservation.Epoch == held.Epoch)
        || (member.Capacity?.Workloads.Any(use => use.RunUid == held.RunUid && use.Epoch == held.Epoch) ?? false);
}
