using Failover.Simulator.History;

namespace Failover.Chaos.Checking;

/// <summary>What the scenario allows the brake: as the silo's policy has it.</summary>
/// <param name="Window">The time in which permits add up.</param>
/// <param name="GpuShare">The share of GPUs, 0 to 1.</param>
/// <param name="GpusTotal">GPUs in use in all.</param>
/// <param name="GpusByRegion">Those, by region.</param>
/// <param name="RunShare">The share of runs, 0 to 1; all of them in a record of before that was limited.</param>
/// <param name="RunsTotal">Runs in all.</param>
public sealed record BrakeBudget(
    TimeSpan Window, double GpuShare, int GpusTotal, IReadOnlyDictionary<string, int> GpusByRegion, double RunShare = 1, int RunsTotal = int.MaxValue);

/// <summary>I5 to I9: when runs were moved, whether there was room, whether any was forgotten, and whether members were clean.</summary>
public static class FailoverChecks
{
    /// <summary>I5: no run was displaced while its trainer's heartbeats still arrived, nor while its member's API answered.</summary>
    public static Judgement NoFailoverOnControlPlaneLossAlone(Record record)
    {
        var verdicts = new Verdicts("I5", "no failover on control-plane loss alone");
        foreach (var (uid, write, _) in Displacements(record))
        {
            var epoch = write.Row.Epoch!;
            var planned = record.Planned.FirstOrDefault(run => run.Name == write.Row.Spec.Name);
            var interval = planned?.HeartbeatEvery ?? TimeSpan.FromSeconds(5);
            var beat = record.Events.OfType<StepReached>().LastOrDefault(
                step => step.HeartbeatWritten && step.Trainer.Uid == uid && step.Trainer.Epoch == epoch.Number && step.At <= write.At);
            // Its own trouble, behind an API that answers: nodes that are dead, or a trainer that hangs.
            var broken = record.Faults.Lies(epoch.Target.Member, write.At, TimeSpan.Zero, FaultKinds.NodesDead)
                || record.Faults.Lies(uid, write.At, TimeSpan.Zero, FaultKinds.TrainerHung);
            var answered = !broken && !record.Faults.Lies(epoch.Target.Member, write.At, TimeSpan.FromSeconds(10), FaultKinds.MemberUnreachable);
            verdicts.Expect(
                beat is null || write.At - beat.At >= interval * 2,
                () => $"{write.Row.Spec.Name} was displaced at {write.At:O}, {(write.At - beat!.At).TotalSeconds:F1} s after a heartbeat of it arrived.");
            verdicts.Expect(!answered, () => $"{write.Row.Spec.Name} was displaced at {write.At:O} though {epoch.Target.Member} could be reached.");
        }
        // That nothing was displaced is an observation too: one for each member whose API could not be reached.
        foreach (var member in record.Faults.All.Where(fault => fault.Fault.Kind == FaultKinds.MemberUnreachable).Select(fault => fault.Fault.Target).Distinct())
            verdicts.Expect(true, () => member);
        return verdicts.Done();
    }

    /// <summary>I6: every involuntary move had a permit first, and the permits kept to the budget or a person had released the brake.</summary>
    public static Judgement Brake(Record record, BrakeBudget budget)
    {
        var verdicts = new Verdicts("I6", "the brake");
        foreach (var (uid, write) in Moves(record).Where(move => move.Write.Row.Move is { Cause: "Failover" }))
        {
            var epoch = write.Row.Epoch?.Number ?? 0;
            var permitted = record.BrakeWrites.Any(brake => brake.At <= write.At && brake.Row.Permits.Any(permit => permit.RunUid == uid && permit.Epoch == epoch));
            verdicts.Expect(permitted, () => $"{write.Row.Spec.Name} was moved from epoch {epoch} without a permit.");
        }
        foreach (var write in record.BrakeWrites)
        {
            var since = write.Row.Release?.At ?? DateTimeOffset.MinValue;
            var counted = write.Row.Permits.Where(permit => permit.At > since && permit.At > write.At - budget.Window).ToList();
            var gpus = counted.Sum(permit => permit.Gpus);
            var regions = counted.Select(permit => permit.Region).Distinct().ToList();
            var oneRegion = regions.Count <= 1 && (regions.Count < budget.GpusByRegion.Count || budget.GpusByRegion.Count <= 1);
            verdicts.Expect(
                oneRegion || (gpus <= budget.GpuShare * budget.GpusTotal && counted.Count <= budget.RunShare * budget.RunsTotal),
                () => $"At {write.At:O} {gpus} GPUs of {budget.GpusTotal}, and {counted.Count} runs of {budget.RunsTotal}, in {regions.Count} regions had permits within {budget.Window}.");
        }
        return verdicts.Done();
    }

    /// <summary>
    /// I7: at each write of a member's row that added a reservation there was room for it, node by node, beside what had been promised before and found room; nor did pods ever hold
    /// more than there is. A promise that lost its room since, as to a GPU that broke, takes none from others.
    /// </summary>
    public static Judgement NoOvercommit(Record record)
    {
        var verdicts = new Verdicts("I7", "no overcommit");
        var known = new Dictionary<string, HashSet<string>>();
        foreach (var write in record.MemberWrites)
        {
            var row = write.Row;
            LookAtBound(record, write, verdicts);
            var now = row.Reservations.Select(reservation => reservation.EffectId).ToHashSet();
            var before = known.TryGetValue(row.Name, out var earlier) ? earlier : [];
            known[row.Name] = now;
            if (now.IsSubsetOf(before))
                continue;
            foreach (var pool in row.Capacity?.Pools ?? [])
            {
                var nodes = pool.NodesByFreeGpus.SelectMany((count, free) => Enumerable.Repeat(free, count)).ToArray();
                foreach (var reservation in row.Reservations.Where(one => one.Sku == pool.Sku).OrderBy(one => !before.Contains(one.EffectId)).ThenByDescending(one => one.GpusPerWorker))
                {
                    var unplaced = Unplaced(nodes, reservation.Workers - (BoundTo(row, reservation) / reservation.GpusPerWorker), reservation.GpusPerWorker);
                    verdicts.Expect(
                        unplaced == 0 || before.Contains(reservation.EffectId),
                        () => $"{row.Name} promised {reservation.EffectId} {reservation.Workers} × {reservation.GpusPerWorker} GPUs of {pool.Sku}, with {pool.Free} free and others promised, at write {write.Seq}: {unplaced} workers have no room.");
                }
            }
        }
        return verdicts.Done();
    }

    /// <summary>Takes room for the workers, each on the fullest node that has it; answers how many have none.</summary>
    private static int Unplaced(int[] nodes, int workers, int gpus)
    {
        for (; workers > 0; workers--)
        {
            var fullest = Enumerable.Range(0, nodes.Length).Where(node => nodes[node] >= gpus).OrderBy(node => nodes[node]).Cast<int?>().FirstOrDefault();
            if (fullest is not { } node)
                break;
            nodes[node] -= gpus;
        }
        return Math.Max(0, workers);
    }

    /// <summary>While nodes come and go with a fault, pods outlive them in the listing; at other times what is bound fits.</summary>
    private static void LookAtBound(Record record, StoredWrite<StoredMember> write, Verdicts verdicts)
    {
        if (write.Row.Capacity is not { } capacity
            || record.Faults.Lies(write.Row.Name, write.At, TimeSpan.FromSeconds(30), FaultKinds.MemberUnreachable, FaultKinds.NodesDead, FaultKinds.GpusLost))
            return;
        foreach (var pool in capacity.Pools)
        {
            var bound = capacity.Workloads.Where(use => use.Sku == pool.Sku).Sum(use => use.Gpus);
            verdicts.Expect(bound <= pool.Gpus, () => $"{write.Row.Name} has {pool.Gpus} GPUs of {pool.Sku}, and pods of ours hold {bound}, at write {write.Seq}.");
        }
    }

    /// <summary>I8: every row is running, moving, finished, or waiting with a reason; and at the end nobody waits whom the scenario did not mean to.</summary>
    public static Judgement NoneForgotten(Record record, IReadOnlySet<string> mayWait)
    {
        var verdicts = new Verdicts("I8", "none forgotten");
        foreach (var write in record.RunWrites)
        {
            verdicts.Expect(
                write.Row.Step != "Waiting" || !string.IsNullOrWhiteSpace(write.Row.Waiting?.Detail),
                () => $"{write.Row.Spec.Name} waits without a reason at write {write.Seq}.");
        }
        foreach (var planned in record.Planned)
        {
            var uid = record.Uids.FirstOrDefault(known => record.Last(known).Spec.Name == planned.Name);
            var step = uid is null ? "unknown" : record.Last(uid).Step;
            verdicts.Expect(
                step is "Finished" or "Cancelled" || mayWait.Contains(planned.Name),
                () => $"{planned.Name} ended as {step}: {(uid is null ? "never stored" : record.Last(uid).Waiting?.Detail)}");
        }
        return verdicts.Done();
    }

    /// <summary>I9: what was stale was removed, a member that came back took new work only after that, and its current epochs were left alone.</summary>
    public static Judgement CleanBeforeTrusted(Record record)
    {
        var verdicts = new Verdicts("I9", "clean before trusted");
        var creates = EffectChecks.JobCalls(record, "create").Where(call => call.Status == 201).ToList();
        var deletes = EffectChecks.JobCalls(record, "delete").Where(call => call.Status is >= 200 and < 300).ToList();
        foreach (var create in creates)
        {
            var lost = record.MemberWrites.Any(write => write.Row.Name == create.Member && write.Row.Verdict == "Lost" && write.At <= create.At);
            if (!lost)
                continue;
            var stale = creates.Where(job => job.Member == create.Member && job.At < create.At && IsStaleAt(record, job, create.At)
                && !deletes.Any(delete => delete.Member == create.Member && delete.Uid == job.Uid && delete.At <= create.At)).ToList();
            verdicts.Expect(stale.Count == 0, () => $"{create.Name} was created on {create.Member} while {stale[0].Name}, of an epoch that was not current, was there.");
        }
        foreach (var job in creates.Where(job => IsStaleAt(record, job, DateTimeOffset.MaxValue)))
        {
            var swept = deletes.Any(delete => delete.Member == job.Member && delete.Uid == job.Uid);
            verdicts.Expect(swept, () => $"{job.Name}, of an epoch that is not current, was never removed from {job.Member}.");
        }
        foreach (var (write, member) in CalledClean(record))
        {
            foreach (var job in creates.Where(job => job.Member == member && job.At < write.At && IsStaleAt(record, job, write.At)))
            {
                var gone = deletes.Any(delete => delete.Member == member && delete.Uid == job.Uid && delete.At <= write.At);
                verdicts.Expect(gone, () => $"{member} was called clean at {write.At:O} while {job.Name}, of an epoch that was not current, was there.");
            }
        }
        return verdicts.Done();
    }

    /// <summary>Writes that called a member clean that was not before.</summary>
    private static IEnumerable<(StoredWrite<StoredMember> Write, string Member)> CalledClean(Record record)
    {
        var clean = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (var write in record.MemberWrites)
        {
            if (write.Row.Clean && clean.TryGetValue(write.Row.Name, out var before) && !before)
                yield return (write, write.Row.Name);
            clean[write.Row.Name] = write.Row.Clean;
        }
    }

    /// <summary>How many zombies there were: attempts that trained on after their epoch was no longer current.</summary>
    public static (int Zombies, int CommitsAhead, int Adopted) Zombies(Record record)
    {
        var zombies = new HashSet<(string, int)>();
        var (ahead, adopted) = (0, 0);
        foreach (var tried in record.Events.OfType<CommitTried>().Where(tried => tried.Outcome == CommitOutcome.Committed))
        {
            var (uid, epoch) = (tried.Trainer.Uid, tried.Trainer.Epoch);
            if (record.MadeCurrent(uid, epoch + 1) is not { } next || tried.At < next.At)
                continue;
            zombies.Add((uid, epoch));
            if (tried.Step > next.Row.Epoch!.ResumeStep)
                ahead++;
            var final = ChainBuilder.Build(record, uid, record.Last(uid).Epoch!.Number).Chain;
            if (final.Any(link => link.Ref.Epoch == epoch && link.Ref.Commit == tried.Slot))
                adopted++;
        }
        return (zombies.Count, ahead, adopted);
    }

    /// <summary>Writes that turned a run that ran, or was being launched, into one that waits because its place was lost.</summary>
    private static IEnumerable<(string Uid, StoredWrite<StoredRun> Write, StoredRun Before)> Displacements(Record record)
    {
        foreach (var uid in record.Uids)
        {
            var writes = record.RunHistory(uid);
            for (var i = 1; i < writes.Count; i++)
            {
                if (writes[i].Row is { Step: "Waiting", Waiting.Reason: "Displaced", Epoch: not null } && writes[i - 1].Row.Step is "Running" or "Verifying" or "Launching"
                    && writes[i].Row.Step == "Waiting" && writes[i].Row.Waiting?.Reason == "Displaced")
                    yield return (uid, writes[i], writes[i - 1].Row);
            }
        }
    }

    /// <summary>Writes that began a move.</summary>
    private static IEnumerable<(string Uid, StoredWrite<StoredRun> Write)> Moves(Record record) =>
        from uid in record.Uids
        from write in record.RunHistory(uid)
        where write.Row.Step == "Planned"
        select (uid, write);

    private static int BoundTo(StoredMember row, StoredReservation reservation) =>
        row.Capacity!.Workloads.Where(use => use.RunUid == reservation.RunUid && use.Epoch == reservation.Epoch && use.Sku == reservation.Sku).Sum(use => use.Gpus);

    private static bool IsStaleAt(Record record, Failover.Simulator.ApiServer.ApiCall job, DateTimeOffset at)
    {
        var uid = job.Labels!.GetValueOrDefault(EffectChecks.UidLabel, "");
        var current = record.RunHistory(uid).LastOrDefault(write => write.At <= at)?.Row.Epoch?.Number ?? 0;
        return EffectChecks.Number(job.Labels!.GetValueOrDefault(EffectChecks.EpochLabel)) < current;
    }
}
