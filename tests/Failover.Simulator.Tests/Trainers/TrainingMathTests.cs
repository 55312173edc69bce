using Failover.Simulator.Trainers;

namespace Failover.Simulator.Tests.Trainers;

public sealed class TrainingMathTests
{
    [Fact]
    public void Run_InterruptedAnywhere_GivesTheSameBits()
    {
        var whole = TrainingMath.Reference(3, 60);
        for (var cut = 0; cut <= 60; cut++)
        {
            var first = TrainingMath.Run(3, from: null, cut);
            var loaded = TrainingState.TryParse(first.WeightsBytes(), first.OptimizerBytes());
            Assert.Equal(whole, TrainingMath.Run(3, loaded, 60 - cut).WeightsSha256());
        }
    }

    [Fact]
    public void Run_OneStepMoreOrLessOrOfAnotherSeed_GivesOtherBits()
    {
        string[] digests = [TrainingMath.Reference(3, 59), TrainingMath.Reference(3, 60), TrainingMath.Reference(3, 61), TrainingMath.Reference(4, 60)];
        Assert.Equal(4, digests.Distinct().Count());
    }

    [Fact]
    public void Run_MomentumOfAnotherStep_GivesOtherBits()
    {
        var early = TrainingMath.Run(3, from: null, 29);
        var late = TrainingMath.Run(3, from: null, 30);
        var torn = new TrainingState(3, 30, late.Weights, early.Momentum);
        Assert.NotEqual(TrainingMath.Reference(3, 60), TrainingMath.Run(3, torn, 30).WeightsSha256());
    }

    [Fact]
    public void TryParse_FilesOfTwoSteps_IsRefused()
    {
        var early = TrainingMath.Run(3, from: null, 29);
        var late = TrainingMath.Run(3, early, 1);
        Assert.Null(TrainingState.TryParse(late.WeightsBytes(), early.OptimizerBytes()));
        Assert.Null(TrainingState.TryParse(late.WeightsBytes().AsSpan(0, 100), late.OptimizerBytes()));
    }

    [Fact]
    public void Run_ManySteps_Learns()
    {
        Assert.True(TrainingMath.Loss(TrainingMath.Run(3, from: null, 5000), 500) < TrainingMath.Loss(TrainingMath.Start(3), 500) / 3);
    }
}
