using System.Collections.Immutable;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Runs;

namespace Failover.Domain.Health;

/// <summary>Which runs stepped on a member before a reader of their progress started: their silence says something though this reader never saw them step.</summary>
public static class ProgressSeeds
{
    /// <summary>
    /// The paces that the member has stored and, for runs that none is stored for, their heartbeat interval, if their row says that they trained on from where they resumed.
    /// A silo that was killed as a region died would else be blind to the loss for ever.
    /// </summary>
    public static ImmutableArray<RunPace> Of(string member, MemberState? stored, IEnumerable<RunState> runs)
    {
        ImmutableArray<RunPace> paces = stored?.Paces ?? [];
        var trained = runs
            .Where(run => run is { Step: RunStep.Running, Spec.Progress.By: ProgressKind.Heartbeat, Epoch: { Progress: not null } epoch }
                && epoch.Target.Member == member
                && epoch.Progress.Step > epoch.ResumeStep
                && !paces.Any(pace => pace.RunUid == run.Uid && pace.Epoch == epoch.Number))
            .Select(run => new RunPace(run.Uid, run.EpochNumber, run.Epoch!.Progress!.Attempt, run.Spec.Progress.HeartbeatInterval));
        return [.. paces, .. trained];
    }
}
