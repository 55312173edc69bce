using Failover.Chaos.Checking;
using Failover.Simulator.Cluster;
using Failover.Simulator.Stores;

namespace Failover.Chaos.Worlds;

/// <summary>How a world's runs train.</summary>
/// <param name="TrainFor">How long an undisturbed run trains, about; each run's own is drawn within a fifth of it.</param>
/// <param name="CommitEvery">Between two commits, about; drawn within a quarter of it.</param>
/// <param name="Keep">How many of its checkpoints an attempt keeps; 0 for all.</param>
/// <param name="Awkward">Whether a third of the runs commit at awkward moments.</param>
public sealed record TrainingShape(TimeSpan TrainFor, TimeSpan CommitEvery, int Keep, bool Awkward)
{
    // Above two thirds, so that two regions can't hold what three do; below what fragmentation leaves room for when the large ones come first.
    /// <summary>The least share of all GPUs that the runs ask for; over 0, to 0.8. They ask for no more than 0.04 above it.</summary>
    public double Share { get; init; } = 0.69;

    /// <summary>Runs that the script submits itself, later.</summary>
    public LateRuns? Late { get; init; }

    /// <summary>Whether a quarter of the runs commit eight times as seldom, and an eighth of them show no other progress than their commits.</summary>
    public bool SomeSlow { get; init; }

    /// <summary>What most scenarios use: half a minute's training, a commit every two or three seconds.</summary>
    public static TrainingShape Usual { get; } = new(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(2.5), Keep: 3, Awkward: true);
}

/// <summary>Runs of one size that come later: how many, of how many nodes each, how long they train and how long they load first.</summary>
public sealed record LateRuns(int Count, int Nodes, TimeSpan TrainFor, TimeSpan LoadFor);

/// <summary>A member as planned.</summary>
public sealed record MemberPlan(string Name, string Region, IReadOnlyList<NodePool> Pools)
{
    /// <summary>All of its GPUs.</summary>
    public int Gpus => Pools.Sum(pool => pool.Nodes * pool.GpusPerNode);
}

/// <summary>A run as planned.</summary>
public sealed record RunPlan(
    string Name, int Workers, int GpusPerWorker, IReadOnlyList<string> Skus, int Tier, string Store, ulong Seed, long Steps, TimeSpan StepTime, int CommitEvery,
    int Keep, bool Awkward)
{
    /// <summary>How long its trainer loads before its first step.</summary>
    public TimeSpan Load { get; init; }

    /// <summary>Whether its trainer beats; else its commits are all that is seen of it.</summary>
    public bool Heartbeats { get; init; } = true;

    /// <summary>Whether its heartbeats say no more than they must.</summary>
    public bool Terse { get; init; }

    /// <summary>All of its GPUs.</summary>
    public int Gpus => Workers * GpusPerWorker;
}

/// <summary>Everything about a world that its seed decides. The same seed and shape give the same plan.</summary>
public sealed record WorldPlan(
    int Seed, IReadOnlyList<string> Regions, IReadOnlyList<MemberPlan> Members, IReadOnlyList<StoreSpec> Stores, IReadOnlyList<RunPlan> Runs,
    IReadOnlyList<RunPlan> Late)
{
    /// <summary>How many runs there are from the start.</summary>
    public const int RunCount = 24;

    /// <summary>The tenant of all runs.</summary>
    public const string Tenant = "research";

    /// <summary>The tenant's namespace on members.</summary>
    public const string Namespace = "train";

    /// <summary>The interval of heartbeats that runs ask for.</summary>
    public static readonly TimeSpan HeartbeatEvery = TimeSpan.FromSeconds(5);

    private const int GpusPerNode = 8;
    private const int LargestRun = 512;
    private const int LargestDrawn = 256;

    private const double ShareWidth = 0.04;

    // Each step either doubles or halves one run; far fewer are needed.
    private const int FittingSteps = 10_000;

    private static readonly string[] RegionNames = ["eastus", "westeurope", "southeastasia"];

    /// <summary>All GPUs of all members.</summary>
    public int Gpus => Members.Sum(member => member.Gpus);

    /// <summary>The store of a region.</summary>
    public string StoreOf(string region) => Stores.First(store => store.Region == region).Name;

    /// <summary>The members of a region.</summary>
    public IEnumerable<MemberPlan> MembersOf(string region) => Members.Where(member => member.Region == region);

    /// <summary>What the checker may take for granted of the runs.</summary>
    public IReadOnlyList<PlannedRun> Planned() =>
        [.. Runs.Concat(Late).Select(run => new PlannedRun(run.Name, run.Seed, run.Steps, run.CommitEvery, run.StepTime, HeartbeatEvery))];

    /// <summary>Draws a world.</summary>
    public static WorldPlan Draw(int seed, TrainingShape shape)
    {
        var random = new Random(seed);
        var members = RegionNames.SelectMany(MembersIn).ToList();
        var stores = RegionNames.Select(region => new StoreSpec($"{region}-ckpt", region)).ToList();
        var sizes = DrawSizes(random, members.Sum(member => member.Gpus), shape.Share);
        var runs = sizes.Select((gpus, index) => DrawRun(random, index, gpus, stores, shape)).ToList();
        return new WorldPlan(seed, RegionNames, members, stores, runs, DrawLate(random, stores, shape));
    }

    private static IEnumerable<MemberPlan> MembersIn(string region)
    {
        yield return new MemberPlan($"{region}-1", region, [Pool("h100", "Standard_ND96isr_H100_v5", 68, region)]);
        yield return new MemberPlan(
            $"{region}-2", region, [Pool("h100", "Standard_ND96isr_H100_v5", 40, region), Pool("a100", "Standard_ND96amsr_A100_v4", 24, region)]);
    }

    private static NodePool Pool(string sku, string machine, int nodes, string region) => new(sku, sku, machine, nodes, GpusPerNode, $"{region}-1");

    /// <summary>One run of the largest size, one of each small one, the others by a power law; all of them a given share of the GPUs. The largest come first.</summary>
    private static List<int> DrawSizes(Random random, int capacity, double shareLeast)
    {
        int[] always = [LargestRun, 1, 2, 4, 8, 16];
        var drawn = Enumerable.Range(0, RunCount - always.Length).Select(_ => DrawSize(random)).ToList();
        for (var step = 0; step < FittingSteps; step++)
        {
            var share = (always.Sum() + drawn.Sum()) / (double)capacity;
            if (share >= shareLeast && share <= shareLeast + ShareWidth)
                return [.. always.Concat(drawn).OrderDescending()];
            var one = random.Next(drawn.Count);
            drawn[one] = share < shareLeast ? Math.Min(LargestDrawn, drawn[one] * 2) : Math.Max(1, drawn[one] / 2);
        }
        throw new InvalidOperationException($"No sizes of {RunCount} runs fill {capacity} GPUs as wanted.");
    }

    private static int DrawSize(Random random)
    {
        // The chance of a size falls with its square root: many small runs, most GPUs in few large ones.
        var sizes = Enumerable.Range(0, 9).Select(power => 1 << power).ToList();
        var left = random.NextDouble() * sizes.Sum(size => 1 / Math.Sqrt(size));
        return sizes.Find(size => (left -= 1 / Math.Sqrt(size)) <= 0) is var found and > 0 ? found : 1;
    }

    private static List<RunPlan> DrawLate(Random random, List<StoreSpec> stores, TrainingShape shape) => shape.Late is not { } late
        ? []
        : [.. Enumerable.Range(0, late.Count).Select(index => DrawRun(random, index, late.Nodes * GpusPerNode, stores, shape with { TrainFor = late.TrainFor, SomeSlow = false }) with
        {
            Name = $"late-{index:00}-{late.Nodes * GpusPerNode}gpu",
            Skus = ["h100", "a100"],
            Load = late.LoadFor,
        })];

    private static RunPlan DrawRun(Random random, int index, int gpus, List<StoreSpec> stores, TrainingShape shape)
    {
        var perWorker = Math.Min(gpus, GpusPerNode);
        var stepTime = TimeSpan.FromMilliseconds(random.Next(6, 11) * 10);
        var trainFor = shape.TrainFor * (0.9 + (0.2 * random.NextDouble()));
        var commitEvery = shape.CommitEvery * (0.75 + (0.5 * random.NextDouble()));
        if (shape.SomeSlow && index % 4 == 1)
            commitEvery *= 8;
        return new RunPlan(
            $"run-{index:00}-{gpus}gpu",
            gpus / perWorker,
            perWorker,
            index % 8 == 3 ? ["h100"] : ["h100", "a100"],
            Tier: random.Next(0, 4),
            stores[random.Next(stores.Count)].Name,
            Seed: (ulong)random.NextInt64(1, long.MaxValue),
            Steps: (long)(trainFor / stepTime),
            stepTime,
            (int)(commitEvery / stepTime),
            shape.Keep,
            shape.Awkward && index % 3 == 0)
        {
            Heartbeats = !shape.SomeSlow || index % 8 != 6,
            // What a trainer does not say has to be learnt: both kinds are met, mostly that which tells.
            Terse = index % 4 == 2,
        };
    }
}
