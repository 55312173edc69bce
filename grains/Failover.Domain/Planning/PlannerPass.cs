using System.Collections.Immutable;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Placement;

namespace Failover.Domain.Planning;

/// <summary>The second half of a planner's pass, once displacements are stored and the brake has answered.</summary>
public static class PlannerPass
{
    /// <summary>
    /// Places all waiting runs that may be placed, together; one that needs a permit and was not asked for stays as it is. Throws <see cref="ArgumentException"/> for a fleet or a run whose numbers mean nothing, and
    /// <see cref="InvalidOperationException"/> for a plan that its checker refuses: a bug, upon which nothing may be acted.
    /// </summary>
    public static PlannerOutput Place(PlannerInput input, ImmutableArray<PermitAnswer> permits, PlanningPolicy policy)
    {
        var members = input.Members.ToDictionary(member => member.Name);
        var answers = permits.ToDictionary(answer => (answer.RunUid, answer.Epoch));
        var events = new List<AddressedEvent>();
        var candidates = new Dictionary<string, (RunState Run, MoveCause Cause)>();
        foreach (var run in input.Runs)
        {
            var home = run.Epoch is { } epoch ? members.GetValueOrDefault(epoch.Target.Member) : null;
            var (standing, cause) = Candidacy.Of(run, home, input.Now, policy);
            var answer = standing == Standing.WithPermit ? answers.GetValueOrDefault((run.Uid, run.EpochNumber)) : null;
            if (standing == Standing.Free || answer is { Granted: true })
                candidates.Add(run.Uid, (run, cause));
            else if (answer is not null)
                Add(events, run, BrakeHeld(run, answer.Detail, input.Now));
            else if (standing == Standing.MemberStopped && run.Waiting!.Reason != WaitReason.MemberStopped)
                Add(events, run, NotPlaced(run, [new MemberReason(home!.Name, "stopped by its owner: the run waits for it")], input.Now));
        }

        var problem = new ProblemBuilder(input, policy).Build(candidates.Values);
        var plan = Sound(problem, Placer.Place(problem, policy.Placement));
        foreach (var move in plan.Moves)
        {
            var (run, cause) = candidates[move.RunUid];
            Add(events, run, new RunEvent.Placed(input.Now, run.EpochNumber, run.Moves, cause, move.Target, DetectedAt(run, cause, members)));
        }

        foreach (var unplaced in plan.Unplaced)
        {
            var run = candidates[unplaced.RunUid].Run;
            Add(events, run, NotPlaced(run, unplaced.PerMember.AddRange(FleetGaps.Reasons(run, input.Fleet)), input.Now));
        }

        return new PlannerOutput(plan, [.. events.OrderBy(addressed => addressed.RunUid, StringComparer.Ordinal)]);
    }

    /// <summary>The plan, if its checker finds no fault with it.</summary>
    internal static PlacementPlan Sound(PlacementProblem problem, PlacementPlan plan) => PlanChecker.Check(problem, plan) is [var fault, ..]
        ? throw new InvalidOperationException($"The plan is not sound: {fault}.")
        : plan;

    private static void Add(List<AddressedEvent> events, RunState run, RunEvent? runEvent)
    {
        if (runEvent is not null)
            events.Add(new AddressedEvent(run.Uid, runEvent));
    }

    /// <summary>Nothing where the run waits for just that already.</summary>
    private static RunEvent.BrakeHeld? BrakeHeld(RunState run, string because, DateTimeOffset now) =>
        run.Waiting is { Reason: WaitReason.BrakeHeld } wait && wait.Detail == because ? null : new RunEvent.BrakeHeld(now, run.EpochNumber, because);

    /// <summary>Nothing where the run waits for just those reasons already.</summary>
    private static RunEvent.NotPlaced? NotPlaced(RunState run, ImmutableArray<MemberReason> reasons, DateTimeOffset now) =>
        run.Waiting is { Reason: WaitReason.NoFit } wait && wait.PerMember.SequenceEqual(reasons)
            ? null
            : new RunEvent.NotPlaced(now, run.EpochNumber, run.Moves, reasons);

    private static DateTimeOffset DetectedAt(RunState run, MoveCause cause, Dictionary<string, MemberState> members) => cause switch
    {
        MoveCause.Initial => run.SubmittedAt,
        MoveCause.Failover => Displacement.DetectedAt(members[run.Epoch!.Target.Member]),
        _ => run.Waiting!.Since,
    };
}
