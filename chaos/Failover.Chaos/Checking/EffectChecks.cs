using Failover.Simulator.ApiServer;
using Failover.Simulator.History;

namespace Failover.Chaos.Checking;

/// <summary>I3 and I4: what was done outside, held against what was stored before.</summary>
public static class EffectChecks
{
    /// <summary>The label that names the run.</summary>
    public const string UidLabel = "failover.dev/run-uid";

    /// <summary>The label that names the epoch.</summary>
    public const string EpochLabel = "failover.dev/epoch";

    /// <summary>The label that names the launch.</summary>
    public const string LaunchLabel = "failover.dev/launch-id";

    private static readonly string[] Sealing = ["Fenced", "ToppingUp", "Pinning", "Finishing", "Cancelling"];

    /// <summary>I3: no workload was created, no epoch sealed, no pin set before a row said so.</summary>
    public static Judgement StoreThenAct(Record record)
    {
        var verdicts = new Verdicts("I3", "store, then act");
        foreach (var create in JobCalls(record, "create").Where(call => call.Status == 201))
        {
            var (uid, epoch) = (create.Labels!.GetValueOrDefault(UidLabel, ""), Number(create.Labels!.GetValueOrDefault(EpochLabel)));
            var made = record.MadeCurrent(uid, epoch);
            verdicts.Expect(
                made is not null && made.At <= create.At && made.Row.Epoch!.Target.Member == create.Member
                    && made.Row.Epoch.LaunchId == create.Labels!.GetValueOrDefault(LaunchLabel),
                () => $"{create.Name} was created on {create.Member} at {create.At:O}, before or without a row that says so.");
        }
        foreach (var seal in record.Slots.Where(slot => slot.Sealed))
        {
            var intended = record.RunHistory(seal.Uid).FirstOrDefault(write => Intends(write.Row, seal.Epoch));
            verdicts.Expect(
                intended is not null && intended.At <= seal.At,
                () => $"Epoch {seal.Epoch} of {seal.Uid} was sealed in {seal.Store} without a row that intends it.");
        }
        foreach (var delete in JobCalls(record, "delete").Where(call => call.Status is >= 200 and < 300 && call.Labels is not null))
        {
            var (uid, epoch) = (delete.Labels!.GetValueOrDefault(UidLabel, ""), Number(delete.Labels!.GetValueOrDefault(EpochLabel)));
            var asOf = record.RunHistory(uid).LastOrDefault(write => write.At <= delete.At);
            verdicts.Expect(
                asOf is not null && (asOf.Row.Epoch?.Number > epoch || asOf.Row.Step is "Cancelling" or "Cancelled" or "Quiescing" || asOf.Row.Epoch?.GivenUp is not null),
                () => $"{delete.Name} was deleted on {delete.Member} while its epoch was current.");
        }
        return verdicts.Done();
    }

    /// <summary>I4: nothing is taken for done that nobody saw done: an epoch called sealed has its seal, a run called finished has its last commit.</summary>
    public static Judgement TimeoutIsUnknown(Record record)
    {
        var verdicts = new Verdicts("I4", "a time-out is Unknown");
        foreach (var uid in record.Uids)
        {
            var last = record.Last(uid);
            foreach (var past in last.Past)
            {
                var seals = record.Slots.Any(slot => slot.Sealed && slot.Uid == uid && slot.Epoch == past.Number && slot.Store == past.Target.Store);
                var owed = last.PendingSeals.Any(seal => seal.Epoch == past.Number);
                verdicts.Expect(
                    past.Sealed ? seals : owed,
                    () => past.Sealed
                        ? $"{uid} says that epoch {past.Number} is sealed; {past.Target.Store} has no seal."
                        : $"{uid} epoch {past.Number} is neither sealed nor is its seal owed.");
            }
            if (last.Step == "Finished")
            {
                verdicts.Expect(
                    record.Events.OfType<RunFinished>().Any(end => end.Trainer.Uid == uid),
                    () => $"{uid} is called finished; no trainer of it was seen to finish.");
            }
        }
        return verdicts.Done();
    }

    internal static IEnumerable<ApiCall> JobCalls(Record record, string verb) =>
        record.Events.OfType<ApiCallSeen>().Select(seen => seen.Call).Where(call => call.Resource == "jobs" && call.Verb == verb && !call.DryRun && call.Labels is not null);

    internal static int Number(string? text) => int.TryParse(text, out var number) ? number : -1;

    private static bool Intends(StoredRun row, int epoch) =>
        (row.Epoch?.Number == epoch && Sealing.Contains(row.Step)) || row.PendingSeals.Any(seal => seal.Epoch == epoch);
}
