using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;
using static Failover.Domain.Tests.Checkpoints.Histories;

namespace Failover.Domain.Tests.Checkpoints;

/// <summary>Where things are, how they are named, and what is kept.</summary>
public class LayoutTests
{
    [Fact]
    public void Paths_AreTheContracts()
    {
        Assert.Equal("e2", StoreLayout.Epoch(2));
        Assert.Equal("e2/commits", StoreLayout.Commits(2));
        Assert.Equal("e2/commits/7", StoreLayout.Slot(2, 7));
        Assert.Equal("pins/e3", StoreLayout.Pin(3));
        Assert.Equal("pins/e3/e2/commits/7", StoreLayout.PinnedSlot(3, Ref(2, 7)));
        Assert.Equal("heartbeats/m1", StoreLayout.Heartbeats("m1"));
        Assert.Equal("canary/site-a", StoreLayout.Canary("site-a"));
    }

    [Fact]
    public void Uris_AreTheContracts()
    {
        Assert.Equal("file:///s/t/u/e3", StoreLayout.CheckpointUri("file:///s", "t", "u", 3));
        Assert.Equal("file:///s/t/u/pins/e3/e2/commits/7", StoreLayout.ResumeUri("file:///s", "t", "u", 3, Ref(2, 7)));
        Assert.Equal("file:///s/heartbeats/m/u", StoreLayout.HeartbeatUri("file:///s", "m", "u"));
    }

    [Fact]
    public void Names_AreAsInProvenances() => Assert.Equal("e2/7", Ref(2, 7).ToString());

    /// <summary>The figures were made with sha256sum from the contract's words.</summary>
    [Fact]
    public void Provenance_IsTheContracts()
    {
        const string Nonce = "8f14e45fceea167a";
        var first = Provenance.Compute(Uid, null, 1, 0, Nonce, null, 100);
        var second = Provenance.Compute(Uid, first, 2, 1, Nonce, Ref(1, 0), 200);

        Assert.Equal("1c66cf785172556b4903d142d4bb24851103079ce9abc397dc551dfc6afb735b", first);
        Assert.Equal("f05b578ccdb0989478a912bdbc4e67f11d9168f3af4701fa64faf6c8d9d41c0c", second);
    }

    [Fact]
    public void Verify_ADigestThatIsNotItsHistorys_IsNamed()
    {
        var slots = Slots(1, null, 10, 20, 30);
        var forged = slots[1].Commit! with { Step = 21 };

        var chain = Lineage.Chain([], Epoch(1, "own"), [slots[0], slots[1] with { Commit = forged }, slots[2]]);

        Assert.Equal([Ref(1, 1)], Provenance.Broken(chain.Commits));
        Assert.Empty(Provenance.Broken(Lineage.Chain([], Epoch(1, "own"), slots).Commits));
    }

    [Fact]
    public void Verify_TheFirstOfAll_IsHeldAgainstNothing()
    {
        var first = Slots(1, null, 10)[0];

        Assert.Equal([Ref(1, 0)], Provenance.Broken(Lineage.Chain([], Epoch(1, "own"), [first with { Commit = first.Commit! with { Step = 11 } }]).Commits));
    }

    [Fact]
    public void Verify_AFirstLinkWhoseParentIsNotListed_IsTakenAtItsWord()
    {
        var second = Slots(2, Link(Slots(1, null, 10)[0]), 20, 30);

        Assert.Empty(Provenance.Broken(Lineage.Chain([], Epoch(2, "own", Ref(1, 0)), second).Commits));
    }

    [Theory]
    [InlineData(0, RunStep.Running, false)]
    [InlineData(2, RunStep.Running, true)]
    [InlineData(0, RunStep.Finished, true)]
    [InlineData(0, RunStep.Cancelled, true)]
    public void Unneeded_CurrentEpochsPin_GoesWithEnoughOwnCommitsOrTheRun(int own, RunStep step, bool unneeded)
    {
        var run = Run(Epoch(2, "own", Ref(1, 0)) with { OwnCommits = own }) with { Step = step, Pins = [new PinRef("own", 2)] };

        Assert.Equal(unneeded ? [new PinRef("own", 2)] : [], Retention.Unneeded(run, 2));
    }

    [Fact]
    public void Unneeded_EpochsThatAreOver_AndPlacesThatWereGivenUp_ButNotWhatIsToCome()
    {
        var run = Run(Epoch(3, "c", Ref(2, 0))) with { Pins = [new PinRef("b", 2), new PinRef("a", 3), new PinRef("c", 3), new PinRef("a", 4)] };

        Assert.Equal([new PinRef("b", 2), new PinRef("a", 3)], Retention.Unneeded(run, 2));
        Assert.Empty(Retention.Unneeded(Run(null), 2));
    }
}
