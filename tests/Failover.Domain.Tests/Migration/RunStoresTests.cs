using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;

namespace Failover.Domain.Tests.Migration;

public sealed class RunStoresTests
{
    [Fact]
    public void Of_LiveRun_AllThatSomethingOfItHangsOn()
    {
        var run = Sample.Running(1) with { Tips = [new StoreTip("north", new CommitRef(1, 0), 10, Sample.Start)], PendingSeals = [new PendingSeal(1, "old")] };

        Assert.Equal(["east", "north", "old", "west"], RunStores.Of(run));
    }

    [Fact]
    public void Of_RunThatMoves_WhereItGoesToo()
    {
        var target = Sample.West with { Store = "far" };
        var run = Sample.In(RunStep.Staging);

        Assert.Contains("far", RunStores.Of(run with { Move = run.Move! with { Target = target } }));
    }

    [Fact]
    public void Of_Tombstone_OnlyWhatItOwes() =>
        Assert.Equal(["old"], RunStores.Of(Sample.In(RunStep.Finished) with { PendingSeals = [new PendingSeal(1, "old"), new PendingSeal(2, "old")] }));
}
