using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Telling;
using Failover.Domain.Tests.Migration;

namespace Failover.Domain.Tests.Telling;

/// <summary>What of a stored row is news.</summary>
public sealed class DecisionsTests
{
    private static readonly DateTimeOffset Now = Sample.Start.AddMinutes(5);

    [Fact]
    public void StepThatBeginsNow_IsNews() =>
        Assert.Equal(new Decision(Now, "run", Sample.Spec.Name, "Running", "epoch 2, on west-1"), Decisions.Of(Ran(Sample.West)));

    [Fact]
    public void StepOfBefore_IsNone() => Assert.Null(Decisions.Of(Ran(Sample.West) with { StepSince = Now.AddTicks(-1) }));

    [Fact]
    public void ReasonToWait_IsNewsOnlyWhereItIsNew()
    {
        var waits = Sample.In(RunStep.Waiting) with { Now = Now, StepSince = Now.AddMinutes(-1), Waiting = new WaitState(WaitReason.NoFit, "No member can take it now.", Now) };

        Assert.Equal("Waiting (NoFit)", Decisions.Of(waits)!.What);
        Assert.Equal("No member can take it now.", Decisions.Of(waits)!.Detail);
        Assert.Null(Decisions.Of(waits with { Waiting = waits.Waiting with { Since = Now.AddMinutes(-1) } }));
    }

    [Fact]
    public void StepThatIsOverdueSinceNow_IsNews()
    {
        var late = Sample.In(RunStep.Fenced) with { Now = Now, StepSince = Now.AddMinutes(-3), Overdue = new Overdue("east does not answer", Now) };

        Assert.Equal("Fenced (overdue)", Decisions.Of(late)!.What);
    }

    [Fact]
    public void Move_SaysWhence_AndWhither() =>
        Assert.Equal("epoch 2, east-1 to west-1 (Failover)", Decisions.Of(Sample.In(RunStep.Planned) with { Now = Now, StepSince = Now })!.Detail);

    [Theory]
    [InlineData(0, true)]
    [InlineData(-1, false)]
    public void Verdict_IsNewsOnlyWhereItIsNew(int seconds, bool isNews)
    {
        var member = MemberMachine.Create("east-1", "eastus", Now) with { Verdict = MemberVerdict.Lost, VerdictDetail = "silent", VerdictSince = Now.AddSeconds(seconds) };

        Assert.Equal(isNews ? new Decision(Now, "member", "east-1", "Lost", "silent") : null, Decisions.Of(member));
    }

    [Fact]
    public void Brake_HoldsIsReleasedAndPermits()
    {
        var held = new BrakeState { Now = Now, HeldBecause = "too much", HeldSince = Now };
        var permits = new BrakeState { Now = Now, Permits = [new Permit("a", 1, "eastus", 8, Now), new Permit("b", 1, "eastus", 16, Now), new Permit("c", 1, "westus", 1, Now.AddMinutes(-1))] };

        Assert.Equal(("Held", "too much"), Told(held));
        Assert.Null(Decisions.Of(held with { HeldSince = Now.AddSeconds(-1) }));
        Assert.Equal(("Released", "by ann"), Told(new BrakeState { Now = Now, Release = new BrakeRelease("ann", Now) }));
        Assert.Equal(("Permitted", "2 runs, 24 GPUs, of eastus"), Told(permits));
    }

    private static (string, string) Told(BrakeState brake) => (Decisions.Of(brake)!.What, Decisions.Of(brake)!.Detail);

    private static RunState Ran(Target where)
    {
        var run = Sample.Running(2);
        return run with { Now = Now, StepSince = Now, Move = null, Epoch = run.Epoch! with { Target = where } };
    }
}
