using Failover.Simulator.History;
using Failover.Simulator.Trainers;

namespace Failover.Chaos.Checking;

/// <summary>I1, the trained weights, and the provenance of what was trained.</summary>
public static class LineageChecks
{
    /// <summary>I1: commits form one chain; a sealed or cut epoch never adds to it; nothing stored ever changes.</summary>
    public static Judgement OneLineage(Record record)
    {
        var verdicts = new Verdicts("I1", "one lineage");
        foreach (var changed in record.Events.OfType<SlotChanged>())
            verdicts.Expect(false, () => $"Slot e{changed.Epoch}/{changed.Slot} of {changed.Uid} in {changed.Store} changed after it was written.");
        foreach (var uid in record.Uids)
        {
            LookAtEpochs(record, uid, verdicts);
            LookAtCopies(record, uid, verdicts);
            var last = record.Last(uid).Epoch?.Number ?? 0;
            var (chain, faults) = ChainBuilder.Build(record, uid, last);
            foreach (var fault in faults)
                verdicts.Expect(false, () => fault);
            foreach (var link in chain)
                verdicts.Expect(link.Document.Run == uid, () => $"Commit {link.Ref} in the lineage of {uid} says that it is of {link.Document.Run}.");
        }
        return verdicts.Done();
    }

    /// <summary>The weights that each run ended with are those of an undisturbed run: no state was torn or mixed, no step lost or doubled.</summary>
    public static Judgement WeightsIdentical(Record record)
    {
        var verdicts = new Verdicts("weights", "weights identical");
        var finished = record.Events.OfType<RunFinished>().ToLookup(run => run.Trainer.Name);
        foreach (var planned in record.Planned)
        {
            var uid = record.Uids.FirstOrDefault(known => record.Last(known).Spec.Name == planned.Name);
            var ends = record.Events.OfType<RunFinished>().Where(end => end.Trainer.Uid == uid && end.Trainer.Epoch == record.Last(uid!).Epoch?.Number).ToList();
            var expected = TrainingMath.Reference(planned.Seed, planned.Steps);
            verdicts.Expect(
                ends.Count > 0 && ends.All(end => end.WeightsSha256 == expected && end.Step == planned.Steps),
                () => ends.Count == 0 ? $"{planned.Name} did not finish." : $"{planned.Name} ended with other weights than an undisturbed run.");
        }
        return verdicts.Done();
    }

    /// <summary>The provenance that each run ended with is the one computed from what the outside saw: every resume was from the right commit.</summary>
    public static Judgement ProvenanceExact(Record record)
    {
        var verdicts = new Verdicts("provenance", "provenance exact");
        foreach (var planned in record.Planned)
        {
            var uid = record.Uids.FirstOrDefault(known => record.Last(known).Spec.Name == planned.Name);
            var reason = uid is null ? "it was never stored" : ProvenanceFault(record, uid);
            verdicts.Expect(reason is null, () => $"{planned.Name}: {reason}.");
        }
        return verdicts.Done();
    }

    private static string? ProvenanceFault(Record record, string uid)
    {
        var epoch = record.Last(uid).Epoch?.Number ?? 0;
        var end = record.Events.OfType<RunFinished>().LastOrDefault(run => run.Trainer.Uid == uid && run.Trainer.Epoch == epoch);
        if (end is null)
            return "it did not finish";
        string? parent = null;
        foreach (var link in ChainBuilder.Build(record, uid, epoch).Chain)
        {
            var attempt = record.Attempts.FirstOrDefault(
                started => started.Trainer.Uid == uid && started.Trainer.Epoch == link.Ref.Epoch && started.Trainer.Attempt == link.Document.Attempt);
            if (attempt is null)
                return $"commit {link.Ref} is of an attempt that nobody saw start";
            parent = Provenance.Compute(
                uid, parent, link.Ref.Epoch, link.Document.Attempt, attempt.Nonce, attempt.ResumedFrom, link.Document.Step);
            if (parent != link.Document.Provenance)
                return $"commit {link.Ref} has another provenance than its history";
        }
        return parent == end.Provenance ? null : "it ended with another provenance than its lineage";
    }

    private static void LookAtEpochs(Record record, string uid, Verdicts verdicts)
    {
        StoredEpoch? known = null;
        foreach (var write in record.RunHistory(uid))
        {
            if (write.Row.Epoch is not { } epoch)
                continue;
            if (known is not null)
            {
                verdicts.Expect(epoch.Number == known.Number || epoch.Number == known.Number + 1,
                    () => $"{uid} went from epoch {known.Number} to {epoch.Number} at write {write.Seq}.");
                if (epoch.Number == known.Number)
                {
                    verdicts.Expect(
                        epoch.Target == known.Target && epoch.ResumeFrom == known.ResumeFrom,
                        () => $"{uid} epoch {epoch.Number} changed its member or what it resumes from at write {write.Seq}.");
                }
            }
            known = epoch;
        }
    }

    /// <summary>The same slot is the same commit in every store, and nothing but a seal follows a seal.</summary>
    private static void LookAtCopies(Record record, string uid, Verdicts verdicts)
    {
        foreach (var slot in record.Slots.Where(slot => slot.Uid == uid).GroupBy(slot => (slot.Epoch, slot.Slot)))
        {
            var provenances = slot.Where(copy => copy.Commit is not null).Select(copy => copy.Commit!.Provenance).Distinct().Count();
            verdicts.Expect(provenances <= 1, () => $"Slot e{slot.Key.Epoch}/{slot.Key.Slot} of {uid} holds different commits in different stores.");
        }
        foreach (var store in record.Slots.Where(slot => slot.Uid == uid).GroupBy(slot => (slot.Store, slot.Epoch)))
        {
            var seal = store.Where(slot => slot.Sealed).Select(slot => slot.Slot).DefaultIfEmpty(int.MaxValue).Min();
            verdicts.Expect(store.All(slot => slot.Slot <= seal), () => $"Epoch {store.Key.Epoch} of {uid} in {store.Key.Store} has slots after its seal.");
        }
    }
}
