using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;
using Failover.Domain.Health;
using Failover.Domain.Migration;
using Failover.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace Failover.Silo.Api;

/// <summary>A run's state as operators see it.</summary>
internal static class RunViews
{
    public static RunLine Line(RunState run, Target? failback = null)
    {
        var target = run.Move?.Target ?? run.Epoch?.Target;
        var line = new RunLine
        {
            Uid = run.Uid,
            Name = run.Spec.Name,
            Tenant = run.Spec.Tenant,
            Tier = run.Spec.Tier,
            Gpus = run.Spec.Gang.Gpus,
            Step = run.Step.ToString(),
            StepSince = run.StepSince.ToTimestamp(),
            WaitingReason = run.Waiting?.Reason.ToString() ?? "",
            Epoch = run.EpochNumber,
            Member = target?.Member ?? "",
            Region = target?.Region ?? "",
            Sku = target?.Sku ?? "",
            SubmittedAt = run.SubmittedAt.ToTimestamp(),
            Failback = failback is null ? "" : $"{failback.Member} ({failback.Region}, {failback.Sku})",
        };
        if (run.Epoch?.Progress is { } progress)
            line.TrainingStep = progress.Step;
        return line;
    }

    public static Run Whole(RunState run, StoreBoard stores, Target? failback = null)
    {
        var view = new Run
        {
            Line = Line(run, failback),
            Waiting = run.Waiting is { } waiting ? Waiting(waiting) : null,
            Current = run.Epoch is { } epoch ? Current(epoch) : null,
            Move = run.Move is { } move ? Move(move) : null,
            LastMove = run.LastMove is { } last ? Move(last) : null,
            Workers = run.Spec.Gang.Workers,
            GpusPerWorker = run.Spec.Gang.GpusPerWorker,
            RetriesInPlace = run.Retries.InPlace,
            RetriesElsewhere = run.Retries.Elsewhere,
            CancelledBy = run.CancelledBy ?? "",
            Overdue = run.Overdue is { } overdue
                ? new Protocol.V1.Overdue { Detail = overdue.Detail, Since = overdue.Since.ToTimestamp(), LastTry = run.Retry.Detail ?? "" }
                : null,
            StageAhead = run.StageAhead is { } ahead ? new Protocol.V1.StageAhead { Store = ahead.Store, Since = ahead.Since.ToTimestamp() } : null,
            LastPreemptedAt = run.LastPreemptedAt?.ToTimestamp(),
        };
        view.Past.AddRange(run.Past.Select(Past));
        view.Tips.AddRange(run.Tips.Select(tip => new Protocol.V1.StoreTip
        {
            Store = tip.Store,
            Commit = tip.Commit.ToString(),
            TrainingStep = tip.Step,
            At = tip.At.ToTimestamp(),
            Reached = (stores.Of(tip.Store)?.Answer ?? Answer.Unknown).ToString(),
        }));
        view.StoresOutOfReach.AddRange(
            from store in RunStores.Of(run)
            let word = stores.Of(store)
            where word?.Answer == Answer.No
            select new StoreOutOfReach { Store = store, Since = word.Since.ToTimestamp(), Detail = word.Detail });
        view.Distrusted.AddRange(run.Distrusted.Select(item => new Protocol.V1.Distrust
        {
            Member = item.Member,
            Until = item.Until.ToTimestamp(),
            Reason = item.Reason,
        }));
        view.PendingSeals.AddRange(run.PendingSeals.Select(seal => new Protocol.V1.PendingSeal { Epoch = seal.Epoch, Store = seal.Store, Since = seal.Since?.ToTimestamp() }));
        return view;
    }

    private static Waiting Waiting(WaitState waiting)
    {
        var view = new Waiting
        {
            Reason = waiting.Reason.ToString(),
            Detail = waiting.Headline,
            Since = waiting.Since.ToTimestamp(),
            Until = waiting.Until?.ToTimestamp(),
            Never = waiting.Never,
        };
        view.PerMember.AddRange(waiting.PerMember.Select(item => new Protocol.V1.MemberReason { Member = item.Member, Reason = item.Reason, Never = item.Never }));
        return view;
    }

    private static Epoch Current(EpochState epoch)
    {
        var view = new Epoch
        {
            Number = epoch.Number,
            Member = epoch.Target.Member,
            Region = epoch.Target.Region,
            Sku = epoch.Target.Sku,
            Store = epoch.Target.Store,
            ResumedFrom = Name(epoch.ResumeFrom),
            ResumeStep = epoch.ResumeStep,
            Since = epoch.Since.ToTimestamp(),
            ProgressAt = epoch.Progress?.At.ToTimestamp(),
        };
        if (epoch.Progress is { } progress)
            view.TrainingStep = progress.Step;
        return view;
    }

    private static Protocol.V1.PastEpoch Past(Domain.Migration.PastEpoch past) => new()
    {
        Number = past.Number,
        Member = past.Target.Member,
        Region = past.Target.Region,
        Sku = past.Target.Sku,
        ResumedFrom = Name(past.ResumeFrom),
        CutAt = Name(past.CutAt),
        Sealed = past.Sealed,
        Until = past.Until.ToTimestamp(),
    };

    private static Move Move(MoveState move)
    {
        var view = new Move
        {
            Number = move.Number,
            Cause = move.Cause.ToString(),
            Member = move.Target.Member,
            Region = move.Target.Region,
            Sku = move.Target.Sku,
            ToEpoch = move.ToEpoch,
            Commit = Name(move.Commit),
            CommitStep = move.CommitStep,
            FallbackDetail = move.FallbackDetail ?? "",
            Note = move.Note is { } note ? Note(note) : null,
        };
        view.Dates.AddRange(move.Dates.Select(date => new Protocol.V1.DatedStep { Step = date.Step, At = date.At.ToTimestamp() }));
        return view;
    }

    private static Protocol.V1.PlacementNote Note(Domain.Migration.PlacementNote note)
    {
        var view = new Protocol.V1.PlacementNote
        {
            Engine = note.Engine,
            Value = note.Value,
            StagingSeconds = note.StagingSeconds,
            EgressDollars = note.EgressDollars,
            GpuHoursLost = note.GpuHoursLost,
            RunnerUp = note.RunnerUp ?? "",
        };
        if (note.Gap is { } gap)
            view.Gap = gap;
        if (note.RunnerUpLoss is { } loss)
            view.RunnerUpLoss = loss;
        return view;
    }

    private static string Name(CommitRef? commit) => commit?.ToString() ?? "";
}
