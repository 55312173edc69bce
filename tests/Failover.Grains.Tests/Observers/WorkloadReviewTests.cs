using Failover.Abstractions.Ports;
using Failover.Domain.Migration;
using Failover.Domain.Runs;
using Failover.Grains.Observers;
using Failover.Grains.Tests.Doubles;

namespace Failover.Grains.Tests.Observers;

/// <summary>What is seen on a member, held against the rows.</summary>
public sealed class WorkloadReviewTests
{
    private const string Uid = "01jd2m7k3q8v5w9x0y1z200000";

    public static TheoryData<RunStep, int, string> Epochs => new()
    {
        { RunStep.Running, 1, "stale" },
        { RunStep.Running, 2, "current" },
        { RunStep.Running, 3, "strange" },
        { RunStep.Waiting, 1, "stale" },
        { RunStep.Finished, 2, "current" },
        { RunStep.Cancelling, 2, "current" },
        { RunStep.Cancelled, 2, "stale" },
    };

    [Theory]
    [MemberData(nameof(Epochs))]
    public void Workload_ByEpoch_IsStaleCurrentOrStrange(RunStep step, int epoch, string expected)
    {
        var review = Review("east-1", In(step), Samples.Workload(Uid, epoch));

        var found = review.Stale.Length == 1 ? "stale" : review.Strange.Length == 1 ? "strange" : "current";
        Assert.Equal(expected, found);
        Assert.Empty(review.Events);
    }

    [Fact]
    public void Workload_OfARunThatWeDontKnow_IsStrange() => Assert.Single(Review("east-1", In(RunStep.Running), Samples.Workload("somebody-elses", 1)).Strange);

    [Fact]
    public void Workload_OfTheCurrentEpochOnAnotherMember_IsStrange() => Assert.Single(Review("west-1", In(RunStep.Running), Samples.Workload(Uid, 2)).Strange);

    public static TheoryData<RunStep, WorkloadPhase, string?> Phases => new()
    {
        { RunStep.Running, WorkloadPhase.Succeeded, nameof(RunEvent.WorkloadSucceeded) },
        { RunStep.Waiting, WorkloadPhase.Succeeded, nameof(RunEvent.WorkloadSucceeded) },
        { RunStep.Finishing, WorkloadPhase.Succeeded, null },
        { RunStep.Finished, WorkloadPhase.Succeeded, null },
        { RunStep.Launching, WorkloadPhase.Failed, nameof(RunEvent.WorkloadFailed) },
        { RunStep.Verifying, WorkloadPhase.Failed, nameof(RunEvent.WorkloadFailed) },
        { RunStep.Running, WorkloadPhase.Failed, nameof(RunEvent.WorkloadFailed) },
        { RunStep.Waiting, WorkloadPhase.Failed, nameof(RunEvent.WorkloadFailed) },
        { RunStep.Fenced, WorkloadPhase.Failed, null },
        { RunStep.Cancelling, WorkloadPhase.Failed, null },
        { RunStep.Verifying, WorkloadPhase.Running, null },
        { RunStep.Running, WorkloadPhase.Terminating, null },
        { RunStep.Running, WorkloadPhase.Pending, null },
    };

    [Theory]
    [MemberData(nameof(Phases))]
    public void Workload_ByStepAndPhase_TellsWhatBecameOfIt(RunStep step, WorkloadPhase phase, string? expected)
    {
        var happened = Review("east-1", In(step), Samples.Workload(Uid, 2, phase, exitCode: 87)).Events.SingleOrDefault()?.Event;

        Assert.Equal(expected, happened?.GetType().Name);
        if (happened is RunEvent.WorkloadFailed failed)
            Assert.Equal((2, 87), (failed.Epoch, failed.ExitCode));
    }

    [Fact]
    public void Workload_FailedOfAnEpochThatIsKnownToHaveEnded_IsNotToldAgain()
    {
        var run = In(RunStep.Waiting);

        Assert.Empty(Review("east-1", run with { Epoch = run.Epoch! with { Ended = true } }, Samples.Workload(Uid, 2, WorkloadPhase.Failed)).Events);
    }

    [Fact]
    public void Workload_AllPodsReady_IsProgressOnlyIfTheRunAsksForNoMore()
    {
        var run = In(RunStep.Verifying) with { Spec = Samples.Spec with { Progress = new ProgressSpec(ProgressKind.PodsReady) } };

        var progressed = Assert.IsType<RunEvent.Progressed>(Assert.Single(Review("east-1", run, Samples.Workload(Uid, 2)).Events).Event);

        Assert.Equal((ProgressKind.PodsReady, 2), (progressed.By, progressed.Progress.Epoch));
    }

    [Theory]
    [InlineData(RunStep.Running, true)]
    [InlineData(RunStep.Verifying, true)]
    [InlineData(RunStep.Launching, false)]
    [InlineData(RunStep.Waiting, false)]
    [InlineData(RunStep.Finished, false)]
    public void Absent_IsTheCurrentEpochThatShouldBeThere(RunStep step, bool expected)
    {
        Assert.Equal(expected, Review("east-1", In(step)).Absent.Length == 1);
        Assert.Empty(Review("east-1", In(step), Samples.Workload(Uid, 2)).Absent);
        Assert.Empty(Review("west-1", In(step)).Absent);
    }

    private static RunState In(RunStep step) => Samples.Running(Uid, cut: new(1, 0)) with { Step = step };

    private static WorkloadReview Review(string member, RunState run, params SeenWorkload[] seen) =>
        WorkloadReview.Of(member, [.. seen], new Dictionary<string, RunState> { [run.Uid] = run }, Samples.Start);
}
