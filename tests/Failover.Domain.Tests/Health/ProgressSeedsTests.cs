using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Runs;
using Failover.Domain.Tests.Migration;

namespace Failover.Domain.Tests.Health;

public sealed class ProgressSeedsTests
{
    private static readonly MemberState Member = MemberMachine.Create("east-1", "eastus", Sample.Start);

    [Fact]
    public void Of_RunThatTrainedOnFromWhereItResumed_IsAWitnessAtItsHeartbeatInterval() =>
        Assert.Equal([new RunPace(Sample.Uid, 2, 0, TimeSpan.FromSeconds(5))], ProgressSeeds.Of("east-1", Member, [Sample.Running(2)]));

    [Fact]
    public void Of_StoredPace_ComesBeforeTheInterval()
    {
        var pace = new RunPace(Sample.Uid, 2, 0, TimeSpan.FromSeconds(9));

        Assert.Equal([pace], ProgressSeeds.Of("east-1", Member with { Paces = [pace] }, [Sample.Running(2)]));
        Assert.Equal(2, ProgressSeeds.Of("east-1", Member with { Paces = [pace with { Epoch = 1 }] }, [Sample.Running(2)]).Length);
    }

    [Fact]
    public void Of_RunsThatSayNothing_AreNoWitnesses()
    {
        var running = Sample.Running(2);
        var loading = running with { Epoch = running.Epoch! with { Progress = running.Epoch.Progress! with { Step = running.Epoch.ResumeStep } } };
        var unseen = running with { Epoch = running.Epoch! with { Progress = null } };
        var silent = running with { Spec = running.Spec with { Progress = new ProgressSpec(ProgressKind.Commit) } };

        Assert.Empty(ProgressSeeds.Of("east-1", null, [loading, unseen, silent, Sample.In(RunStep.Waiting), Sample.Submitted()]));
        Assert.Empty(ProgressSeeds.Of("west-1", null, [running]));
    }
}
