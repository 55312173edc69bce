using System.Collections.Immutable;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Placement;

namespace Failover.Domain.Planning;

/// <summary>
/// What would be if others left: for runs that found no place, live runs of lower tiers may have to give up theirs. Proposed tier by tier, so that nobody leaves for an equal.
/// What comes of the proposals is for <see cref="Settlement"/> to say.
/// </summary>
internal sealed class Prospects(PlannerInput input, PlanningPolicy policy, ProblemBuilder builder)
{
    private readonly Dictionary<string, MemberState> members = input.Members.ToDictionary(member => member.Name);

    private readonly ImmutableArray<PlacementPlan>.Builder proposals = ImmutableArray.CreateBuilder<PlacementPlan>();

    /// <summary>A plan for each tier that might gain by it; once all steps are taken.</summary>
    public ImmutableArray<PlacementPlan> Proposals => proposals.ToImmutable();

    /// <summary>
    /// The problems to be solved, each answered before the next is asked for: of those of <paramref name="seekers"/> that the plan leaves without a place, within what it leaves.
    /// </summary>
    public IEnumerable<PlacementProblem> Steps(PlacementPlan plan, IReadOnlyDictionary<string, PosedRun> seekers, Room left, bool brakeHolds, Func<PlacementPlan> answer)
    {
        // What is displaced while the brake holds may be our own mistake: nobody is stopped for it.
        if (policy.Preemption == PreemptionMode.Off || brakeHolds)
            yield break;
        var waited = builder.Kept.Select(kept => kept.For.Uid).ToHashSet();
        var wanting = plan.Unplaced.Select(unplaced => seekers[unplaced.RunUid]).Where(seeker => MayPreempt(seeker) && !waited.Contains(seeker.Run.Uid)).ToArray();
        var room = left;
        foreach (var tier in wanting.GroupBy(seeker => seeker.Run.Spec.Tier).OrderByDescending(tier => tier.Key))
        {
            var victims = VictimsBelow(tier.Key, room);
            var hopeful = tier.Where(seeker => WouldFit(builder.Run(seeker), room, victims)).ToArray();
            if (hopeful.Length == 0)
                continue;
            var problem = builder.Build(hopeful, room, victims);
            problem = problem with { Runs = [.. problem.Runs.Select(run => seekers.TryGetValue(run.Uid, out var seeker) ? Steady(run, seeker.Run) : run)] };
            yield return problem;
            var proposal = PlannerPass.Sound(problem, answer());
            proposals.Add(proposal);
            // The next tier looks elsewhere: what is to change there is spoken for.
            var spoken = proposal.Moves.Select(move => move.Target.Member).ToHashSet();
            room = room with { Pools = room.Pools.RemoveRange(room.Pools.Keys.Where(pool => spoken.Contains(pool.Member))) };
        }
    }

    /// <summary>Where a checkpoint is being brought already is preferred, so that terabytes do not set out for another place with each pass.</summary>
    private static PlacementRun Steady(PlacementRun run, RunState row) =>
        row.StageAhead is { } ahead && run.Sites.FirstOrDefault(site => site.Store == ahead.Store) is { } site ? run with { PreferredRegions = [site.Region] } : run;

    /// <summary>What is kept for displaced runs is not made room in for others.</summary>
    private bool MayPreempt(PosedRun seeker) =>
        seeker.IsDisplaced || (policy.Preemption == PreemptionMode.All && !(seeker.IsNewWork && policy.KeepsHeadroom));

    private RunState[] VictimsBelow(int tier, Room room) =>
    [
        .. input.Runs.Where(run => run.Spec.Tier < tier && run.Epoch is { } epoch && members.TryGetValue(epoch.Target.Member, out var home)
            && room.Pools.ContainsKey((epoch.Target.Member, epoch.Target.Sku)) && run.Spec.Skus.Contains(epoch.Target.Sku)
            && Victims.Includes(run, home, input.Now, policy)),
    ];

    /// <summary>Whether it would fit anywhere if all of them left: what can't be helped by that need not be solved for, pass after pass.</summary>
    private bool WouldFit(PlacementRun run, Room room, RunState[] victims) => (
        from site in run.Sites
        from member in input.Fleet.Members
        where member.Region == site.Region && run.Excluded.All(excluded => excluded.Member != member.Name)
        from choice in run.Skus
        where room.Pools.ContainsKey((member.Name, choice.Sku))
        select victims.Where(victim => (victim.Epoch!.Target.Member, victim.Epoch.Target.Sku) == (member.Name, choice.Sku))
            .Aggregate(room.Pools[(member.Name, choice.Sku)], (free, victim) => free.Plus(victim.Spec.Gang.Workers, victim.Spec.Gang.GpusPerWorker))
            .Fits(run.Workers, run.GpusPerWorker)).Any(fits => fits);
}
