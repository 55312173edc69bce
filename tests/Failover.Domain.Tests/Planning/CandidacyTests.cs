using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using static Failover.Domain.Tests.Planning.Worlds;

namespace Failover.Domain.Tests.Planning;

public sealed class CandidacyTests
{
    private static readonly PlanningPolicy Policy = new();

    public static TheoryData<RunStep> NotWaiting => [.. Enum.GetValues<RunStep>().Where(step => step != RunStep.Waiting)];

    [Theory]
    [MemberData(nameof(NotWaiting))]
    public void Of_NotWaiting_IsNotThePlanners(RunStep step) => Assert.Equal(Standing.NotYet, Of(Run("a", step).On("e1"), MemberVerdict.Lost).Standing);

    [Theory]
    [InlineData(WaitReason.NotYetPlanned, MemberVerdict.Healthy, nameof(Standing.Free), MoveCause.Restart)]
    [InlineData(WaitReason.BackingOff, MemberVerdict.Healthy, nameof(Standing.Free), MoveCause.Restart)]
    [InlineData(WaitReason.BackingOff, MemberVerdict.Suspect, nameof(Standing.Free), MoveCause.Restart)]
    [InlineData(WaitReason.BackingOff, MemberVerdict.Lost, nameof(Standing.WithPermit), MoveCause.Failover)]
    [InlineData(WaitReason.Displaced, MemberVerdict.Lost, nameof(Standing.WithPermit), MoveCause.Failover)]
    [InlineData(WaitReason.NoFit, MemberVerdict.Lost, nameof(Standing.WithPermit), MoveCause.Failover)]
    [InlineData(WaitReason.BrakeHeld, MemberVerdict.Lost, nameof(Standing.WithPermit), MoveCause.Failover)]
    [InlineData(WaitReason.NoGoodCheckpoint, MemberVerdict.Lost, nameof(Standing.WithPermit), MoveCause.Failover)]
    [InlineData(WaitReason.LineageUnknown, MemberVerdict.Lost, nameof(Standing.WithPermit), MoveCause.Failover)]
    [InlineData(WaitReason.RollbackTooFar, MemberVerdict.Lost, nameof(Standing.WithPermit), MoveCause.Failover)]
    [InlineData(WaitReason.RetriesExhausted, MemberVerdict.Lost, nameof(Standing.NotYet), MoveCause.Restart)]
    [InlineData(WaitReason.Displaced, MemberVerdict.Healthy, nameof(Standing.Free), MoveCause.Restart)]
    [InlineData(WaitReason.Displaced, MemberVerdict.Degraded, nameof(Standing.Free), MoveCause.Restart)]
    [InlineData(WaitReason.Displaced, MemberVerdict.ControlPlaneDown, nameof(Standing.WithPermit), MoveCause.Restart)]
    [InlineData(WaitReason.Displaced, MemberVerdict.Unknown, nameof(Standing.WithPermit), MoveCause.Restart)]
    [InlineData(WaitReason.MemberStopped, MemberVerdict.Stopped, nameof(Standing.MemberStopped), MoveCause.Restart)]
    [InlineData(WaitReason.Displaced, MemberVerdict.Stopped, nameof(Standing.MemberStopped), MoveCause.Restart)]
    [InlineData(WaitReason.MemberStopped, MemberVerdict.Healthy, nameof(Standing.Free), MoveCause.Restart)]
    [InlineData(WaitReason.MemberStopped, MemberVerdict.Lost, nameof(Standing.WithPermit), MoveCause.Failover)]
    public void Of_WaitingWithAnEpoch_DependsOnItsMember(WaitReason reason, MemberVerdict verdict, string standing, MoveCause cause) =>
        Assert.Equal((standing, cause), Words(Of(Run("a").On("e1").WaitingFor(reason), verdict)));

    [Theory]
    [InlineData(WaitReason.NotYetPlanned)]
    [InlineData(WaitReason.NoFit)]
    [InlineData(WaitReason.Displaced)]
    public void Of_NeverLaunched_IsFree(WaitReason reason) =>
        Assert.Equal((nameof(Standing.Free), MoveCause.Initial), Words(Candidacy.Of(Run("a").WaitingFor(reason), null, Now, Policy)));

    [Fact]
    public void Of_MemberWithoutRow_NeedsAPermit() =>
        Assert.Equal(
            (nameof(Standing.WithPermit), MoveCause.Restart), Words(Candidacy.Of(Run("a").On("e1").WaitingFor(WaitReason.Displaced), null, Now, Policy)));

    [Theory]
    [InlineData(1, nameof(Standing.NotYet))]
    [InlineData(0, nameof(Standing.WithPermit))]
    public void Of_Until_IsKept(int secondsLeft, string standing) =>
        Assert.Equal(standing, Of(Run("a").On("e1").WaitingFor(WaitReason.LineageUnknown, Now.AddSeconds(secondsLeft)), MemberVerdict.Lost).Standing.ToString());

    [Theory]
    [InlineData(59, nameof(Standing.NotYet))]
    [InlineData(60, nameof(Standing.Free))]
    public void Of_MemberJustBack_GivesTheEpochTimeToStep(int secondsBack, string standing) =>
        Assert.Equal(standing, Back(Run("a").On("e1").WaitingFor(WaitReason.NoFit), secondsBack));

    [Fact]
    public void Of_MemberJustBackAndEpochFenced_DoesNotWaitForIt()
    {
        var run = Run("a").On("e1").WaitingFor(WaitReason.NoFit);
        Assert.Equal(nameof(Standing.Free), Back(run with { Epoch = run.Epoch! with { Fenced = true } }, secondsBack: 0));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 9, 10)]
    [InlineData(2, 9, 20)]
    [InlineData(3, 9, 40)]
    [InlineData(6, 9, 320)]
    [InlineData(7, 9, 600)]
    [InlineData(1_000_000, 9, 600)]
    [InlineData(1_000_000, 3_600, 0)]
    public void MoveAgainAt_Count_DoublesTheDelayToALimitAndForgets(int count, int secondsAgo, int delay)
    {
        var last = Now.AddSeconds(-secondsAgo);
        var expected = delay == 0 ? DateTimeOffset.MinValue : last.AddSeconds(delay);
        Assert.Equal(expected, Candidacy.MoveAgainAt(new MoveHistory(last, count), Now, new RunPolicy()));
    }

    [Fact]
    public void MoveAgainAt_NeverMoved_IsAtOnce() => Assert.Equal(DateTimeOffset.MinValue, Candidacy.MoveAgainAt(new MoveHistory(null, 1), Now, new RunPolicy()));

    [Theory]
    [InlineData(9, nameof(Standing.NotYet))]
    [InlineData(10, nameof(Standing.WithPermit))]
    public void Of_MovedLately_WaitsForItsDelay(int secondsAgo, string standing)
    {
        var run = Run("a").On("e1").WaitingFor(WaitReason.Displaced) with { Recent = new MoveHistory(Now.AddSeconds(-secondsAgo), 1) };
        Assert.Equal(standing, Of(run, MemberVerdict.Lost).Standing.ToString());
    }

    private static Candidacy Of(RunState run, MemberVerdict verdict) => Candidacy.Of(run, Member("e1", verdict), Now, Policy);

    private static string Back(RunState run, int secondsBack) =>
        Candidacy.Of(run, Member("e1") with { VerdictSince = Now.AddSeconds(-secondsBack) }, Now, Policy).Standing.ToString();

    private static (string, MoveCause) Words(Candidacy candidacy) => (candidacy.Standing.ToString(), candidacy.Cause);

    [Theory]
    [InlineData(GivenUp.Stalled, false, 0, 0, nameof(Standing.NotYet))]
    [InlineData(GivenUp.Stalled, true, 8, 0, nameof(Standing.NotYet))]
    [InlineData(GivenUp.Stalled, true, 8, 8, nameof(Standing.Free))]
    [InlineData(GivenUp.Stalled, true, 0, 0, nameof(Standing.Free))]
    [InlineData(GivenUp.GangDown, true, 16, 8, nameof(Standing.NotYet))]
    [InlineData(GivenUp.GangDown, true, 8, 8, nameof(Standing.WithPermit))]
    public void Of_GivenUp_WaitsUntilWhatCanStopHasStopped(GivenUp why, bool ended, int held, int dead, string standing)
    {
        var run = Run("a").On("e1").WaitingFor(why == GivenUp.Stalled ? WaitReason.BackingOff : WaitReason.Displaced) with { StepSince = Now };
        run = run with { Epoch = run.Epoch! with { GivenUp = why, Ended = ended } };
        var home = Member("e1");
        if (held > 0)
            home = home with { Capacity = home.Capacity! with { Workloads = [new WorkloadUse("a", 1, "h100", held) { DeadGpus = dead, DeadPods = dead / 8 }] } };

        Assert.Equal(standing, Candidacy.Of(run, home, Now, Policy).Standing.ToString());
        var later = Candidacy.Of(run with { StepSince = Now.AddMinutes(-1) }, home, Now, Policy);
        Assert.Equal((why == GivenUp.Stalled ? Standing.Free : Standing.WithPermit, MoveCause.Restart), (later.Standing, later.Cause));
    }

    [Theory]
    [InlineData(MemberVerdict.Healthy, false, 8, 0, nameof(Standing.NotYet))]
    [InlineData(MemberVerdict.Healthy, true, 8, 0, nameof(Standing.NotYet))]
    [InlineData(MemberVerdict.Healthy, true, 8, 5, nameof(Standing.NotYet))]
    [InlineData(MemberVerdict.Healthy, true, 8, 10, nameof(Standing.Free))]
    [InlineData(MemberVerdict.Healthy, true, 0, 0, nameof(Standing.Free))]
    [InlineData(MemberVerdict.Suspect, true, 0, 0, nameof(Standing.Free))]
    [InlineData(MemberVerdict.ControlPlaneDown, false, 0, 60, nameof(Standing.NotYet))]
    [InlineData(MemberVerdict.Lost, false, 0, 0, nameof(Standing.WithPermit))]
    [InlineData(MemberVerdict.Stopped, true, 0, 0, nameof(Standing.MemberStopped))]
    public void Of_Preempted_NeedsNoPermitOnceItHasStopped(MemberVerdict verdict, bool ended, int held, int minutes, string standing)
    {
        var run = Run("a").On("e1").WaitingFor(WaitReason.Preempted) with { StepSince = Now.AddMinutes(-minutes) };
        run = run with { Epoch = run.Epoch! with { GivenUp = GivenUp.Preempted, Ended = ended } };
        var home = Member("e1", verdict);
        if (held > 0)
            home = home with { Capacity = home.Capacity! with { Workloads = [new WorkloadUse("a", 1, "h100", held)] } };

        Assert.Equal(standing, Candidacy.Of(run, home, Now, Policy).Standing.ToString());
    }
}
