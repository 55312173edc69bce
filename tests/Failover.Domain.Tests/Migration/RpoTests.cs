using System.Collections.Immutable;
using Failover.Domain.Checkpoints;
using Failover.Domain.Fleet;
using Failover.Domain.Migration;

namespace Failover.Domain.Tests.Migration;

/// <summary>What a region's loss would cost a run now.</summary>
public sealed class RpoTests
{
    private static readonly FleetSpec Fleet = new()
    {
        Installation = "test",
        Sites = ["local"],
        Regions = [],
        Members = [],
        Stores = [new StoreSpec("east", "eastus", "/east", "file:///east"), new StoreSpec("west", "westeurope", "/west", "file:///west")],
        Tenants = [],
        Skus = [],
    };

    [Fact]
    public void NewestOutside_IsAllThatOutlivesTheRegion()
    {
        var run = At(step: 100, new StoreTip("east", new CommitRef(1, 4), 90, Sample.Start), new StoreTip("west", new CommitRef(1, 2), 60, Sample.Start.AddSeconds(30)));

        Assert.Equal(new Rpo(new CommitRef(1, 2), 40, TimeSpan.FromSeconds(30)), Rpo.Of(run, Fleet));
    }

    [Fact]
    public void NothingOutside_IsEverything() =>
        Assert.Equal(new Rpo(null, 100, TimeSpan.FromMinutes(1)), Rpo.Of(At(step: 100, new StoreTip("east", new CommitRef(1, 4), 90, Sample.Start)), Fleet));

    [Fact]
    public void AllOutside_IsNothing() =>
        Assert.Equal(new Rpo(new CommitRef(1, 4), 0, TimeSpan.Zero), Rpo.Of(At(step: 90, new StoreTip("west", new CommitRef(1, 4), 90, Sample.Start)), Fleet));

    [Fact]
    public void StoreThatTheFleetLost_CountsForNothing() =>
        Assert.Null(Rpo.Of(At(step: 90, new StoreTip("gone", new CommitRef(1, 4), 90, Sample.Start)), Fleet)!.Outside);

    [Theory]
    [InlineData(RunStep.Finished)]
    [InlineData(RunStep.Cancelled)]
    public void OverRun_HasNothingToLose(RunStep step) => Assert.Null(Rpo.Of(At(step: 1) with { Step = step }, Fleet));

    private static RunState At(long step, params ImmutableArray<StoreTip> tips)
    {
        var run = Sample.Running(1);
        return run with
        {
            SubmittedAt = Sample.Start,
            Now = Sample.Start.AddMinutes(1),
            Tips = tips,
            Epoch = run.Epoch! with { Progress = new Progress(1, 0, step, null, Sample.Start.AddMinutes(1)) },
        };
    }
}
