using System.Collections.Immutable;

namespace Failover.Domain.Placement;

/// <summary>
/// Judges a plan against its problem without any of the planner's own arithmetic: gangs are packed onto the nodes one by one. Whatever engine made the
/// plan, nothing is acted upon that does not pass.
/// </summary>
public static class PlanChecker
{
    private const int WidestWorker = 8;

    /// <summary>What is wrong with the plan; empty where it is sound.</summary>
    public static ImmutableArray<string> Check(PlacementProblem problem, PlacementPlan plan)
    {
        var faults = ImmutableArray.CreateBuilder<string>();
        if (plan.SnapshotVersion != problem.SnapshotVersion)
            faults.Add($"the plan is of snapshot {plan.SnapshotVersion}, the problem {problem.SnapshotVersion}");
        var runs = problem.Runs.ToDictionary(run => run.Uid);
        CheckRuns(problem, plan, faults);
        CheckHomes(runs, plan, faults);
        var known = plan.Moves.Where(move => runs.ContainsKey(move.RunUid)).ToArray();
        foreach (var move in known)
            CheckPair(problem, runs[move.RunUid], move, faults);
        CheckBins(problem, runs, plan, known, faults);
        CheckIngest(problem, known, faults);
        CheckSpread(problem, runs, plan, known, faults);
        CheckValue(plan, faults);
        return faults.ToImmutable();
    }

    private static void CheckRuns(PlacementProblem problem, PlacementPlan plan, ImmutableArray<string>.Builder faults)
    {
        var mentions = plan.Moves.Select(move => move.RunUid).Concat(plan.Unplaced.Select(run => run.RunUid))
            .Concat(plan.Stays.Select(run => run.RunUid)).Concat(plan.Preempted.Select(run => run.RunUid)).CountBy(uid => uid).ToDictionary();
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

    /// <summary>Who has a home stays, is preempted for somebody, or migrates if it may; the others have none to keep or to lose.</summary>
    private static void CheckHomes(Dictionary<string, PlacementRun> runs, PlacementPlan plan, ImmutableArray<string>.Builder faults)
    {
        var moves = plan.Moves.Select(move => move.RunUid).ToHashSet();
        foreach (var uid in plan.Unplaced.Select(run => run.RunUid).Where(uid => runs.GetValueOrDefault(uid)?.Home is not null))
            faults.Add($"run {uid} has a home, and is said to have no place");
        foreach (var uid in moves.Where(uid => runs.GetValueOrDefault(uid) is { Home: not null, MayMigrate: false }))
            faults.Add($"run {uid} has a home, and may not migrate");
        foreach (var uid in plan.Stays.Select(run => run.RunUid).Where(uid => runs.GetValueOrDefault(uid) is { Home: null }))
            faults.Add($"run {uid} has no home to stay in");
        foreach (var preempted in plan.Preempted)
        {
            if (runs.GetValueOrDefault(preempted.RunUid) is { } run && run.Home != preempted.Home)
                faults.Add($"run {preempted.RunUid}: its home is not {preempted.Home.Member}/{preempted.Home.Sku}");
            if (preempted.For.IsEmpty)
                faults.Add($"run {preempted.RunUid} is preempted for nobody");
            foreach (var uid in preempted.For.Where(uid => !moves.Contains(uid)))
                faults.Add($"run {preempted.RunUid} is preempted for {uid}, which does not move");
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
        if (run.Home is { } home && (home.Member, home.Sku) == (target.Member, target.Sku))
            faults.Add($"run {run.Uid} moves to its own home");
    }

    private static void CheckBins(
        PlacementProblem problem, Dictionary<string, PlacementRun> runs, PlacementPlan plan, PlannedMove[] moves, ImmutableArray<string>.Builder faults)
    {
        var leaving = plan.Preempted.Select(run => run.RunUid).Concat(moves.Select(move => move.RunUid))
            .Select(runs.GetValueOrDefault).Where(run => run?.Home is not null).ToLookup(run => (run!.Home!.Member, run.Home.Sku), run => run!);
        foreach (var bin in moves.GroupBy(move => (move.Target.Member, move.Target.Sku)))
        {
            var pool = problem.Bins.FirstOrDefault(candidate => (candidate.Member, candidate.Sku) == bin.Key);
            if (pool is null)
            {
                faults.Add($"bin {bin.Key.Member}/{bin.Key.Sku} is not in the problem");
                continue;
            }

            var nodes = new int[Math.Max(pool.NodesByFreeGpus.Length, WidestWorker + 1)];
            pool.NodesByFreeGpus.CopyTo(nodes);
            // Where its workers sit is not known: each gives back what it takes on a node of its own, and no more is counted upon.
            foreach (var run in leaving[bin.Key])
                nodes[run.GpusPerWorker] += run.Workers;
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

    /// <summary>A group that has too many GPUs in a region already gets no more of them.</summary>
    private static void CheckSpread(
        PlacementProblem problem, Dictionary<string, PlacementRun> runs, PlacementPlan plan, PlannedMove[] moves, ImmutableArray<string>.Builder faults)
    {
        var regionOf = problem.Members.ToDictionary(member => member.Name, member => member.Region);
        var stays = plan.Stays.Select(stay => stay.RunUid).Where(uid => runs.GetValueOrDefault(uid)?.Home is not null).ToHashSet();
        foreach (var group in problem.Groups)
        {
            var members = problem.Runs.Where(run => run.Group == group.Name).ToArray();
            var moving = moves.Where(move => runs[move.RunUid].Group == group.Name).ToArray();
            foreach (var region in problem.Regions.Select(region => region.Name))
            {
                var home = members.Where(run => run.Home is { } home && regionOf[home.Member] == region).ToArray();
                var now = home.Sum(run => (long)run.Gpus);
                var then = home.Where(run => stays.Contains(run.Uid)).Sum(run => (long)run.Gpus) + moving.Where(move => move.Target.Region == region).Sum(move => (long)runs[move.RunUid].Gpus);
                var most = Math.Max(now, group.GpusPerRegionMax - group.Held.GetValueOrDefault(region));
                if (then > most)
                    faults.Add($"group {group.Name}: {then} GPUs in {region}, {most} may be");
            }
        }
    }

    private static void CheckValue(PlacementPlan plan, ImmutableArray<string>.Builder faults)
    {
        foreach (var (uid, worth) in plan.Moves.Select(move => (move.RunUid, move.Value)).Concat(plan.Stays.Select(stay => (stay.RunUid, stay.Value))).Where(one => one.Item2 < 1))
            faults.Add($"run {uid}: a place is worth at least 1, not {worth}");
        var value = plan.Moves.Aggregate(Int128.Zero, (sum, move) => sum + move.Value) + plan.Stays.Aggregate(Int128.Zero, (sum, stay) => sum + stay.Value);
        if (value != plan.Value)
            faults.Add($"the plan says it is worth {plan.Value}, its places add up to {value}");
        if (plan.Bound < plan.Value)
            faults.Add($"the plan is worth {plan.Value}, and says that none is worth more than {plan.Bound}");
    }
}
