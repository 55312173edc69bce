using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using static Failover.Domain.Tests.Planning.Worlds;

namespace Failover.Domain.Tests.Planning;

public sealed class FailbackTests
{
    private static readonly PlanningPolicy Policy = new();
    private static readonly RunState Away = Run("a", RunStep.Running).On("w1").With(spec => spec with { Prefer = ["east", "north"] });

    [Fact]
    public void Proposed_PreferredRegionHasRoom_IsTheFirstOfItsOrder() =>
        Assert.Equal(Target("e1"), Proposed(Away, Member("e1"), Member("n1"), Member("w1")));

    [Fact]
    public void Proposed_FirstIsFullOrNotWell_IsTheNext()
    {
        Assert.Equal(Target("n1"), Proposed(Away, Member("e1", nodes: 0), Member("n1"), Member("w1")));
        Assert.Equal(Target("n1"), Proposed(Away, Member("e1", MemberVerdict.Suspect), Member("n1"), Member("w1")));
        Assert.Equal(Target("e2"), Proposed(Away, Member("e1") with { ReturnedAt = Now }, Member("e2"), Member("w1")));
        Assert.Equal(Target("e2"), Proposed(Away with { Distrusted = [new Distrust("e1", Now.AddMinutes(1), 1, "")] }, Member("e1"), Member("e2"), Member("w1")));
    }

    [Fact]
    public void Proposed_NothingToWishFor_IsNone()
    {
        Assert.Null(Proposed(Away.On("n1"), Member("e1"), Member("n1")));
        Assert.Null(Proposed(Away with { Step = RunStep.Verifying }, Member("e1"), Member("w1")));
        Assert.Null(Proposed(Run("a", RunStep.Running).On("w1"), Member("e1"), Member("w1")));
        Assert.Null(Proposed(Away, Member("w1")));
    }

    [Fact]
    public void Find_APreference_DisplacesNobody() => Assert.Empty(Displacement.Find(Input([Away], Member("e1"), Member("w1")), Policy).Events);

    [Fact]
    public void Place_APreference_WeighsWhereItGoes()
    {
        var run = Run("a").With(spec => spec with { Prefer = ["west"] });
        var input = Input([run], Member("e1"), Member("n1"), Member("w1"));

        Assert.Equal("w1", Assert.Single(PlannerPass.Place(input, [], Policy).Plan.Moves).Target.Member);
    }

    private static Target? Proposed(RunState run, params MemberState[] members) => Failback.Proposed(run, Input([run], [.. members]), Policy);
}
