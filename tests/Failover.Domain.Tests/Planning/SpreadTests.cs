using System.Collections.Immutable;
using Failover.Domain.Fleet;
using Failover.Domain.Health;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using static Failover.Domain.Tests.Planning.Worlds;

namespace Failover.Domain.Tests.Planning;

/// <summary>A group may have 16 GPUs, two nodes, in any region.</summary>
public sealed class SpreadTests
{
    private static readonly PlanningPolicy Policy = new();
    private static readonly FleetSpec Fleet = World with { Groups = [new GroupSpec("g", 16)] };

    [Fact]
    public void Place_TwoOfAGroup_GoToTwoRegions()
    {
        var places = Pass(In([Grouped("a"), Grouped("b")], "e1", "w1")).Plan.Moves;

        Assert.Equal(["east", "west"], places.Select(move => move.Target.Region).Order());
    }

    [Fact]
    public void Place_AsManyAsFitBesideEachOther_StayTogether() =>
        Assert.Equal(2, Pass(In([Grouped("a", workers: 1), Grouped("b", workers: 1)], "w1")).Plan.Moves.Length);

    [Theory]
    [InlineData(RunStep.Running)]
    [InlineData(RunStep.Staging)]
    public void Place_WhatTheGroupHoldsThere_Counts(RunStep step)
    {
        var there = step == RunStep.Running ? Grouped("a") with { Step = step, Waiting = null } : (Grouped("a") with { Step = step, Waiting = null }).MovingTo("w1");
        var input = In([step == RunStep.Running ? there.On("w1") : there, Grouped("b")], "w1");

        var reason = Assert.Single(Assert.Single(Pass(input).Plan.Unplaced).PerMember, reason => reason.Member == "w1");

        Assert.Equal("spread: needs 16 GPUs, its group g may have 0 more in west", reason.Reason);
        Assert.Equal("e1", Assert.Single(Pass(input with { Members = [Member("w1"), Member("e1")] }).Plan.Moves).Target.Member);
    }

    [Fact]
    public void Place_DisplacedFromThere_HoldsNothingThereAnyMore()
    {
        var displaced = Grouped("a").On("w1").WaitingFor(WaitReason.Displaced);
        var input = In([displaced, Grouped("b")], "w2") with { Members = [Member("w1", MemberVerdict.Lost), Member("w2"), Member("e1")] };

        Assert.Equal(2, Pass(input).Plan.Moves.Length);
    }

    [Fact]
    public void Place_GroupThatTheFleetDoesNotKnow_WaitsAndSaysSo()
    {
        var input = In([Grouped("a")], "w1") with { Fleet = World };

        var reasons = Assert.Single(Pass(input).Plan.Unplaced).PerMember;

        Assert.All(reasons, reason => Assert.Equal("its group g is not in the fleet file, so nobody knows how it is to be spread", reason.Reason));
    }

    private static PlannerInput In(ImmutableArray<RunState> runs, params string[] members) => Input(runs, [.. members.Select(name => Member(name))]) with { Fleet = Fleet };

    private static RunState Grouped(string uid, int workers = 2) => Run(uid, workers: workers).With(spec => spec with { Group = "g" });

    private static PlannerOutput Pass(PlannerInput input) => PlannerPass.Place(input, Granted(input, Policy), Policy);
}
