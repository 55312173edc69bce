using Failover.Simulator.History;
using Failover.Simulator.Stores;

namespace Failover.Chaos.Checking;

/// <summary>A run as the scenario set it up: what a checker may take for granted.</summary>
public sealed record PlannedRun(string Name, ulong Seed, long Steps, int CommitEvery, TimeSpan StepTime, TimeSpan HeartbeatEvery);

/// <summary>Everything that the judgement is made from: the scenario's plan, what the outside saw, and what the tables wrote.</summary>
public sealed class Record
{
    private readonly Dictionary<string, List<StoredWrite<StoredRun>>> _runs = [];

    /// <summary>Collects the record. <paramref name="events"/> in their order; <paramref name="runs"/> and the others in the order of the tables' sequence.</summary>
    public Record(
        IReadOnlyList<PlannedRun> planned,
        IReadOnlyList<HistoryEvent> events,
        IReadOnlyList<StoredWrite<StoredRun>> runs,
        IReadOnlyList<StoredWrite<StoredMember>> members,
        IReadOnlyList<StoredWrite<StoredBrake>> brakes)
    {
        (Planned, Events, RunWrites, MemberWrites, BrakeWrites) = (planned, events, runs, members, brakes);
        foreach (var write in runs)
        {
            if (!_runs.TryGetValue(write.Row.Uid, out var list))
                _runs[write.Row.Uid] = list = [];
            list.Add(write);
        }
        Slots = [.. events.OfType<SlotSeen>()];
        Attempts = [.. events.OfType<AttemptStarted>()];
        Faults = FaultSpans.From(events);
    }

    /// <summary>What the scenario submitted.</summary>
    public IReadOnlyList<PlannedRun> Planned { get; }

    /// <summary>What the outside saw.</summary>
    public IReadOnlyList<HistoryEvent> Events { get; }

    /// <summary>Writes of runs' rows.</summary>
    public IReadOnlyList<StoredWrite<StoredRun>> RunWrites { get; }

    /// <summary>Writes of members' rows.</summary>
    public IReadOnlyList<StoredWrite<StoredMember>> MemberWrites { get; }

    /// <summary>Writes of the brake's row.</summary>
    public IReadOnlyList<StoredWrite<StoredBrake>> BrakeWrites { get; }

    /// <summary>Slots seen in stores.</summary>
    public IReadOnlyList<SlotSeen> Slots { get; }

    /// <summary>Attempts started.</summary>
    public IReadOnlyList<AttemptStarted> Attempts { get; }

    /// <summary>Faults, with their ends.</summary>
    public FaultSpans Faults { get; }

    /// <summary>The uids of all runs that have a row.</summary>
    public IEnumerable<string> Uids => _runs.Keys;

    /// <summary>A run's writes, in order.</summary>
    public IReadOnlyList<StoredWrite<StoredRun>> RunHistory(string uid) => _runs.TryGetValue(uid, out var writes) ? writes : [];

    /// <summary>A run's last row.</summary>
    public StoredRun Last(string uid) => _runs[uid][^1].Row;

    /// <summary>The write that made an epoch current; null where none did.</summary>
    public StoredWrite<StoredRun>? MadeCurrent(string uid, int epoch) => RunHistory(uid).FirstOrDefault(write => write.Row.Epoch?.Number == epoch);

    /// <summary>A commit's document, from whichever store it was seen in first.</summary>
    public CommitDocument? Document(string uid, CommitRef commit) =>
        Slots.FirstOrDefault(slot => slot.Uid == uid && slot.Epoch == commit.Epoch && slot.Slot == commit.Commit && slot.Commit is not null)?.Commit;
}

/// <summary>Faults with beginning and end.</summary>
public sealed class FaultSpans
{
    private readonly List<(FaultInjected Begin, DateTimeOffset Until)> _spans = [];

    /// <summary>Pairs beginnings with ends; a fault that never ends lasts for ever, one that happens once lasts no time.</summary>
    public static FaultSpans From(IEnumerable<HistoryEvent> events)
    {
        var spans = new FaultSpans();
        var open = new List<FaultInjected>();
        foreach (var fault in events.OfType<FaultInjected>())
        {
            if (fault.Phase == FaultPhase.Begin)
            {
                open.Add(fault);
            }
            else if (fault.Phase == FaultPhase.Once)
            {
                spans._spans.Add((fault, fault.At));
            }
            else if (open.FirstOrDefault(begin => begin.Kind == fault.Kind && begin.Target == fault.Target) is { } begin)
            {
                open.Remove(begin);
                spans._spans.Add((begin, fault.At));
            }
        }
        spans._spans.AddRange(open.Select(begin => (begin, DateTimeOffset.MaxValue)));
        return spans;
    }

    /// <summary>All faults.</summary>
    public IEnumerable<(FaultInjected Fault, DateTimeOffset Until)> All => _spans;

    /// <summary>Whether a fault of one of these kinds lies on a target at a time, or did within <paramref name="slack"/> of it.</summary>
    public bool Lies(string target, DateTimeOffset at, TimeSpan slack, params ReadOnlySpan<string> kinds)
    {
        foreach (var (begin, until) in _spans)
        {
            if (begin.Target == target && kinds.Contains(begin.Kind) && begin.At - slack <= at && at <= AddSafely(until, slack))
                return true;
        }
        return false;
    }

    private static DateTimeOffset AddSafely(DateTimeOffset at, TimeSpan slack) => at > DateTimeOffset.MaxValue - slack ? DateTimeOffset.MaxValue : at + slack;
}
