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
    public static IEnumerable<(string Member, RunEpoch Epoch)> Holds(RunState run)
    {
        var epochRuns = run.Step is RunStep.Launching or RunStep.Verifying or RunStep.Running || (run.Move?.Cause == MoveCause.Drain && HasTarget(run.Step));
        if (epochRuns && run.Epoch is { } epoch)
            yield return (epoch.Target.Member, new RunEpoch(run.Uid, epoch.Number));
        if (HasTarget(run.Step) && run.Move is { } move)
            yield return (move.Target.Member, new RunEpoch(run.Uid, move.ToEpoch));
    }

    /// <summary>
    /// The member with all in its ledger that runs hold: one that was planned a moment ago has not asked for its GPUs yet (I7). What the ledger holds
    /// beyond that counts until it is released.
    /// </summary>
    public static MemberState WithPromises(MemberState member, IEnumerable<RunState> runs)
    {
        var promises = runs.SelectMany(run => Holds(run).Where(held => held.Member == member.Name).Select(held => Promise(run, held.Epoch.Epoch))).ToArray();
        var others = member.Reservations.Where(reservation => !promises.Any(promise => (promise.RunUid, promise.Epoch) == (reservation.RunUid, reservation.Epoch)));
        return member with { Reservations = [.. others, .. promises] };
    }

    /// <summary>Whether a move is under way that has not launched yet: its GPUs are promised, and its bytes are on their way.</summary>
    public static bool HasTarget(RunStep step) =>
        step is RunStep.Planned or RunStep.Reserved or RunStep.Staging or RunStep.Quiescing or RunStep.Fenced or RunStep.ToppingUp or RunStep.Pinning;

    /// <summary>Where an epoch is that holds GPUs: the current one, or that of the move under way.</summary>
    public static Target TargetOf(RunState run, int epoch) => run.Epoch?.Number == epoch ? run.Epoch.Target : run.Move!.Target;

    private static GpuReservation Promise(RunState run, int epoch) =>
        new(run.Uid, epoch, "", TargetOf(run, epoch).Sku, run.Spec.Gang.Workers, run.Spec.Gang.GpusPerWorker, run.StepSince) { Move = run.Moves };
}
