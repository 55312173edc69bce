using System.Collections.Immutable;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Runs;

namespace Failover.Domain.Planning;

/// <summary>The first half of a planner's pass: whose place is lost, and what to ask the brake. Beside it, which reservations still hold.</summary>
public static class Displacement
{
    /// <summary>
    /// Store the events with the runs before <see cref="PlannerPass.Place"/> is called on what is stored then: only what waits is placed. A member that has
    /// no row is unknown, and never acted upon.
    /// </summary>
    public static DisplacementOutput Find(PlannerInput input, PlanningPolicy policy)
    {
        var members = input.Members.ToDictionary(member => member.Name);
        var events = ImmutableArray.CreateBuilder<AddressedEvent>();
        var requests = ImmutableArray.CreateBuilder<MoveRequest>();
        foreach (var run in input.Runs.OrderBy(run => run.Uid, StringComparer.Ordinal))
        {
            var loss = Loss(run, members, input.Now, policy);
            if (loss is not null)
                events.Add(new AddressedEvent(run.Uid, loss));
            if (Request(run, loss, members, input.Now, policy) is { } request)
                requests.Add(request);
        }

        var requested = new BrakeEvent.Requested(input.Now, requests.ToImmutable(), Totals(input));
        return new DisplacementOutput(
            events.ToImmutable(),
            requested,
            [.. input.Fleet.Regions.Select(region => RegionVerdicts.Of(region.Name, input.Members))]);
    }

    /// <summary>
    /// For each member that has a row: every epoch that holds GPUs there, or is about to. The ledger may drop all else that it promised before the rows were read.
    /// </summary>
    public static ImmutableSortedDictionary<string, ImmutableArray<RunEpoch>> Holding(PlannerInput input)
    {
        var held = input.Runs.SelectMany(InFlight.Holds).ToLookup(held => held.Member, held => held.Epoch);
        return input.Members.ToImmutableSortedDictionary(
            member => member.Name,
            member => held[member.Name].OrderBy(epoch => epoch.RunUid, StringComparer.Ordinal).ThenBy(epoch => epoch.Epoch).ToImmutableArray(),
            StringComparer.Ordinal);
    }

    /// <summary>What the fleet file says of members' owners, where a member's row does not say so yet.</summary>
    public static ImmutableArray<(string Member, MemberEvent Event)> OwnersWord(PlannerInput input) =>
    [
        .. from spec in input.Fleet.Members
           join row in input.Members on spec.Name equals row.Name
           where row.StoppedByOwner != spec.Stopped
           select (spec.Name, (MemberEvent)new MemberEvent.OwnerReported(input.Now, spec.Stopped, "by the fleet file")),
    ];

    /// <summary>When the trouble with a member was first seen.</summary>
    internal static DateTimeOffset DetectedAt(MemberState member) => member.TroubleSince ?? member.VerdictSince;

    /// <summary>An ordered table: the run's place first, then that of its move.</summary>
    private static RunEvent? Loss(RunState run, Dictionary<string, MemberState> members, DateTimeOffset now, PlanningPolicy policy)
    {
        var home = run.Epoch is { } epoch ? members.GetValueOrDefault(epoch.Target.Member) : null;
        var target = run.Move is { } move ? members.GetValueOrDefault(move.Target.Member) : null;
        return (run.Step, home?.Verdict, target?.Verdict) switch
        {
            // It trains, whatever became of its member: a member that returns is believed later than its runs are.
            (RunStep.Verifying or RunStep.Running, MemberVerdict.Lost, _) when Steps(run, home!, now) => null,
            // Its epoch is on a lost member.
            (RunStep.Launching or RunStep.Verifying or RunStep.Running, MemberVerdict.Lost, _) => Lost(home!),
            // Its owner stopped the member: the run waits for it.
            (RunStep.Launching or RunStep.Verifying or RunStep.Running, MemberVerdict.Stopped, _) =>
                new RunEvent.Displaced(now, run.EpochNumber, $"Member {home!.Name} was stopped by its owner.", DetectedAt(home), MemberStopped: true),
            // Nodes under its gang are dead, and it does not step, though the member answers.
            (RunStep.Running, MemberVerdict.Healthy or MemberVerdict.Degraded, _) when BrokenGang(run, home!, now, policy) is { } gang =>
                new RunEvent.GaveUp(now, run.EpochNumber, GivenUp.GangDown, $"{gang.DeadPods} of its pods are on dead nodes of {home!.Name}, and it does not step.", gang.Since),
            // It hangs.
            (RunStep.Running, MemberVerdict.Healthy or MemberVerdict.Degraded, _) when home!.Stalled.Contains(new RunEpoch(run.Uid, run.EpochNumber)) =>
                new RunEvent.GaveUp(now, run.EpochNumber, GivenUp.Stalled, $"its step has not risen for long{LastRise(run, now)}.", run.Epoch!.Progress?.At ?? now),
            // It is being drained, and its old place, where it still trained, is lost: the drain's move becomes a failover.
            (RunStep.Planned or RunStep.Reserved or RunStep.Staging or RunStep.Quiescing, MemberVerdict.Lost, _)
                when run.Move?.Cause == MoveCause.Drain => Lost(home!),
            // The member that it is moving to is no longer a place to go to.
            (var step, _, MemberVerdict.Lost) when InFlight.HasTarget(step) => TargetLost("is lost"),
            (var step, _, MemberVerdict.Stopped) when InFlight.HasTarget(step) => TargetLost("was stopped by its owner"),
            _ => null,
        };

        RunEvent Lost(MemberState member) => new RunEvent.Displaced(now, run.EpochNumber, $"Member {member.Name} is lost.", DetectedAt(member));
        RunEvent TargetLost(string what) => new RunEvent.TargetLost(now, run.Move!.Number, $"Member {target!.Name}, where it was to go, {what}.");
    }

    private static string LastRise(RunState run, DateTimeOffset now) =>
        run.Epoch!.Progress is { } progress ? $" (step {progress.Step}, {(now - progress.At).TotalSeconds:0} s ago)" : "";

    /// <summary>Its pods on dead nodes, if they have been there for long, and it has not stepped for as long.</summary>
    private static BrokenGang? BrokenGang(RunState run, MemberState home, DateTimeOffset now, PlanningPolicy policy)
    {
        var after = run.Spec.Progress.By == ProgressKind.Heartbeat ? policy.GangDownAfter : 10 * policy.GangDownAfter;
        var steps = run.Epoch!.Progress is { } progress && now - progress.At < (after > 3 * run.Spec.Progress.HeartbeatInterval ? after : 3 * run.Spec.Progress.HeartbeatInterval);
        return home.CapacityStale || steps ? null : home.BrokenGangs.FirstOrDefault(gang => gang.RunUid == run.Uid && gang.Epoch == run.EpochNumber && now - gang.Since >= after);
    }

    /// <summary>Whether it was seen to step since its member was called lost, and lately by its own measure.</summary>
    private static bool Steps(RunState run, MemberState home, DateTimeOffset now) =>
        run.Epoch!.Progress is { } progress && progress.At > home.VerdictSince && now - progress.At <= 3 * run.Spec.Progress.HeartbeatInterval;

    /// <summary>All that is displaced and not moving, also what may not move yet: so the brake sees the whole of the loss, and its end.</summary>
    private static MoveRequest? Request(RunState run, RunEvent? loss, Dictionary<string, MemberState> members, DateTimeOffset now, PlanningPolicy policy)
    {
        if (run.Epoch is not { } epoch)
            return null;
        var home = members.GetValueOrDefault(epoch.Target.Member);
        // What loses its place in this very pass is judged as it will be: waiting. A drain's move goes on, and needs no permit.
        var displaced = loss is RunEvent.Displaced { MemberStopped: false } && !InFlight.HasTarget(run.Step);
        var waiting = displaced || run is { Step: RunStep.Waiting, Waiting.Reason: not WaitReason.RetriesExhausted };
        var asks = waiting && (home?.Verdict == MemberVerdict.Lost || Candidacy.Of(run, home, now, policy).Standing == Standing.WithPermit);
        return asks ? new MoveRequest(run.Uid, epoch.Number, epoch.Target.Region, run.Spec.Gang.Gpus, displaced ? now : run.StepSince) : null;
    }

    private static FleetTotals Totals(PlannerInput input)
    {
        var uses = input.Runs
            .Where(run => run is { IsTombstone: false, Epoch: not null })
            .GroupBy(run => run.Epoch!.Target.Region, run => run.Spec.Gang.Gpus)
            .OrderBy(region => region.Key, StringComparer.Ordinal)
            .Select(region => new RegionUse(region.Key, region.Sum(), region.Count()));
        var outOfReach = input.Members.Count(member => member.Verdict is MemberVerdict.ControlPlaneDown or MemberVerdict.Suspect or MemberVerdict.Lost);
        return new FleetTotals([.. uses], input.Fleet.Members.Length, outOfReach);
    }
}
