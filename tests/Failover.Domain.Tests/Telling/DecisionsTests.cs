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
        Assert.Equal([new Decision(Now, "run", Sample.Spec.Name, "Running", "epoch 2, on west-1")], Decisions.Of(Ran(Sample.West)));

    [Fact]
    public void StepOfBefore_IsNone() => Assert.Empty(Decisions.Of(Ran(Sample.West) with { StepSince = Now.AddTicks(-1) }));

    [Fact]
    public void ReasonToWait_IsNewsOnlyWhereItIsNew()
    {
        var waits = Sample.In(RunStep.Waiting) with { Now = Now, StepSince = Now.AddMinutes(-1), Waiting = new WaitState(WaitReason.NoFit, "No member can take it now.", Now) };

        Assert.Equal(("Waiting (NoFit)", "No member can take it now."), Told(Decisions.Of(waits)));
        Assert.Empty(Decisions.Of(waits with { Waiting = waits.Waiting with { Since = Now.AddMinutes(-1) } }));
    }

    [Fact]
    public void StepThatIsOverdueSinceNow_IsNews()
    {
        var late = Sample.In(RunStep.Fenced) with { Now = Now, StepSince = Now.AddMinutes(-3), Overdue = new Overdue("east does not answer", Now) };

        Assert.Equal(("Fenced (overdue)", "east does not answer"), Told(Decisions.Of(late)));
    }

    [Fact]
    public void Move_SaysWhence_AndWhither() =>
        Assert.Equal(("Planned", "epoch 2, east-1 to west-1 (Failover)"), Told(Decisions.Of(Sample.In(RunStep.Planned) with { Now = Now, StepSince = Now })));

    [Fact]
    public void SealThatIsOwedFromNowOn_IsNewsBesideTheStep()
    {
        var cut = Sample.In(RunStep.Launching) with { Now = Now, StepSince = Now, PendingSeals = [new PendingSeal(1, "east") { Since = Now }, new PendingSeal(2, "old") { Since = Now.AddDays(-1) }, new PendingSeal(3, "older")] };

        Assert.Equal(
            [("Launching", "epoch 2, on east-1"), ("SealOwed", "epoch 1 in east, which can't be reached: it is cut, and sealed at first contact")],
            Decisions.Of(cut).Select(decision => (decision.What, decision.Detail)));
    }

    [Theory]
    [InlineData(0, "epoch 1 in east, owed for 0.01:02:03")]
    [InlineData(-1, null)]
    public void OwedSealThatWasSet_IsNewsOnce(int seconds, string? told)
    {
        var at = Now.AddSeconds(seconds);
        var paid = Sample.Running(2) with { Now = Now, LastPaidSeal = new PaidSeal(1, "east", at, at - new TimeSpan(1, 2, 3)) };

        Assert.Equal(told, Decisions.Of(paid).SingleOrDefault(decision => decision.What == "SealSet")?.Detail);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-1, false)]
    public void Verdict_IsNewsOnlyWhereItIsNew(int seconds, bool isNews)
    {
        var member = MemberMachine.Create("east-1", "eastus", Now) with { Verdict = MemberVerdict.Lost, VerdictDetail = "silent", VerdictSince = Now.AddSeconds(seconds) };

        Assert.Equal(isNews ? [new Decision(Now, "member", "east-1", "Lost", "silent")] : [], Decisions.Of(member));
    }

    [Fact]
    public void Cordon_SaysWhoseWordItWas_EachTimeItChanges()
    {
        var member = Calm().Tell(at => new MemberEvent.Cordoned(at, "ann"));
        Assert.Equal(("Cordoned", "by ann"), Told(Decisions.Of(member.State)));
        // Once more changes nothing, and neither does another's word.
        Assert.Empty(Decisions.Of(member.Tell(at => new MemberEvent.Cordoned(at, "bob")).State));
        Assert.Equal(("Uncordoned", "by bob"), Told(Decisions.Of(member.Tell(at => new MemberEvent.Uncordoned(at, "bob")).State)));
        Assert.Empty(Decisions.Of(member.Tell(at => new MemberEvent.Uncordoned(at, "ann")).State));
    }

    [Fact]
    public void Sweep_IsNewsOnlyWhereItFoundOrMissesSomething()
    {
        var member = Calm();
        Assert.Empty(Sweep());
        Assert.Equal([("Sweeping", "deletes what is left of epochs that are over: a-e1, b-e1, c-e1, d-e1 and 1 more")], Sweep("a-e1", "b-e1", "c-e1", "d-e1", "e-e1"));
        // The same again, while their pods stop; and what is told of GPUs meanwhile.
        Assert.Empty(Sweep("a-e1", "b-e1", "c-e1", "d-e1", "e-e1"));
        Assert.Empty(Decisions.Of(member.Tell(at => new MemberEvent.Observed(at, new CapacitySnapshot(2, [], []))).State));
        Assert.Empty(Sweep("a-e1", "b-e1", "c-e1", "d-e1", "e-e1"));
        Assert.Equal([("Sweeping", "deletes what is left of epochs that are over: f-e2"), ("Swept", "gone: a-e1, b-e1, c-e1, d-e1")], Sweep("e-e1", "f-e2"));
        Assert.Equal([("Swept", "gone: e-e1, f-e2")], Sweep());
        Assert.Empty(Sweep());

        IEnumerable<(string, string)> Sweep(params string[] stale) =>
            Decisions.Of(member.Tell(at => new MemberEvent.SweptClean(at, at, stale.Length == 0, [.. stale])).State).Select(decision => (decision.What, decision.Detail));
    }

    [Fact]
    public void Sweep_ThatFindsAMemberCleanAfterALoss_IsNewsOnce()
    {
        var member = Calm(clean: false);
        Assert.Equal(("Clean", "nothing is left of epochs that are over: it may take new work again"), Told(Decisions.Of(member.Tell(Swept).State)));
        Assert.Empty(Decisions.Of(member.Tell(Swept).State));

        static MemberEvent Swept(DateTimeOffset at) => new MemberEvent.SweptClean(at, at, true, []);
    }

    [Fact]
    public void Brake_HoldsIsReleasedAndPermits()
    {
        var held = new BrakeState { Now = Now, HeldBecause = "too much", HeldSince = Now };
        var permits = new BrakeState { Now = Now, Permits = [new Permit("a", 1, "eastus", 8, Now), new Permit("b", 1, "eastus", 16, Now), new Permit("c", 1, "westus", 1, Now.AddMinutes(-1))] };

        Assert.Equal(("Held", "too much"), Told(Decisions.Of(held)));
        Assert.Empty(Decisions.Of(held with { HeldSince = Now.AddSeconds(-1) }));
        Assert.Equal(("Released", "by ann"), Told(Decisions.Of(new BrakeState { Now = Now, Release = new BrakeRelease("ann", Now) })));
        Assert.Equal(("Permitted", "2 runs, 24 GPUs, of eastus"), Told(Decisions.Of(permits)));
    }

    private static (string, string) Told(IEnumerable<Decision> decisions) => decisions.Select(decision => (decision.What, decision.Detail)).Single();

    /// <summary>A member whose verdict stands, and which is told one thing after the other.</summary>
    private static Teller Calm(bool clean = true) => new(MemberMachine.Create("east-1", "eastus", Now) with { VerdictSince = Now.AddHours(-1), Clean = clean });

    private sealed class Teller(MemberState state)
    {
        private static readonly MemberPolicy Policy = new() { Sites = ["home"] };

        public MemberState State { get; private set; } = state;

        public Teller Tell(Func<DateTimeOffset, MemberEvent> happens)
        {
            State = MemberMachine.Next(State, happens(State.Now.AddSeconds(1)), Policy).State;
            return this;
        }
    }

    private static RunState Ran(Target where)
    {
        var run = Sample.Running(2);
        return run with { Now = Now, StepSince = Now, Move = null, Epoch = run.Epoch! with { Target = where } };
    }
}
