using System.Collections.Immutable;
using Failover.Domain.Placement;
using static Failover.Domain.Tests.Placement.Problems;

namespace Failover.Domain.Tests.Placement;

public sealed class PlacementDoorTests
{
    private static readonly PlacementProblem Good = Of([Run("a", bytes: 1)], Nodes((8, 1)));

    private static (string What, string Says, PlacementProblem Problem)[] Bad =>
    [
        ("workers", "workers are 1 to 10000, not 0", WithRun(run => run with { Workers = 0 })),
        ("workers", "workers are 1 to 10000, not -8", WithRun(run => run with { Workers = -8 })),
        ("gpus", "GPUs per worker are 1, 2, 4 or 8, not 3", WithRun(run => run with { GpusPerWorker = 3 })),
        ("tier", "tier is 0 to 3, not 4", WithRun(run => run with { Tier = 4 })),
        ("skus twice", "GPU type x is listed twice", WithRun(run => run with { Skus = [new("x", 1), new("x", 1)] })),
        ("throughput", "throughput of x is 1 to 100000 thousandths, not 0", WithRun(run => run with { Skus = [new("x", 0)] })),
        ("sites twice", "site west is listed twice", WithRun(run => run with { Sites = [Site("west"), Site("west")] })),
        ("site", "region mars is not among the regions", WithRun(run => run with { Sites = [Site("mars")] })),
        ("ingest", "ingest into west is 0 to 10^14 bytes, not -1", WithRun(run => run with { Sites = [Site("west") with { IngestBytes = -1 }] })),
        ("bytes", "bytes into west are 0 to 10^14, not -5", WithRun(run => run with { Sites = [Site("west") with { Transfers = [new(-5, 1, 0)] }] })),
        ("bandwidth", "bandwidth into west is at least 1 byte a second", WithRun(run => run with { Sites = [Site("west", 1, 0)] })),
        ("price", "egress price into west is negative", WithRun(run => run with { Sites = [Site("west", 1, 1, -1)] })),
        ("runs twice", "run a is listed twice", Good with { Runs = [Good.Runs[0], Good.Runs[0]] }),
        ("runs", "at most 50000 runs, not 50001", Good with { Runs = [.. Enumerable.Repeat(Good.Runs[0], 50_001)] }),
        ("regions twice", "region west is listed twice", Good with { Regions = [Good.Regions[0], Good.Regions[0]] }),
        ("region ingest", "region west: ingest -1 is negative", Good with { Regions = [new("west", -1)] }),
        ("members twice", "member m0 is listed twice", Good with { Members = [Good.Members[0], Good.Members[0]] }),
        ("member", "member m0: region west is not among the regions", Good with { Regions = [] }),
        ("bins twice", "bin m0/h100 is listed twice", Good with { Bins = [Good.Bins[0], Good.Bins[0]] }),
        ("bin", "bin m0/h100: no such member", Good with { Members = [] }),
        ("negative nodes", "bin m0/h100: nodes are 0 to 10000000", Good with { Bins = [new("m0", "h100", [0, -1])] }),
        ("groups twice", "group g is listed twice", Good with { Groups = [new("g", 1), new("g", 1)] }),
        ("group", "group g: GPUs a region are 0 to 2^40, not -1", Good with { Groups = [new("g", -1)] }),
        ("held", "group g: region mars is not among the regions", Good with { Groups = [Held("mars", 1)] }),
        ("negative held", "group g: GPUs held in west are 0 to 2^40, not -1", Good with { Groups = [Held("west", -1)] }),
        ("no group", "run a: there is no group g", WithRun(run => run with { Group = "g" })),
        ("home", "run a: there is no bin m1/h100, its home", WithRun(run => run with { Home = new("m1", "h100", TimeSpan.Zero) })),
        ("home's type", "run a: GPU type h100 of its home does not suit it", WithRun(run => run with { Skus = [new("x", 1)], Home = new("m0", "h100", TimeSpan.Zero) })),
        ("at stake", "run a: at stake is 0 to 30 days, not -00:00:01", WithRun(run => run with { Home = new("m0", "h100", TimeSpan.FromSeconds(-1)) })),
        ("migrates", "run a: it has no home to migrate from", WithRun(run => run with { MayMigrate = true })),
        ("wide nodes", "bin m0/h100: more than 1024 GPUs a node", Good with { Bins = [new("m0", "h100", [.. new int[1_026]])] }),
    ];

    private static (string Says, PlacementPolicy Policy)[] Policies =>
    [
        ("horizon is 1 minute to 30 days", new() { Horizon = TimeSpan.FromSeconds(59) }),
        ("horizon is 1 minute to 30 days", new() { Horizon = TimeSpan.FromDays(31) }),
        ("there are four tier weights", new() { TierWeights = [1, 3, 9] }),
        ("tier weights are 1 to 1,000", new() { TierWeights = [0, 1, 2, 3] }),
        ("GPU type preference is 0 to 50 percent", new() { SkuPreferencePercent = 51 }),
        ("churn is 0 to the horizon", new() { Churn = TimeSpan.FromHours(25) }),
        ("churn is 0 to the horizon", new() { Churn = TimeSpan.FromHours(-1) }),
        ("start-up is 0 to the horizon", new() { StartUp = TimeSpan.FromHours(25) }),
        ("start-up is 0 to the horizon", new() { StartUp = TimeSpan.FromHours(-1) }),
        ("a GPU-hour's price is at least a millionth of a dollar", new() { GpuHourMicrodollars = 0 }),
        ("improvement trials are 0 or more", new() { ImprovementTrials = -1 }),
    ];

    [Fact]
    public void Place_PartOutOfRange_IsRefusedByName() =>
        Assert.All(Bad, bad => Assert.Contains(bad.Says, Assert.Throws<ArgumentException>("problem", () => Placer.Place(bad.Problem, new())).Message, StringComparison.Ordinal));

    [Fact]
    public void Place_PolicyOutOfRange_IsRefusedByName() =>
        Assert.All(Policies, bad => Assert.Contains(bad.Says, Assert.Throws<ArgumentException>("policy", () => Placer.Place(Good, bad.Policy)).Message, StringComparison.Ordinal));

    private static PlacementGroup Held(string region, long gpus) => new("g", 1) { Held = ImmutableDictionary<string, long>.Empty.Add(region, gpus) };

    private static PlacementProblem WithRun(Func<PlacementRun, PlacementRun> change) => Good with { Runs = [change(Good.Runs[0])] };
}
