using System.Collections.Immutable;
using Failover.Abstractions.Ports;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using Failover.Domain.Runs;

namespace Failover.Grains.Observers;

/// <summary>What a member's workloads say, held against the runs' rows.</summary>
/// <param name="Events">For the runs.</param>
/// <param name="Stale">Of epochs that are no longer current: to be deleted.</param>
/// <param name="Strange">Ours by label, but of no row that we know, ahead of it, or where its epoch never was: told, and never touched.</param>
/// <param name="Absent">Current epochs of which nothing is seen there.</param>
internal sealed record WorkloadReview(
    ImmutableArray<AddressedEvent> Events, ImmutableArray<SeenWorkload> Stale, ImmutableArray<SeenWorkload> Strange, ImmutableArray<(string Uid, int Epoch)> Absent)
{
    /// <summary>Reviews one picture. Pure; the rows must have been read after the picture was taken.</summary>
    public static WorkloadReview Of(string member, ImmutableArray<SeenWorkload> workloads, IReadOnlyDictionary<string, RunState> runs, DateTimeOffset now)
    {
        var events = ImmutableArray.CreateBuilder<AddressedEvent>();
        var stale = ImmutableArray.CreateBuilder<SeenWorkload>();
        var strange = ImmutableArray.CreateBuilder<SeenWorkload>();
        foreach (var workload in workloads)
        {
            var run = runs.GetValueOrDefault(workload.RunUid);
            if (run?.Epoch is not { } epoch || workload.Epoch > epoch.Number || (workload.Epoch == epoch.Number && epoch.Target.Member != member))
                strange.Add(workload);
            else if (workload.Epoch < epoch.Number || run.Step == RunStep.Cancelled)
                stale.Add(workload);
            else if (EventOf(run, workload, now) is { } happened)
                events.Add(new AddressedEvent(run.Uid, happened));
        }
        var seen = workloads.Select(workload => (workload.RunUid, workload.Epoch)).ToHashSet();
        var absent = runs.Values
            .Where(run => run.Step is RunStep.Verifying or RunStep.Running && run.Epoch?.Target.Member == member && !seen.Contains((run.Uid, run.EpochNumber)))
            .Select(run => (run.Uid, run.EpochNumber));
        return new WorkloadReview(events.ToImmutable(), stale.ToImmutable(), strange.ToImmutable(), [.. absent]);
    }

    private static RunEvent? EventOf(RunState run, SeenWorkload workload, DateTimeOffset now)
    {
        var closed = run.IsTombstone || run.Step is RunStep.Finishing or RunStep.Cancelling;
        return workload.Phase switch
        {
            WorkloadPhase.Succeeded when !closed => new RunEvent.WorkloadSucceeded(now, workload.Epoch),
            WorkloadPhase.Failed when run.Step is RunStep.Launching or RunStep.Verifying or RunStep.Running or RunStep.Waiting && !run.Epoch!.Ended =>
                new RunEvent.WorkloadFailed(now, workload.Epoch, workload.ExitCode, workload.Detail),
            WorkloadPhase.Running when run.Step == RunStep.Verifying && run.Spec.Progress.By == ProgressKind.PodsReady =>
                new RunEvent.Progressed(now, new Progress(workload.Epoch, 0, 0, run.Epoch!.ResumeFrom, now), ProgressKind.PodsReady),
            _ => null,
        };
    }
}
