using Failover.Chaos.Checking;
using Failover.Simulator.History;

namespace Failover.Chaos.Reporting;

/// <summary>
/// An involuntary move, dated in seconds since its loss began; null for what was not seen. <paramref name="Redone"/> are the steps that the new epoch did again,
/// <paramref name="Bound"/> at most how many it might have. <paramref name="GpuHoursLost"/>: GPUs times the time without a step, and that of the steps redone.
/// </summary>
public sealed record MoveReport(
    string Run, int Gpus, int Epoch, string From, string To, double? Detected, double? Decided, double? Staged, double? Fenced, double? Started, double? Stepping,
    long Redone, long Bound, double? GpuHoursLost, string? Fallback)
{
    /// <summary>What the plan said of the place, with the plan's own proven gap; null where no plan chose it.</summary>
    public StoredNote? Plan { get; init; }

    /// <summary>All involuntary moves of a record, by when their loss began, then by run.</summary>
    public static IReadOnlyList<MoveReport> Of(Record record, IReadOnlyList<ResumeFinding> findings) =>
        [.. from finding in findings
            let report = Make(record, finding)
            where report is not null
            orderby report.Epoch, report.Run
            select report];

    private static MoveReport? Make(Record record, ResumeFinding finding)
    {
        if (record.MadeCurrent(finding.Uid, finding.Epoch) is not { Row: { Epoch: { } epoch, Past: [.., var left] } row } made)
            return null;
        var move = MoveTo(record, finding.Uid, finding.Epoch);
        if (move is not { Cause: "Failover", Dates.Count: > 0 })
            return null;
        var began = LossBegan(record, left.Target.Member, made.At) ?? move.Dates[0].At;
        double? Since(DateTimeOffset? at) => at is { } some ? Math.Round((some - began).TotalSeconds, 1) : null;
        DateTimeOffset? Entered(params ReadOnlySpan<string> steps)
        {
            foreach (var date in move.Dates)
            {
                if (steps.Contains(date.Step))
                    return date.At;
            }
            return null;
        }
        var mine = record.Events.Where(seen => IsOf(seen, finding)).ToList();
        var started = mine.OfType<AttemptStarted>().FirstOrDefault()?.At;
        var stepping = mine.OfType<StepReached>().FirstOrDefault(step => step.Step > finding.ResumeStep)?.At;
        var stepTime = record.Planned.FirstOrDefault(run => run.Name == row.Spec.Name)?.StepTime ?? TimeSpan.Zero;
        var lostTime = (stepping - began) + (stepTime * finding.Redone);
        return new MoveReport(
            row.Spec.Name, row.Spec.Gang.Total, finding.Epoch, left.Target.Member, epoch.Target.Member,
            Since(move.Dates[0].At), Since(Entered("Planned")), Since(Entered("Fenced")), Since(Entered("Pinning", "ToppingUp", "Launching")),
            Since(started), Since(stepping), finding.Redone, finding.Bound,
            lostTime is { } time ? Math.Round(time.TotalHours * row.Spec.Gang.Total, 3) : null, finding.Fallback)
        {
            Plan = move.Note,
        };
    }

    // The newest row that knows the move has all of its dates.
    private static StoredMove? MoveTo(Record record, string uid, int epoch) =>
        record.RunHistory(uid).Select(write => write.Row.Move?.ToEpoch == epoch ? write.Row.Move : write.Row.LastMove?.ToEpoch == epoch ? write.Row.LastMove : null)
            .LastOrDefault(move => move is not null);

    private static DateTimeOffset? LossBegan(Record record, string member, DateTimeOffset until) =>
        record.Faults.All.Where(fault => fault.Fault.Kind == FaultKinds.MemberUnreachable && fault.Fault.Target == member && fault.Fault.At <= until)
            .Select(fault => (DateTimeOffset?)fault.Fault.At).Max();

    private static bool IsOf(HistoryEvent seen, ResumeFinding finding)
    {
        var trainer = seen switch
        {
            AttemptStarted started => started.Trainer,
            StepReached step => step.Trainer,
            _ => null,
        };
        return trainer?.Uid == finding.Uid && trainer.Epoch == finding.Epoch;
    }
}

/// <summary>A wait that lasted long enough to be told of: seconds since the first fault, how long, and why.</summary>
public sealed record WaitReport(string Run, string Reason, string Detail, double Seconds)
{
    /// <summary>What kept it out, by member, as it was told last.</summary>
    public IReadOnlyList<StoredReason> PerMember { get; init; } = [];

    private static readonly TimeSpan Least = TimeSpan.FromSeconds(2);

    /// <summary>Waits of a record after its first fault, the longest first.</summary>
    public static IReadOnlyList<WaitReport> Of(Record record)
    {
        var first = record.Faults.All.Select(fault => fault.Fault.At).DefaultIfEmpty(DateTimeOffset.MaxValue).Min();
        return [.. record.Uids.SelectMany(uid => OfRun(record.RunHistory(uid), first)).OrderByDescending(wait => wait.Seconds).ThenBy(wait => wait.Run, StringComparer.Ordinal)];
    }

    private static IEnumerable<WaitReport> OfRun(IReadOnlyList<StoredWrite<StoredRun>> writes, DateTimeOffset first)
    {
        for (var i = 0; i < writes.Count; i++)
        {
            var reason = writes[i].Row is { Step: "Waiting" } row ? row.Waiting?.Reason : null;
            if (reason is null || writes[i].At < first)
                continue;
            var start = i;
            while (i + 1 < writes.Count && writes[i + 1].Row is { Step: "Waiting" } next && next.Waiting?.Reason == reason)
                i++;
            var lasted = (i + 1 < writes.Count ? writes[i + 1].At : writes[i].At) - writes[start].At;
            if (lasted >= Least)
                yield return new WaitReport(writes[i].Row.Spec.Name, reason, writes[i].Row.Waiting!.Detail, Math.Round(lasted.TotalSeconds, 1)) { PerMember = writes[i].Row.Waiting!.PerMember };
        }
    }
}
