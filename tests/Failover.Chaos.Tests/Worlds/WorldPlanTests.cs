using Failover.Chaos.Worlds;

namespace Failover.Chaos.Tests.Worlds;

public sealed class WorldPlanTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 50)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Draw_AnySeed_FillsTheWorldSoThatALostRegionLeavesTooLittleRoom(int seed)
    {
        var plan = WorldPlan.Draw(seed, TrainingShape.Usual);

        var used = plan.Runs.Sum(run => run.Gpus);
        Assert.Equal(WorldPlan.RunCount, plan.Runs.Count);
        Assert.InRange(used / (double)plan.Gpus, 0.65, 0.75);
        foreach (var region in plan.Regions)
            Assert.True(used > plan.Gpus - plan.MembersOf(region).Sum(member => member.Gpus));
        foreach (var size in (int[])[1, 2, 4, 8, 16, 512])
            Assert.Contains(plan.Runs, run => run.Gpus == size);
    }

    [Fact]
    public void Draw_TheSameSeed_TheSameWorld()
    {
        var (one, other) = (WorldPlan.Draw(5, TrainingShape.Usual), WorldPlan.Draw(5, TrainingShape.Usual));

        Assert.Equal(one.Runs.Select(RunManifest.Of), other.Runs.Select(RunManifest.Of));
        Assert.NotEqual(one.Runs.Select(RunManifest.Of), WorldPlan.Draw(6, TrainingShape.Usual).Runs.Select(RunManifest.Of));
    }
}
