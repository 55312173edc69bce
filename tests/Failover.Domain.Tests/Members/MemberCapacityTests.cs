using CsCheck;
using Failover.Domain.Members;

namespace Failover.Domain.Tests.Members;

public sealed class MemberCapacityTests
{
    [Fact]
    public void Free_NeverListed_IsEmpty() => Assert.Empty(MemberCapacity.Free(new MemberWorld().State));

    [Theory]
    [InlineData(0, 8, true)]
    [InlineData(3, 8, true)]
    [InlineData(4, 8, false)]
    [InlineData(7, 4, true)]
    [InlineData(8, 4, false)]
    [InlineData(1, 9, false)]
    public void Fits_Workers_NeverSpanNodes(int workers, int gpus, bool fits)
    {
        // Three empty nodes of 8, one with 6 free, one with 1.
        var pool = new FreePool("h100", [0, 1, 0, 0, 0, 0, 1, 0, 3]);

        Assert.Equal(31, pool.FreeGpus);
        Assert.Equal(fits, pool.Fits(workers, gpus));
        Assert.Equal(fits, pool.Take(workers, gpus) is not null);
    }

    [Fact]
    public void Take_BestFit_LeavesWholeNodes()
    {
        Assert.Equal([0, 1, 1, 0, 0, 0, 0, 0, 3], new FreePool("h100", [0, 1, 0, 0, 0, 0, 1, 0, 3]).Take(1, 4)!.NodesByFreeGpus);
        Assert.Equal([1, 0, 0, 0, 1, 0, 0, 0, 1], new FreePool("h100", [0, 0, 0, 0, 0, 0, 0, 0, 3]).Take(3, 4)!.NodesByFreeGpus);
    }

    [Fact]
    public void Take_Nonsense_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new FreePool("h100", [1]).Take(-1, 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FreePool("h100", [1]).Fits(1, 0));
    }

    [Fact]
    public void Take_AnyPool_IsAsOneWorkerAtATime() =>
        Gen.Select(Gen.Int[0, 5].Array[9], Gen.Int[0, 30], Gen.Int[1, 8]).Sample((nodes, workers, gpus) =>
        {
            var pool = new FreePool("h100", [.. nodes]);
            var slowly = (int[]?)[.. nodes];
            for (var i = 0; i < workers && slowly is not null; i++)
                slowly = TakeOne(slowly, gpus);

            var taken = pool.Take(workers, gpus);
            Assert.Equal(slowly is null, taken is null);
            if (slowly is not null)
                Assert.Equal(slowly, taken!.NodesByFreeGpus);
        });

    private static int[]? TakeOne(int[] nodes, int gpus)
    {
        for (var free = gpus; free < nodes.Length; free++)
        {
            if (nodes[free] == 0)
                continue;
            nodes[free]--;
            nodes[free - gpus]++;
            return nodes;
        }

        return null;
    }
}
