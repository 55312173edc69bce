using System.Collections.Immutable;
using Failover.Domain.Placement;

namespace Failover.Domain.Planning;

/// <summary>
/// What has to be solved for a pass, one problem after the other: the runs that want a place; after them new work, where headroom is kept; and then, tier by tier, what would be if
/// others left. Ask for <see cref="Problem"/>, have it solved, <see cref="Take"/> the plan, until there is none.
/// </summary>
public sealed class PlanCourse : IDisposable
{
    private readonly Headroom headroom;
    private readonly Prospects prospects;
    private readonly IEnumerator<PlacementProblem> steps;
    private PlacementPlan? answer;

    /// <summary>Of what was posed.</summary>
    public PlanCourse(PosedPlan posed, PlanningPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(posed);
        var builder = new ProblemBuilder(posed.Input, policy);
        (headroom, prospects) = (new Headroom(posed.Input, policy, builder), new Prospects(posed.Input, policy, builder));
        steps = Steps(posed).GetEnumerator();
        Go();
    }

    /// <summary>What is to be solved next; <see langword="null"/>: nothing any more.</summary>
    public PlacementProblem? Problem { get; private set; }

    /// <summary>Who goes where, once there is no <see cref="Problem"/> any more.</summary>
    public PlacementPlan Plan => headroom.Plan ?? throw new InvalidOperationException("There are problems left to solve.");

    /// <summary>What would be if others left.</summary>
    public ImmutableArray<PlacementPlan> Proposals => prospects.Proposals;

    /// <summary>The plan for <see cref="Problem"/>. Throws <see cref="InvalidOperationException"/> for one that its checker refuses.</summary>
    public void Take(PlacementPlan plan)
    {
        answer = plan;
        Go();
    }

    /// <inheritdoc/>
    public void Dispose() => steps.Dispose();

    private void Go() => Problem = steps.MoveNext() ? steps.Current : null;

    private IEnumerable<PlacementProblem> Steps(PosedPlan posed)
    {
        foreach (var problem in headroom.Steps(posed, Answer))
            yield return problem;
        foreach (var problem in prospects.Steps(headroom.Plan!, posed.Candidates, headroom.Left, posed.BrakeHolds, Answer))
            yield return problem;
    }

    private PlacementPlan Answer() => answer ?? throw new InvalidOperationException("No plan was taken.");
}
