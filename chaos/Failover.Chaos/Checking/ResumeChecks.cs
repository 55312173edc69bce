using Failover.Simulator.History;
using Failover.Simulator.Stores;

namespace Failover.Chaos.Checking;

/// <summary>
/// What a move resumed from, and what could have been: one row of the report. <paramref name="StepReached"/> is the highest step that the epoch before had
/// finished when its loss began. At most <paramref name="Bound"/> steps may be redone, for the newest commit that was good and in reach was that old.
/// </summary>
public sealed record ResumeFinding(string Uid, int Epoch, CommitRef? ResumeFrom, long ResumeStep, long StepReached, long Redone, long Bound, string? Fallback);

/// <summary>I2, and the steps redone.</summary>
public static class ResumeChecks
{
    /// <summary>A commit this fresh may not have been replicated, or listed, when the choice was made.</summary>
    private static readonly TimeSpan ReplicationSlack = TimeSpan.FromSeconds(4);

    /// <summary>I2: every epoch starts from the newest commit of its chain that was good and in reach, and does what it was told.</summary>
    public static Judgement ResumeFromGood(Record record)
    {
        var verdicts = new Verdicts("I2", "resume from good");
        foreach (var attempt in record.Attempts)
        {
            var made = record.MadeCurrent(attempt.Trainer.Uid, attempt.Trainer.Epoch);
            var told = made?.Row.Epoch?.ResumeFrom;
            var own = attempt.Trainer.Attempt > 0 && attempt.ResumedFrom?.Epoch == attempt.Trainer.Epoch;
            verdicts.Expect(
                made is not null && (own || attempt.ResumedFrom == told),
                () => $"{Who(attempt)} resumed from {Name(attempt.ResumedFrom)}, it was told {Name(told)}.");
        }
        foreach (var (made, uid, epoch) in Epochs(record).Where(made => made.Epoch.Number > 1))
        {
            var before = ChainBuilder.Build(record, uid, epoch.Number - 1).Chain;
            var best = NewestInReach(record, uid, before, made);
            var chosen = IndexOf(before, epoch.ResumeFrom);
            verdicts.Expect(
                chosen >= best,
                () => $"{uid} epoch {epoch.Number} resumes from {Name(epoch.ResumeFrom)}, though {before[best].Ref} was good and in reach.");
        }
        return verdicts.Done();
    }

    /// <summary>Steps redone by each epoch after the first, against what the age of the newest good commit in reach allows.</summary>
    public static (Judgement Judgement, IReadOnlyList<ResumeFinding> Findings) StepsRedone(Record record)
    {
        var verdicts = new Verdicts("redone", "steps redone within their bound");
        var findings = new List<ResumeFinding>();
        foreach (var (made, uid, epoch) in Epochs(record).Where(made => made.Epoch.Number > 1))
        {
            var before = ChainBuilder.Build(record, uid, epoch.Number - 1).Chain;
            var best = NewestInReach(record, uid, before, made);
            var reached = StepReached(record, uid, epoch.Number - 1, LossBegan(record, uid, made));
            var bestStep = best < 0 ? 0 : before[best].Document.Step;
            var finding = new ResumeFinding(
                uid, epoch.Number, epoch.ResumeFrom, epoch.ResumeStep, reached, Math.Max(0, reached - epoch.ResumeStep), Math.Max(0, reached - bestStep),
                made.Row.Move?.FallbackDetail);
            findings.Add(finding);
            verdicts.Expect(finding.Redone <= finding.Bound, () => $"{uid} epoch {epoch.Number} redid {finding.Redone} steps, its bound is {finding.Bound}.");
        }
        return (verdicts.Done(), findings);
    }

    /// <summary>
    /// The place in the chain of the newest commit that had a sound copy in a store that silos could reach when the epoch was chosen; -1 for none.
    /// </summary>
    private static int NewestInReach(Record record, string uid, IReadOnlyList<ChainLink> chain, StoredWrite<StoredRun> made)
    {
        var chosenAt = made.Row.Move?.Dates.LastOrDefault(date => date.Step is "Fenced" or "Reserved")?.At ?? made.At;
        for (var i = chain.Count - 1; i >= 0; i--)
        {
            var link = chain[i];
            var copies = record.Slots.Where(slot => slot.Uid == uid && slot.Epoch == link.Ref.Epoch && slot.Slot == link.Ref.Commit);
            var sound = copies.Any(copy =>
                copy.At + ReplicationSlack <= chosenAt
                && !record.Faults.Lies(copy.Store, chosenAt, TimeSpan.FromSeconds(1), FaultKinds.StoreUnreachable)
                && !IsBad(record, uid, made, copy.Store, link.Ref));
            if (sound)
                return i;
        }
        return -1;
    }

    private static bool IsBad(Record record, string uid, StoredWrite<StoredRun> made, string store, CommitRef commit) =>
        record.Faults.All.Any(fault => fault.Fault.Kind == FaultKinds.CorruptCommit && fault.Fault.Target == $"{store}/{uid}/{commit}" && fault.Fault.At <= made.At)
        || made.Row.BadCopies.Any(bad => bad.Store == store && bad.Commit == commit);

    private static DateTimeOffset LossBegan(Record record, string uid, StoredWrite<StoredRun> made) =>
        made.Row.Move is { Dates: [var first, ..] } ? first.At : made.At;

    private static long StepReached(Record record, string uid, int epoch, DateTimeOffset until)
    {
        var steps = record.Events.Where(seen => seen.At <= until).Select(seen => seen switch
        {
            StepReached step when step.Trainer.Uid == uid && step.Trainer.Epoch == epoch => step.Step,
            CommitTried tried when tried.Trainer.Uid == uid && tried.Trainer.Epoch == epoch => tried.Step,
            AttemptStarted started when started.Trainer.Uid == uid && started.Trainer.Epoch == epoch => started.Step,
            _ => 0L,
        });
        return steps.DefaultIfEmpty(0).Max();
    }

    private static IEnumerable<(StoredWrite<StoredRun> Made, string Uid, StoredEpoch Epoch)> Epochs(Record record) =>
        from uid in record.Uids
        from number in Enumerable.Range(1, record.Last(uid).Epoch?.Number ?? 0)
        let made = record.MadeCurrent(uid, number)
        where made is not null
        select (made, uid, made.Row.Epoch!);

    private static int IndexOf(IReadOnlyList<ChainLink> chain, CommitRef? commit)
    {
        for (var i = 0; commit is not null && i < chain.Count; i++)
        {
            if (chain[i].Ref == commit)
                return i;
        }
        return -1;
    }

    private static string Who(AttemptStarted attempt) => $"{attempt.Trainer.Name} e{attempt.Trainer.Epoch} attempt {attempt.Trainer.Attempt}";

    private static string Name(CommitRef? commit) => commit?.ToString() ?? "nothing";
}
