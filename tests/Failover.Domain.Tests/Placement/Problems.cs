using System.Collections.Immutable;
using CsCheck;
using Failover.Domain.Placement;

namespace Failover.Domain.Tests.Placement;

/// <summary>Problems in few words, and generated ones.</summary>
internal static class Problems
{
    public const long Gigabyte = 1_000_000_000;

    /// <summary>Nodes by free GPUs, of up to eight: (free, nodes) pairs.</summary>
    public static ImmutableArray<int> Nodes(params (int Free, int Count)[] nodes)
    {
        var histogram = new int[9];
        foreach (var (free, count) in nodes)
            histogram[free] += count;
        return [.. histogram];
    }

    public static PlacementRun Run(string uid, int workers = 1, int gpusPerWorker = 8, int tier = 1, string region = "west", long bytes = 0) => new()
    {
        Uid = uid,
        Name = $"run-{uid}",
        Workers = workers,
        GpusPerWorker = gpusPerWorker,
        Tier = tier,
        Skus = [new SkuChoice("h100", 1_000)],
        Sites = [Site(region, bytes)],
    };

    public static PlacementSite Site(string region, long bytes = 0, long bytesPerSecond = Gigabyte, long price = 20_000) =>
        new(region, $"store-{region}", bytes == 0 ? [] : [new Transfer(bytes, bytesPerSecond, price)], bytes);

    /// <summary>Members m0, m1, ... in region west, each with a pool of h100.</summary>
    public static PlacementProblem Of(ImmutableArray<PlacementRun> runs, params ImmutableArray<int>[] pools) => new()
    {
        SnapshotVersion = 7,
        Members = [.. pools.Select((_, index) => new PlacementMember($"m{index}", "west"))],
        Regions = [new PlacementRegion("west", 1_000 * Gigabyte)],
        Bins = [.. pools.Select((pool, index) => new PlacementBin($"m{index}", "h100", pool))],
        Runs = runs,
    };

    /// <summary>Two regions, up to four members, two GPU types, crowded, with every reason to be left out; runs up to <paramref name="runsMax"/>.</summary>
    public static Gen<PlacementProblem> Gen(int runsMax) =>
        from members in GenMembers
        from bins in GenBins(members)
        from ingest in CsCheck.Gen.Int[0, 40].Array[2]
        from runs in GenRun.Array[0, runsMax]
        select new PlacementProblem
        {
            SnapshotVersion = 1,
            Members = members,
            Regions = [new PlacementRegion("east", ingest[0] * Gigabyte), new PlacementRegion("west", ingest[1] * Gigabyte)],
            Bins = bins,
            Runs = [.. runs.Select((run, index) => run with { Uid = $"u{index:00}", Name = $"n{index}" })],
        };

    /// <summary>The same, where some runs have homes, and may migrate or not, and some are of spread groups.</summary>
    public static Gen<PlacementProblem> GenLive(int runsMax) =>
        from problem in Gen(runsMax)
        from homes in CsCheck.Gen.Int[0, 15].Array[runsMax]
        from migrates in CsCheck.Gen.Int[0, 3].Array[runsMax]
        from groups in CsCheck.Gen.Int[0, 4].Array[runsMax]
        from most in CsCheck.Gen.Int[0, 40].Array[2]
        from held in CsCheck.Gen.Int[0, 20]
        select problem with
        {
            Groups = [new PlacementGroup("g0", most[0]), new PlacementGroup("g1", most[1]) { Held = ImmutableDictionary<string, long>.Empty.Add("east", held) }],
            Runs = [.. problem.Runs.Select((run, index) => Live(problem, run with { Group = groups[index] < 2 ? $"g{groups[index]}" : null }, homes[index], migrates[index] == 0))],
        };

    /// <summary>The same problem with its lists in another order.</summary>
    public static PlacementProblem Permuted(PlacementProblem problem, int seed)
    {
        var random = new Random(seed);
        return problem with
        {
            Members = Shuffled(problem.Members, random),
            Regions = Shuffled(problem.Regions, random),
            Bins = Shuffled(problem.Bins, random),
            Groups = Shuffled(problem.Groups, random),
            Runs = [.. Shuffled(problem.Runs, random).Select(run => run with { Sites = Shuffled(run.Sites, random) })],
        };
    }

    /// <summary>Each move and each reason on a line of its own.</summary>
    public static string Text(PlacementPlan plan) => string.Join(
        '\n',
        plan.Moves.Select(move => $"{move.RunUid} -> {move.Target.Member}/{move.Target.Sku} ({move.Value})")
            .Concat(plan.Unplaced.SelectMany(run => run.PerMember.Select(reason => $"{run.RunUid} x {reason.Member}: {reason.Reason}")))
            .Concat(plan.Stays.Select(stay => $"{stay.RunUid} stays ({stay.Value})"))
            .Concat(plan.Preempted.Select(run => $"{run.RunUid} preempted for {string.Join(", ", run.For)}"))
            .Append($"value {plan.Value}"));

    public static ImmutableArray<T> Shuffled<T>(ImmutableArray<T> items, Random random)
    {
        var shuffled = items.ToArray();
        random.Shuffle(shuffled);
        return [.. shuffled];
    }

    private static PlacementRun Live(PlacementProblem problem, PlacementRun run, int which, bool migrates)
    {
        var bins = problem.Bins.Where(bin => run.Skus.Any(choice => choice.Sku == bin.Sku)).ToArray();
        return which < bins.Length
            ? run with { Home = new PlacementHome(bins[which].Member, bins[which].Sku, TimeSpan.FromMinutes(run.Workers)), MayMigrate = migrates }
            : run;
    }

    private static Gen<ImmutableArray<PlacementMember>> GenMembers =>
        from regions in CsCheck.Gen.OneOf("east", "west").Array[1, 4]
        from blocked in CsCheck.Gen.Frequency((4, (string?)null), (1, "cordoned")).Array[4]
        select regions.Select((region, index) => new PlacementMember($"m{index}", region, blocked[index])).ToImmutableArray();

    private static Gen<ImmutableArray<PlacementBin>> GenBins(ImmutableArray<PlacementMember> members) =>
        from pools in CsCheck.Gen.Int[0, 2].Array[9].Array[8]
        from mask in CsCheck.Gen.Int[0, 255]
        select members.SelectMany((member, index) => new[] { (Sku: "a100", Pool: index * 2), (Sku: "h100", Pool: (index * 2) + 1) }
            .Where(pool => (mask & (1 << pool.Pool)) == 0)
            .Select(pool => new PlacementBin(member.Name, pool.Sku, [.. pools[pool.Pool]]))).ToImmutableArray();

    private static Gen<PlacementRun> GenRun =>
        from workers in CsCheck.Gen.Int[1, 5]
        from size in CsCheck.Gen.Int[0, 3]
        from tier in CsCheck.Gen.Int[0, 3]
        from skus in CsCheck.Gen.OneOf("h100", "a100", "h100,a100", "a100,h100")
        from regions in CsCheck.Gen.OneOf("east", "west", "east,west")
        from bytes in CsCheck.Gen.Int[0, 20]
        from excluded in CsCheck.Gen.Int[0, 9]
        from preferred in CsCheck.Gen.Int[0, 9]
        select new PlacementRun
        {
            Uid = "",
            Name = "",
            Workers = workers,
            GpusPerWorker = 1 << size,
            Tier = tier,
            Skus = [.. skus.Split(',').Select(sku => new SkuChoice(sku, sku == "h100" ? 1_000 : 400))],
            Sites = [.. regions.Split(',').Select(region => Site(region, bytes * Gigabyte))],
            Excluded = excluded < 4 ? [new MemberExclusion($"m{excluded}", "distrusted until noon")] : [],
            PreferredMember = preferred < 4 ? $"m{preferred}" : null,
        };
}
