using Failover.Domain.Fleet;
using Failover.Domain.Migration;
using Failover.Domain.Tests.Planning;

namespace Failover.Domain.Tests.Fleet;

public sealed class FleetChangeTests
{
    private static readonly RunState Live = Worlds.Run("a", RunStep.Running).On("e1");

    public static TheoryData<string, FleetSpec> Refused => new()
    {
        { "installation", Worlds.World with { Installation = "other" } },
        { "sites", Worlds.World with { Sites = ["home", "away"] } },
        { "members[0].region", Worlds.World with { Members = Worlds.World.Members.SetItem(0, Worlds.World.Members[0] with { Region = "west" }) } },
        { "stores[1].region", Worlds.World with { Stores = Worlds.World.Stores.SetItem(1, Worlds.World.Stores[1] with { Region = "west" }) } },
        { "tenants", Worlds.World with { Tenants = [new TenantSpec("others", "others")] } },
        { "stores", Worlds.World with { Stores = Worlds.World.Stores.RemoveAt(0) } },
        { "skus", Worlds.World with { Skus = Worlds.World.Skus.RemoveAt(0) } },
    };

    [Fact]
    public void Faults_GroupOfALiveRunIsGone_OneUnlessItWasGoneBefore()
    {
        var grouped = Worlds.World with { Groups = [new GroupSpec("g", 64)] };
        var run = Live.With(spec => spec with { Group = "g" });

        Assert.Equal("groups", Assert.Single(FleetChange.Faults(grouped, Worlds.World, [run])).Path);
        Assert.Empty(FleetChange.Faults(grouped, Worlds.World, [Live]));
        Assert.Empty(FleetChange.Faults(Worlds.World, Worlds.World, [run]));
        Assert.Empty(FleetChange.Faults(grouped, grouped with { Groups = [new GroupSpec("g", 1)] }, [run]));
    }

    [Fact]
    public void Faults_NothingChanged_None() => Assert.Empty(FleetChange.Faults(Worlds.World, Worlds.World, [Live]));

    [Theory]
    [MemberData(nameof(Refused))]
    public void Faults_WhatMustStayIsChanged_OneThatSaysWhere(string path, FleetSpec next) =>
        Assert.Equal(path, Assert.Single(FleetChange.Faults(Worlds.World, next, [Live])).Path);

    [Fact]
    public void Faults_MembersComeAndGo_NoneEvenWithRunsThere()
    {
        var next = Worlds.World with { Members = [.. Worlds.World.Members.RemoveAt(0), new MemberSpec("w3", "west", "kubeconfig")] };

        Assert.Empty(FleetChange.Faults(Worlds.World, next, [Live]));
    }

    [Fact]
    public void Faults_WhatOnlyEndedRunsStoodOnIsGone_None() =>
        Assert.Empty(FleetChange.Faults(Worlds.World, Worlds.World with { Stores = Worlds.World.Stores.RemoveAt(0) }, [Live with { Step = RunStep.Finished }]));

    [Fact]
    public void Faults_WhatWasGoneBefore_IsNoFaultOfThisEdit()
    {
        var without = Worlds.World with { Stores = Worlds.World.Stores.RemoveAt(0) };

        Assert.Empty(FleetChange.Faults(without, without, [Live]));
    }

    [Fact]
    public void Faults_Several_AllAtOnce()
    {
        var next = Worlds.World with { Installation = "other", Sites = ["away"], Stores = Worlds.World.Stores.RemoveAt(0) };

        Assert.Equal(["installation", "sites", "stores"], FleetChange.Faults(Worlds.World, next, [Live]).Select(fault => fault.Path));
    }
}
