using Failover.Domain.Members;
using Failover.Kubernetes.Capacity;

namespace Failover.Kubernetes.Tests.Capacity;

public sealed class CapacityCounterTests
{
    private static readonly PodOwner OurLaunch = new("train", "uid-1", 3, "launch-1");

    [Fact]
    public void Count_EmptyMember_NoPools()
    {
        var capacity = CapacityCounter.Count([], [], null, 7);

        Assert.Equal(7, capacity.Version);
        Assert.Empty(capacity.Pools);
        Assert.Empty(capacity.Workloads);
    }

    [Theory]
    // pods' GPUs on the one node of 8 → how many are free
    [InlineData(new int[0], 8)]
    [InlineData(new[] { 1 }, 7)]
    [InlineData(new[] { 4, 4 }, 0)]
    [InlineData(new[] { 8, 1 }, 0)]
    public void Count_BoundPods_FreeIsWhatIsLeft(int[] held, int free)
    {
        var capacity = CapacityCounter.Count([Node("n")], [.. held.Select(gpus => Pod("n", gpus))], null, 1);

        var pool = Assert.Single(capacity.Pools);
        Assert.Equal(8, pool.Gpus);
        Assert.Equal(9, pool.NodesByFreeGpus.Length);
        Assert.Equal(1, pool.NodesByFreeGpus[free]);
        Assert.Equal(1, pool.NodesByFreeGpus.Sum());
    }

    [Theory]
    [InlineData(true, true, 8, 1)]
    [InlineData(true, false, 8, 0)]
    [InlineData(false, false, 0, 0)]
    public void Count_NodeClosed_OffersNothing(bool ready, bool open, int gpus, int nodesOffered)
    {
        var pool = Assert.Single(CapacityCounter.Count([Node("n") with { Ready = ready, Open = open }], [], null, 1).Pools);

        Assert.Equal(gpus, pool.Gpus);
        Assert.Equal(nodesOffered, pool.NodesByFreeGpus.Sum());
        // What it would be if nothing were wrong with it and nothing ran there.
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 0, 1], pool.NodesByGpus);
    }

    [Theory]
    [InlineData(true, false, 0)]
    [InlineData(true, true, 1)]
    [InlineData(false, false, 1)]
    public void Count_PodsOnDeadNodes_AreCountedApart(bool ready, bool silent, int dead)
    {
        var nodes = new[] { Node("a"), Node("n") with { Ready = ready, Open = ready } };
        var pods = new[] { Pod("a", 8) with { Owner = OurLaunch }, Pod("n", 8) with { Owner = OurLaunch } };

        var use = Assert.Single(CapacityCounter.Count(nodes, pods, null, 1, silent ? new HashSet<string> { "n" } : []).Workloads);

        Assert.Equal((16, dead, 8 * dead), (use.Gpus, use.DeadPods, use.DeadGpus));
    }

    [Fact]
    public void Count_PodsOnNodesThatAreGone_AreDead() =>
        Assert.Equal(1, Assert.Single(CapacityCounter.Count([], [Pod("gone", 4) with { Owner = OurLaunch }], null, 1).Workloads).DeadPods);

    [Fact]
    public void Count_NodeInTrouble_IsListed()
    {
        var counted = CapacityCounter.Count([Node("n") with { Open = false, Problem = "GPUMissing" }, Node("m")], [], null, 1);

        Assert.Equal(["n: GPUMissing"], counted.Problems);
        Assert.NotSame(counted, CapacityCounter.Count([Node("n") with { Open = false, Problem = "XIDErrors" }, Node("m")], [], counted, 2));
    }

    [Fact]
    public void Count_EndedPod_HoldsNothing()
    {
        var pods = new[] { Pod("n", 8) with { Ended = true }, Pod("n", 8) with { Ended = true, Owner = OurLaunch } };

        var capacity = CapacityCounter.Count([Node("n")], pods, null, 1);

        Assert.Equal(1, capacity.Pools[0].NodesByFreeGpus[8]);
        Assert.Empty(capacity.Workloads);
    }

    [Fact]
    public void Count_ForeignPods_TakeRoomButAreNoWorkloads()
    {
        var capacity = CapacityCounter.Count([Node("n")], [Pod("n", 2), Pod("n", 4) with { Owner = OurLaunch }], null, 1);

        Assert.Equal(1, capacity.Pools[0].NodesByFreeGpus[2]);
        Assert.Equal([new WorkloadUse("uid-1", 3, "h100", 4)], capacity.Workloads);
    }

    [Fact]
    public void Count_OurPodsOnNodesGone_AreNotForgotten()
    {
        var capacity = CapacityCounter.Count([], [Pod("gone", 4) with { Owner = OurLaunch }], null, 1);

        Assert.Equal([new WorkloadUse("uid-1", 3, "", 4) { DeadPods = 1, DeadGpus = 4 }], capacity.Workloads);
    }

    [Fact]
    public void Count_TwoSkus_TwoPoolsByName()
    {
        var capacity = CapacityCounter.Count([Node("b"), Node("a") with { Sku = "a100", Gpus = 4 }, Node("c") with { Sku = null }], [], null, 1);

        Assert.Equal(["a100", "h100"], capacity.Pools.Select(pool => pool.Sku));
        Assert.Equal([4, 8], capacity.Pools.Select(pool => pool.Gpus));
    }

    [Fact]
    public void Count_NothingDiffers_SameSnapshot()
    {
        var first = CapacityCounter.Count([Node("n")], [Pod("n", 1)], null, 10);

        Assert.Same(first, CapacityCounter.Count([Node("n")], [Pod("n", 1)], first, 99));
    }

    [Theory]
    [InlineData(5, 11)]
    [InlineData(20, 20)]
    public void Count_Differs_VersionRises(long proposed, long expected)
    {
        var first = CapacityCounter.Count([Node("n")], [Pod("n", 1)], null, 10);

        Assert.Equal(expected, CapacityCounter.Count([Node("n")], [Pod("n", 2)], first, proposed).Version);
    }

    private static NodeFacts Node(string name) => new(name, "h100", Ready: true, Open: true, Gpus: 8);

    private static PodFacts Pod(string node, int gpus) => new(node, gpus, Ended: false, Ready: true, Owner: null, Failure: null);
}
