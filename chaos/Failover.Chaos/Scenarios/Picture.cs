using Failover.Chaos.Checking;
using Failover.Chaos.Silos;
using Failover.Simulator.History;

namespace Failover.Chaos.Scenarios;

/// <summary>A line of what happened, for people.</summary>
public sealed record Happening(DateTimeOffset At, string Text);

/// <summary>A member's verdict changed.</summary>
public sealed record VerdictSeen(DateTimeOffset At, string Member, string Verdict, string Detail);

/// <summary>What is known of an epoch's trainer.</summary>
public sealed record TrainerSeen(string Member, string Region, bool Started, int Heartbeats, int Commits, long Step, bool Ended);

/// <summary>The present, made of history and rows: what scripts wait for and what the live view shows. Thread-safe.</summary>
public sealed class Picture(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly List<HistoryEvent> _events = [];
    private readonly List<Happening> _happenings = [];
    private readonly List<VerdictSeen> _verdicts = [];
    private readonly Dictionary<string, StoredRun> _runs = [];
    private readonly Dictionary<string, StoredMember> _members = [];
    private readonly Dictionary<(string Uid, int Epoch), TrainerSeen> _trainers = [];
    private readonly HashSet<(string Uid, int Epoch, int Slot, string Store)> _copies = [];
    private StoredBrake _brake = new();
    private (int Runs, int Members, int Brakes) _taken;

    /// <summary>The last row of every run, by name.</summary>
    public IReadOnlyList<StoredRun> Runs
    {
        get
        {
            lock (_lock)
                return [.. _runs.Values.OrderBy(run => run.Spec.Name, StringComparer.Ordinal)];
        }
    }

    /// <summary>Every change of a member's verdict, in order.</summary>
    public IReadOnlyList<VerdictSeen> Verdicts
    {
        get
        {
            lock (_lock)
                return [.. _verdicts];
        }
    }

    /// <summary>The last row of every member, by name.</summary>
    public IReadOnlyList<StoredMember> Members
    {
        get
        {
            lock (_lock)
                return [.. _members.Values.OrderBy(member => member.Name, StringComparer.Ordinal)];
        }
    }

    /// <summary>The brake's last row.</summary>
    public StoredBrake Brake
    {
        get
        {
            lock (_lock)
                return _brake;
        }
    }

    /// <summary>All events so far.</summary>
    public IReadOnlyList<HistoryEvent> Events
    {
        get
        {
            lock (_lock)
                return [.. _events];
        }
    }

    /// <summary>A trainer by its epoch; one that nothing is known of where it was not seen yet.</summary>
    public TrainerSeen Trainer(string uid, int epoch)
    {
        lock (_lock)
            return _trainers.GetValueOrDefault((uid, epoch)) ?? new TrainerSeen("", "", false, 0, 0, 0, false);
    }

    /// <summary>In how many stores an epoch's commits have been seen: 2 or more once they are replicated.</summary>
    public int StoresWithCommits(string uid, int epoch)
    {
        lock (_lock)
            return _copies.Where(copy => copy.Uid == uid && copy.Epoch == epoch).Select(copy => copy.Store).Distinct(StringComparer.Ordinal).Count();
    }

    /// <summary>What happened since a given number of lines, oldest first.</summary>
    public IReadOnlyList<Happening> HappenedSince(int count)
    {
        lock (_lock)
            return [.. _happenings.Skip(count)];
    }

    /// <summary>Adds a line of our own.</summary>
    public void Say(string text)
    {
        lock (_lock)
            _happenings.Add(new Happening(time.GetUtcNow(), text));
    }

    /// <summary>Takes in an event; quick, for it is called under the history's lock.</summary>
    public void Take(HistoryEvent happened)
    {
        lock (_lock)
        {
            _events.Add(happened);
            switch (happened)
            {
                case FaultInjected { Kind: not (FaultKinds.StoreUnreachable or FaultKinds.MemberUnreachable) } fault:
                    _happenings.Add(new Happening(fault.At, $"FAULT {fault.Kind} {fault.Target} {fault.Phase.ToString().ToLowerInvariant()} {fault.Detail}".TrimEnd()));
                    break;
                case AttemptStarted started:
                    Change(started.Trainer, seen => seen with { Started = true, Heartbeats = 0, Step = started.Step, Ended = false });
                    break;
                case StepReached step:
                    Change(step.Trainer, seen => seen with { Heartbeats = seen.Heartbeats + (step.HeartbeatWritten ? 1 : 0), Step = step.Step });
                    break;
                case CommitTried { Outcome: CommitOutcome.Committed } tried:
                    Change(tried.Trainer, seen => seen with { Commits = seen.Commits + 1, Step = tried.Step });
                    break;
                case AttemptExited exited:
                    Change(exited.Trainer, seen => seen with { Ended = true });
                    break;
                case SlotSeen { Commit: not null } slot:
                    _copies.Add((slot.Uid, slot.Epoch, slot.Slot, slot.Store));
                    break;
                default:
                    break; // The rest is for the checker.
            }
        }
    }

    /// <summary>Takes in the rows written since the last time.</summary>
    public void Take(RowsWritten rows)
    {
        lock (_lock)
        {
            foreach (var write in rows.Members.Skip(_taken.Members))
                TakeMember(write);
            foreach (var write in rows.Runs.Skip(_taken.Runs))
                TakeRun(write);
            foreach (var write in rows.Brakes.Skip(_taken.Brakes))
            {
                if (_brake.HeldBecause is null && write.Row.HeldBecause is { } reason)
                    _happenings.Add(new Happening(write.At, $"BRAKE holds: {reason}"));
                if (_brake.HeldBecause is not null && write.Row.HeldBecause is null)
                    _happenings.Add(new Happening(write.At, "BRAKE lets go"));
                _brake = write.Row;
            }
            _taken = (rows.Runs.Count, rows.Members.Count, rows.Brakes.Count);
        }
    }

    private void TakeMember(StoredWrite<StoredMember> write)
    {
        if (_members.GetValueOrDefault(write.Row.Name)?.Verdict != write.Row.Verdict)
        {
            _verdicts.Add(new VerdictSeen(write.At, write.Row.Name, write.Row.Verdict, write.Row.VerdictDetail));
            _happenings.Add(new Happening(write.At, $"{write.Row.Name} is {write.Row.Verdict}: {write.Row.VerdictDetail}"));
        }
        _members[write.Row.Name] = write.Row;
    }

    private void TakeRun(StoredWrite<StoredRun> write)
    {
        var (before, now) = (_runs.GetValueOrDefault(write.Row.Uid), write.Row);
        if (before?.Step != now.Step || before.Waiting?.Reason != now.Waiting?.Reason)
        {
            var where = now.Move?.Target.Member ?? now.Epoch?.Target.Member;
            var text = now.Step == "Waiting"
                ? $"{now.Spec.Name} waits, {now.Waiting?.Reason}: {now.Waiting?.Detail}"
                : $"{now.Spec.Name} e{now.Move?.ToEpoch ?? now.Epoch?.Number ?? 0} {now.Step}{(where is null ? "" : $" on {where}")}";
            _happenings.Add(new Happening(write.At, text));
        }
        _runs[now.Uid] = now;
    }

    private void Change(TrainerId trainer, Func<TrainerSeen, TrainerSeen> change)
    {
        var key = (trainer.Uid, trainer.Epoch);
        var seen = _trainers.GetValueOrDefault(key) ?? new TrainerSeen(trainer.Member, trainer.Region, false, 0, 0, 0, false);
        _trainers[key] = change(seen);
    }
}
