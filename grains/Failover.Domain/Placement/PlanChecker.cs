using System.Collections.Immutable;

namespace Failover.Domain.Placement;

/// <summary>
/// Judges a plan against its problem without any of the planner's own arithmetic: gangs are packed onto the nodes one by one. Whatever engine made the
/// plan, nothing is acted upon that does not pass.
/// </summary>
public static class PlanChecker
{
    /// <summary>What is wrong with the plan; empty where it is sound.</summary>
    public static ImmutableArray<string> Check(PlacementProblem problem, PlacementPlan plan)
    {
        var faults = ImmutableArray.CreateBuilder<string>();
        if (plan.SnapshotVersion != problem.SnapshotVersion)
            faults.Add($"the plan is of snapshot {plan.SnapshotVersion}, the problem {problem.SnapshotVersion}");
        CheckRuns(problem, plan, faults);
        var runs = problem.Runs.ToDictionary(run => run.Uid);
        var known = plan.Moves.Where(move => runs.ContainsKey(move.RunUid)).ToArray();
        foreach (var move in known)
            CheckPair(problem, runs[move.RunUid], move, faults);
        CheckBins(problem, runs, known, faults);
        CheckIngest(problem, known, faults);

        var value = plan.Moves.Aggregate(Int128.Zero, (sum, move) => sum + move.Value);
        if (value != plan.Value)
            faults.Add($"the plan says it is worth {plan.Value}, its moves add up to {value}");
        return faults.ToImmutable();
    }

    private static void CheckRuns(PlacementProblem problem, PlacementPlan plan, ImmutableArray<string>.Builder faults)
    {
        var mentions = plan.Moves.Select(move => move.RunUid).Concat(plan.Unplaced.Select(run => run.RunUid)).CountBy(uid => uid).ToDictionary();
        foreach (var run in problem.Runs)
        {
            if (mentions.Remove(run.Uid, out var times) is false)
                faults.Add($"run {run.Uid} is forgotten");
            else if (times > 1)
                faults.Add($"run {run.Uid} is there {times} times");
        }

        foreach (var uid in mentions.Keys.Order(StringComparer.Ordinal))
            faults.Add($"run {uid} is not in the problem");
        foreach (var run in plan.Unplaced)
        {
            if (!problem.Members.Select(member => member.Name).ToHashSet().SetEquals(run.PerMember.Select(reason => reason.Member)))
                faults.Add($"run {run.RunUid} has no reason for every member");
        }
    }

    private static void CheckPair(PlacementProblem problem, PlacementRun run, PlannedMove move, ImmutableArray<string>.Builder faults)
    {
        var target = move.Target;
        if (problem.Members.FirstOrDefault(member => member.Name == target.Member) is not { } member)
            faults.Add($"run {run.Uid}: member {target.Member} is not in the problem");
        else if (member.NotTarget is { } reason)
            faults.Add($"run {run.Uid}: member {member.Name} is no target: {reason}");
        else if (member.Region != target.Region)
            faults.Add($"run {run.Uid}: member {member.Name} is in {member.Region}, not in {target.Region}");
        if (run.Excluded.Any(exclusion => exclusion.Member == target.Member))
            faults.Add($"run {run.Uid}: member {target.Member} is excluded");
        if (run.Skus.All(choice => choice.Sku != target.Sku))
            faults.Add($"run {run.Uid}: GPU type {target.Sku} does not suit it");
        if (run.Sites.FirstOrDefault(site => site.Region == target.Region) is not { } site)
            faults.Add($"run {run.Uid}: region {target.Region} is not allowed");
        else if (site.Store != target.Store || site.IngestBytes != move.IngestBytes)
            faults.Add($"run {run.Uid}: store and bytes in {target.Region} are {site.Store} and {site.IngestBytes}");
        if (move.Value < 1)
            faults.Add($"run {run.Uid}: a move is worth at least 1, not {move.Value}");
    }

    private static void CheckBins(
        PlacementProblem problem, Dictionary<string, PlacementRun> runs, PlannedMove[] moves, ImmutableArray<string>.Builder faults)
    {
        foreach (var bin in moves.GroupBy(move => (move.Target.Member, move.Target.Sku)))
        {
            var pool = problem.Bins.FirstOrDefault(candidate => (candidate.Member, candidate.Sku) == bin.Key);
            if (pool is null)
            {
                faults.Add($"bin {bin.Key.Member}/{bin.Key.Sku} is not in the problem");
                continue;
            }

            var nodes = pool.NodesByFreeGpus.ToArray();
            // The widest pods first: what is left of a node after them serves the narrower ones.
            foreach (var move in bin.OrderByDescending(move => runs[move.RunUid].GpusPerWorker))
            {
                if (!Pack(nodes, runs[move.RunUid]))
                    faults.Add($"run {move.RunUid} does not fit onto the nodes of {pool.Member}/{pool.Sku}");
            }
        }
    }

    private static bool Pack(int[] nodes, PlacementRun run)
    {
        var left = run.Workers;
        for (var free = run.GpusPerWorker; free < nodes.Length; free++)
        {
            // A node takes as many of them as its GPUs allow; the rest of it stays free.
            var perNode = free / run.GpusPerWorker;
            while (left > 0 && nodes[free] > 0)
            {
                var taken = Math.Min(perNode, left);
                nodes[free]--;
                nodes[free - (taken * run.GpusPerWorker)]++;
                left -= taken;
            }
        }

        return left == 0;
    }

    private static void CheckIngest(PlacementProblem problem, PlannedMove[] moves, ImmutableArray<string>.Builder faults)
    {
        foreach (var region in problem.Regions)
        {
            var bytes = moves.Where(move => move.Target.Region == region.Name).Aggregate(Int128.Zero, (sum, move) => sum + move.IngestBytes);
            if (bytes > region.IngestBytes)
                faults.Add($"region {region.Name}: {bytes} bytes are brought in, {region.IngestBytes} may be");
        }
    }
}
