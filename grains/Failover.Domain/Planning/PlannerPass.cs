using System.Collections.Immutable;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Placement;
using Failover.Domain.Placement.Solving;

namespace Failover.Domain.Planning;

/// <summary>The second half of a planner's pass, once displacements are stored and the brake has answered: pose the problem, have it solved, conclude.</summary>
public static class PlannerPass
{
    /// <summary>Enough to solve small problems to the end.</summary>
    private const long ReplaySteps = 300_000;

    /// <summary>
    /// Who may be placed, and where; one that needs a permit and was not asked for stays as it is. Throws <see cref="ArgumentException"/> for a fleet or a run whose numbers mean nothing.
    /// </summary>
    public static PosedPlan Pose(PlannerInput input, ImmutableArray<PermitAnswer> permits, PlanningPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(policy);
        var members = input.Members.ToDictionary(member => member.Name);
        var answers = permits.ToDictionary(answer => (answer.RunUid, answer.Epoch));
        var events = new List<AddressedEvent>();
        var candidates = ImmutableSortedDictionary.CreateBuilder<string, PosedRun>(StringComparer.Ordinal);
        foreach (var run in input.Runs)
        {
            var home = run.Epoch is { } epoch ? members.GetValueOrDefault(epoch.Target.Member) : null;
            var (standing, cause) = Candidacy.Of(run, home, input.Now, policy);
            var answer = standing == Standing.WithPermit ? answers.GetValueOrDefault((run.Uid, run.EpochNumber)) : null;
            if (standing == Standing.Free || answer is { Granted: true })
                candidates.Add(run.Uid, new PosedRun(run, cause, standing == Standing.WithPermit));
            else if (answer is not null)
                Add(events, run, BrakeHeld(run, answer.Detail, input.Now));
            else if (standing == Standing.MemberStopped && run.Waiting!.Reason != WaitReason.MemberStopped)
                Add(events, run, NotPlaced(run, [new MemberReason(home!.Name, "stopped by its owner: the run waits for it")], input.Now, ahead: null));
        }

        var builder = new ProblemBuilder(input, policy);
        var problem = builder.Build(candidates.Values, builder.Room());
        return new PosedPlan(input, candidates.ToImmutable(), problem, [.. events], Gathering.HoldFor(candidates.Values, input.Now, policy))
        {
            BrakeHolds = answers.Values.Any(answer => !answer.Granted),
        };
    }

    /// <summary>
    /// What to tell the runs: those that a plan places, those that it does not, and those that need none. A <see langword="null"/> plan, since there was nothing to solve or it is
    /// not to be solved yet, leaves those that want a place as they are.
    /// </summary>
    /// <param name="posed">What was posed.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="now">The rows as they are now.</param>
    /// <param name="policy">What an operator has set.</param>
    /// <param name="proposals">What would be if others left, for those that the plan does not place.</param>
    public static PlannerOutput Conclude(PosedPlan posed, PlacementPlan? plan, PlannerInput now, PlanningPolicy policy, ImmutableArray<PlacementPlan> proposals = default)
    {
        ArgumentNullException.ThrowIfNull(posed);
        ArgumentNullException.ThrowIfNull(now);
        var events = posed.Events.ToList();
        if (plan is null)
            return new PlannerOutput(new PlacementPlan(posed.Problem.SnapshotVersion, [], [], 0), Sorted(events), []);
        var members = now.Members.ToDictionary(member => member.Name);
        var reviewed = PlanReview.Of(posed, plan, now, policy);
        foreach (var move in reviewed.Plan.Moves)
        {
            // A live run that may migrate is no candidate.
            if (!posed.Candidates.TryGetValue(move.RunUid, out var candidate))
                continue;
            var (run, cause) = (candidate.Run, candidate.Cause);
            Add(events, run, new RunEvent.Placed(now.Now, run.EpochNumber, run.Moves, cause, move.Target, DetectedAt(run, cause, members)) { Note = Note(plan, move) });
        }

        var builder = new ProblemBuilder(now, policy);
        var settlement = new Settlement(now, policy, proposals.IsDefault ? [] : proposals, posed.Candidates, builder.IsLost);
        events.AddRange(settlement.Leaving);
        foreach (var unplaced in reviewed.Plan.Unplaced)
        {
            var run = posed.Candidates[unplaced.RunUid].Run;
            var prospect = settlement.Prospects.GetValueOrDefault(run.Uid);
            var reasons = Told(run, unplaced.PerMember, builder.Kept, prospect).AddRange(FleetGaps.Reasons(run, now.Fleet));
            // While others stop for it its checkpoint stays on its way.
            var ahead = builder.Kept.Any(kept => kept.For.Uid == run.Uid) ? run.StageAhead?.Store : prospect?.Store;
            Add(events, run, NotPlaced(run, reasons, now.Now, ahead));
        }

        return new PlannerOutput(reviewed.Plan, Sorted(events), reviewed.Rejected);
    }

    /// <summary>
    /// All of it in one go, without gathering and within a budget of work: the same input gives the same plan. Throws as <see cref="Pose"/> does, and
    /// <see cref="InvalidOperationException"/> for a plan that its checker refuses: a bug, upon which nothing may be acted.
    /// </summary>
    public static PlannerOutput Place(PlannerInput input, ImmutableArray<PermitAnswer> permits, PlanningPolicy policy) =>
        PlaceBy(problem => policy.Placement.Engine == PlacementEngine.Greedy
            ? Placer.Place(problem, policy.Placement)
            : SolverPlacer.Solve(problem, policy.Placement, new WorkBudget(ReplaySteps)).Plan, input, permits, policy);

    /// <summary>The same, with plans made by <paramref name="solve"/>.</summary>
    internal static PlannerOutput PlaceBy(Func<PlacementProblem, PlacementPlan> solve, PlannerInput input, ImmutableArray<PermitAnswer> permits, PlanningPolicy policy)
    {
        var posed = Pose(input, permits, policy);
        using var course = new PlanCourse(posed, policy);
        while (course.Problem is { } problem)
            course.Take(solve(problem));
        return Conclude(posed, course.Plan, input, policy, course.Proposals);
    }

    /// <summary>The plan's reasons, with what it can't know: for whom GPUs are kept, and who would leave for the run.</summary>
    private static ImmutableArray<MemberReason> Told(RunState run, ImmutableArray<MemberReason> reasons, ImmutableArray<KeptPlace> kept, Prospect? prospect)
    {
        return [.. reasons.Select(reason => string.Join("; ", Words(reason).Prepend(reason.Reason)) is var words && words == reason.Reason ? reason : reason with { Reason = words })];

        IEnumerable<string> Words(MemberReason reason)
        {
            foreach (var place in kept.Where(place => place.Member == reason.Member))
            {
                if (place.For.Uid == run.Uid)
                    yield return $"stopping there for it: {place.Names}";
                else if (run.Spec.Skus.Contains(place.Sku))
                    yield return $"free {place.Sku} GPUs there are kept for {place.For.Spec.Name} (stopping for it: {place.Names})";
            }

            if (prospect?.Member == reason.Member)
                yield return prospect.Words;
        }
    }

    /// <summary>The plan, if its checker finds no fault with it.</summary>
    internal static PlacementPlan Sound(PlacementProblem problem, PlacementPlan plan) => PlanChecker.Check(problem, plan) is [var fault, ..]
        ? throw new InvalidOperationException($"The plan is not sound: {fault}.")
        : plan;

    private static ImmutableArray<AddressedEvent> Sorted(List<AddressedEvent> events) => [.. events.OrderBy(addressed => addressed.RunUid, StringComparer.Ordinal)];

    private static void Add(List<AddressedEvent> events, RunState run, RunEvent? runEvent)
    {
        if (runEvent is not null)
            events.Add(new AddressedEvent(run.Uid, runEvent));
    }

    /// <summary>Nothing where the run waits for just that already.</summary>
    private static RunEvent.BrakeHeld? BrakeHeld(RunState run, string because, DateTimeOffset now) =>
        run.Waiting is { Reason: WaitReason.BrakeHeld } wait && wait.Detail == because ? null : new RunEvent.BrakeHeld(now, run.EpochNumber, because);

    /// <summary>Nothing where the run waits for just those reasons already.</summary>
    private static RunEvent.NotPlaced? NotPlaced(RunState run, ImmutableArray<MemberReason> reasons, DateTimeOffset now, string? ahead) =>
        run.Waiting is { Reason: WaitReason.NoFit or WaitReason.Preempted } wait && wait.PerMember.SequenceEqual(reasons) && run.StageAhead?.Store == ahead
            ? null
            : new RunEvent.NotPlaced(now, run.EpochNumber, run.Moves, reasons, ahead);

    private static PlacementNote Note(PlacementPlan plan, PlannedMove move) => new()
    {
        Engine = plan.Engine.ToString(),
        Gap = plan.Gap,
        Value = GpuHours(move.Value),
        StagingSeconds = move.Cost.Staging.TotalSeconds,
        EgressDollars = move.Cost.EgressMicrodollars / 1e6,
        GpuHoursLost = move.Cost.GpuHoursLost,
        RunnerUp = move.RunnerUp is { } next ? $"{next.Member} ({next.Sku})" : null,
        RunnerUpLoss = move.RunnerUp is { } other ? GpuHours(other.Loss) : null,
    };

    private static double GpuHours(long thousandths) => Math.Round(thousandths / 1e3, 1);

    private static DateTimeOffset DetectedAt(RunState run, MoveCause cause, Dictionary<string, MemberState> members) => cause switch
    {
        MoveCause.Initial => run.SubmittedAt,
        // The member may have left the fleet file while the plan was made.
        MoveCause.Failover when members.TryGetValue(run.Epoch!.Target.Member, out var member) => Displacement.DetectedAt(member),
        _ => run.Waiting!.Since,
    };
}
