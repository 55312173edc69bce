using System.Collections.Immutable;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;

namespace Failover.Domain.Planning;

/// <summary>The first half of a planner's pass: whose place is lost, what to ask the brake, and which reservations still hold.</summary>
public static class Displacement
{
    /// <summary>
    /// Store the events with the runs before <c>PlannerPass.Place</c> is called on what is stored then. A move is past being called off once it is
    /// Fenced: it goes on to its launch, and the new epoch is displaced from there.
    /// </summary>
    public static DisplacementOutput Find(PlannerInput input, PlanningPolicy policy)
    {
        var members = input.Members.ToDictionary(member => member.Name);
        var events = ImmutableArray.CreateBuilder<AddressedEvent>();
        var permits = ImmutableArray.CreateBuilder<PermitRequest>();
        foreach (var run in input.Runs.OrderBy(run => run.Uid, StringComparer.Ordinal))
        {
            var displaced = Displaced(run, members, input.Now);
            if (displaced is not null)
                events.Add(new AddressedEvent(run.Uid, displaced));
            if (run.Epoch is { } epoch && NeedsPermit(run, displaced, members, input.Now, policy))
                permits.Add(new PermitRequest(run.Uid, epoch.Number, epoch.Target.Region, run.Spec.Gang.Gpus));
        }

        return new DisplacementOutput(events.ToImmutable(), permits.ToImmutable(), Reservations(input.Runs));
    }

    private static RunEvent.Displaced? Displaced(RunState run, Dictionary<string, MemberState> members, DateTimeOffset now)
    {
        // Where the loss hits, and what of the run is there: its epoch, or only a move's target.
        var (name, epochIsThere) = run.Step switch
        {
            RunStep.Launching or RunStep.Verifying or RunStep.Running => (run.Epoch?.Target.Member, true),
            RunStep.Planned or RunStep.Reserved or RunStep.Staging => (run.Move?.Target.Member, false),
            _ => (null, false),
        };
        if (name is null || !members.TryGetValue(name, out var member) || member.Verdict is not (MemberVerdict.Lost or MemberVerdict.Stopped))
            return null;
        var stopped = member.Verdict == MemberVerdict.Stopped;
        var detail = $"{(epochIsThere ? "member" : "the move's target")} {name} {(stopped ? "was stopped by its owner" : "is lost")}";
        return new RunEvent.Displaced(now, run.EpochNumber, detail, DetectedAt(member), MemberStopped: stopped && epochIsThere);
    }

    /// <summary>When the trouble with a member was first seen.</summary>
    internal static DateTimeOffset DetectedAt(MemberState member) => member.TroubleSince ?? member.VerdictSince;

    private static bool NeedsPermit(
        RunState run, RunEvent.Displaced? displaced, Dictionary<string, MemberState> members, DateTimeOffset now, PlanningPolicy policy)
    {
        var home = members.GetValueOrDefault(run.Epoch!.Target.Member);
        // What is displaced by this very pass is judged as it will be: waiting.
        var waiting = displaced is null
            ? run
            : run with { Step = RunStep.Waiting, Waiting = new WaitState(WaitReason.Displaced, displaced.Detail, now) };
        return Candidacy.Of(waiting, home, now, policy).Standing == Standing.WithPermit;
    }

    private static ImmutableArray<HeldReservation> Reservations(ImmutableArray<RunState> runs) =>
    [
        .. runs.SelectMany(InFlight.Holds).OrderBy(held => held.Member, StringComparer.Ordinal).ThenBy(held => held.RunUid, StringComparer.Ordinal)
            .ThenBy(held => held.Epoch),
    ];
}
