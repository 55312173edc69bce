using System.Collections.Immutable;
using System.Globalization;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Placement;

namespace Failover.Domain.Planning;

/// <summary>
/// Room that is kept for the next failure: what a failure displaced is placed first, with all there is; new work gets what is left, less that room. Where none is to be kept, all are
/// placed together.
/// </summary>
internal sealed class Headroom(PlannerInput input, PlanningPolicy policy, ProblemBuilder builder)
{
    /// <summary>The plan, sound in each of its halves; once all steps are taken.</summary>
    public PlacementPlan? Plan { get; private set; }

    /// <summary>What it leaves.</summary>
    public Room Left { get; private set; } = builder.Room();

    /// <summary>The problems to be solved, each answered before the next is asked for.</summary>
    public IEnumerable<PlacementProblem> Steps(PosedPlan posed, Func<PlacementPlan> answer)
    {
        var seekers = posed.Candidates;
        var newcomers = policy.KeepsHeadroom ? seekers.Values.Where(seeker => seeker.IsNewWork).ToArray() : [];
        if (newcomers.Length < seekers.Count || newcomers.Length == 0)
        {
            // Where all are placed together it is the problem as it was posed.
            var problem = newcomers.Length == 0 ? posed.Problem : builder.Build(seekers.Values.Where(seeker => !seeker.IsNewWork), Left);
            yield return problem;
            Plan = PlannerPass.Sound(problem, answer());
            Left = Left.Less(Plan.Moves, seekers);
        }

        if (newcomers.Length > 0)
        {
            var limited = Left with { Pools = Left.Pools.ToImmutableDictionary(pool => pool.Key, pool => Limited(pool.Key.Member, pool.Value)) };
            var problem = Admitted(builder.Build(newcomers, limited), Plan?.Moves ?? [], seekers, Left);
            yield return problem;
            var second = PlannerPass.Sound(problem, answer());
            Left = Left.Less(second.Moves, seekers);
            second = Explained(second, problem, limited, Left);
            Plan = Plan is null ? second : Joined(Plan, second);
        }
    }

    private FreePool Limited(string member, FreePool free) => free.AtMost(free.FreeGpus - Share(member, free.Sku));

    /// <summary>The GPUs of the pool that are kept free.</summary>
    private int Share(string member, string sku) =>
        (int)Math.Ceiling(policy.HeadroomShare * (input.Members.First(state => state.Name == member).Capacity?.Pools.FirstOrDefault(pool => pool.Sku == sku)?.Gpus ?? 0));

    /// <summary>
    /// Who is let in so that the loss of any one region would still leave room for what runs there. A new place takes its GPUs from what is free elsewhere for every region but its
    /// own, and adds them to what that one uses: each region's slack shrinks by them, wherever it is. So the smallest slack is what may be given, to the highest tiers and the
    /// longest waiting first. Counted by GPU type, so that what can't be used by whom it is kept for does not count.
    /// </summary>
    private PlacementProblem Admitted(PlacementProblem problem, ImmutableArray<PlannedMove> first, ImmutableSortedDictionary<string, PosedRun> seekers, Room left)
    {
        if (policy.HeadroomRegions == 0)
            return problem;
        var slack = Slacks(first, seekers, left);
        var order = problem.Runs.OrderByDescending(run => run.Tier).ThenBy(run => seekers[run.Uid].Run.SubmittedAt).ThenBy(run => run.Uid, StringComparer.Ordinal);
        var runs = ImmutableArray.CreateBuilder<PlacementRun>();
        foreach (var run in order)
        {
            var open = run.Skus.Where(choice => slack.TryGetValue(choice.Sku, out var left) && left.Gpus >= run.Gpus).ToImmutableArray();
            if (open.IsEmpty)
            {
                runs.Add(run with { Excluded = [.. run.Excluded, .. problem.Members.Select(member => new MemberExclusion(member.Name, TooLittle(run, slack)))] });
                continue;
            }

            // Which of them it gets is for the plan to say: it counts against each.
            foreach (var choice in open)
                slack[choice.Sku] = slack[choice.Sku] with { Gpus = slack[choice.Sku].Gpus - run.Gpus };
            runs.Add(run with { Skus = open });
        }

        return problem with { Runs = runs.ToImmutable() };
    }

    private static string TooLittle(PlacementRun run, Dictionary<string, Slack> slack)
    {
        var scarce = run.Skus.Where(choice => slack.ContainsKey(choice.Sku)).Select(choice => slack[choice.Sku]).OrderByDescending(one => one.Gpus).FirstOrDefault();
        return scarce is null
            ? "headroom: no GPUs of its types were seen"
            : $"headroom: needs {run.Gpus} {scarce.Sku} GPUs, {Math.Max(0, scarce.Gpus)} may be given to new work, so that what {scarce.Region} runs finds room elsewhere if it is lost";
    }

    /// <summary>By GPU type: the region whose loss would leave the least beyond what it needs, and how much that is; negative where it is short already.</summary>
    private Dictionary<string, Slack> Slacks(ImmutableArray<PlannedMove> first, ImmutableSortedDictionary<string, PosedRun> seekers, Room left)
    {
        var regionOf = input.Fleet.Members.ToDictionary(member => member.Name, member => member.Region);
        var open = input.Members.Where(member => MemberMachine.IsTarget(member).IsTarget && RegionVerdicts.Of(member.Region, input.Members).IsTarget).Select(member => member.Name).ToHashSet();
        var free = left.Pools.Where(pool => open.Contains(pool.Key.Member))
            .GroupBy(pool => (pool.Key.Sku, Region: regionOf[pool.Key.Member])).ToDictionary(group => group.Key, group => group.Sum(pool => pool.Value.FreeGpus));
        var used = input.Runs.SelectMany(Uses).Concat(first.Select(move => (move.Target.Sku, move.Target.Region, seekers[move.RunUid].Run.Spec.Gang.Gpus)))
            .GroupBy(use => (use.Sku, use.Region)).ToDictionary(group => group.Key, group => group.Sum(use => use.Gpus));
        return (
            from sku in left.Pools.Keys.Select(pool => pool.Sku).Distinct()
            let elsewhere = free.Where(one => one.Key.Sku == sku).Sum(one => one.Value)
            select input.Fleet.Regions.Select(region => new Slack(
                sku, region.Name, elsewhere - free.GetValueOrDefault((sku, region.Name)) - used.GetValueOrDefault((sku, region.Name)))).MinBy(one => one.Gpus)!)
            .ToDictionary(one => one.Sku);
    }

    private static IEnumerable<(string Sku, string Region, int Gpus)> Uses(RunState run) =>
        InFlight.Holds(run).Select(held => InFlight.TargetOf(run, held.Epoch.Epoch)).Select(target => (target.Sku, target.Region, run.Spec.Gang.Gpus));

    /// <summary>Where it would fit into what is free, and not into what is free beyond the share, that share is the reason.</summary>
    private PlacementPlan Explained(PlacementPlan plan, PlacementProblem problem, Room limited, Room after)
    {
        var runs = problem.Runs.ToDictionary(run => run.Uid);
        var members = problem.Members.ToDictionary(member => member.Name);
        return plan with
        {
            Unplaced = [.. plan.Unplaced.Select(unplaced => unplaced with { PerMember = [.. unplaced.PerMember.Select(reason => Reason(runs[unplaced.RunUid], reason))] })],
        };

        MemberReason Reason(PlacementRun run, MemberReason reason)
        {
            var member = members[reason.Member];
            if (reason.Never || member.NotTarget is not null || run.Sites.All(site => site.Region != member.Region) || run.Excluded.Any(excluded => excluded.Member == member.Name))
                return reason;
            var bin = run.Skus.Select(choice => (member.Name, choice.Sku))
                .FirstOrDefault(bin => after.Pools.TryGetValue(bin, out var free) && free.Fits(run.Workers, run.GpusPerWorker) && !limited.Pools[bin].Fits(run.Workers, run.GpusPerWorker));
            return bin.Sku is null ? reason : reason with
            {
                Reason = string.Create(
                    CultureInfo.InvariantCulture,
                    $"headroom: {policy.HeadroomShare:0.##%} of its {bin.Sku} ({Share(member.Name, bin.Sku)} GPUs) are kept for the next failure: needs {run.Gpus}, {limited.Pools[bin].FreeGpus} of {after.Pools[bin].FreeGpus} free ones may be given to new work"),
            };
        }
    }

    private static PlacementPlan Joined(PlacementPlan first, PlacementPlan second) => second with
    {
        Moves = [.. first.Moves.Concat(second.Moves).OrderBy(move => move.RunUid, StringComparer.Ordinal)],
        Unplaced = [.. first.Unplaced.Concat(second.Unplaced).OrderBy(run => run.RunUid, StringComparer.Ordinal)],
        Value = first.Value + second.Value,
        Bound = first.Bound + second.Bound,
    };

    private sealed record Slack(string Sku, string Region, int Gpus);
}
