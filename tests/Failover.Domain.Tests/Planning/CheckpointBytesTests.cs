using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using static Failover.Domain.Tests.Planning.Worlds;

namespace Failover.Domain.Tests.Planning;

public sealed class CheckpointBytesTests
{
    private static readonly RunState Base = Run("a").On("e1", epoch: 2);

    [Fact]
    public void Holders_NeverLaunched_AreNone() => Assert.Empty(CheckpointBytes.Holders(Run("a"), _ => false));

    [Fact]
    public void Holders_NothingKnown_IsItsOwnStore() => Assert.Equal(["s-east"], CheckpointBytes.Holders(Base, _ => false));

    [Fact]
    public void Holders_Newest_AreThoseThatHaveIt() =>
        Assert.Equal(["s-east", "s-west"], CheckpointBytes.Holders(Base with { Tips = [Tip("s-east", 2, 1), Tip("s-north", 2, 0), Tip("s-west", 2, 1)] }, _ => false));

    [Fact]
    public void Holders_NewestInALostRegion_AreThoseOfWhatCanBeHad() =>
        Assert.Equal(["s-north"], CheckpointBytes.Holders(Base with { Tips = [Tip("s-east", 2, 1), Tip("s-north", 2, 0)] }, store => store == "s-east"));

    [Fact]
    public void Holders_OnlyInALostRegion_AreThere() =>
        Assert.Equal(["s-east"], CheckpointBytes.Holders(Base with { Tips = [Tip("s-east", 2, 1)] }, _ => true));

    [Fact]
    public void Holders_BadCopy_IsNone() =>
        Assert.Equal(
            ["s-north"],
            CheckpointBytes.Holders(Base with { Tips = [Tip("s-east", 2, 1), Tip("s-north", 2, 0)], BadCopies = [new("s-east", new(2, 1))] }, _ => false));

    [Fact]
    public void Holders_CommitsBehindACut_CountForNothing()
    {
        // Epoch 2 went on from e1/4: what epoch 1 wrote behind that is a zombie's, however far ahead.
        var past = new PastEpoch(1, Target("w1"), null, new CommitRef(1, 4), false, Now);
        var run = Base with { Past = [past], Tips = [Tip("s-west", 1, 9), Tip("s-north", 1, 4)] };
        Assert.Equal(["s-north"], CheckpointBytes.Holders(run, _ => false));
        Assert.Equal(["s-east"], CheckpointBytes.Holders(run with { Past = [past with { CutAt = null }] }, _ => false));
    }

    [Fact]
    public void Size_LastSeen_GoesBeforeExpected()
    {
        Assert.Equal(10e9, CheckpointBytes.Size(Base));
        var last = Base.MovingTo("w1").Move! with { CommitBytes = 5 };
        Assert.Equal(5, CheckpointBytes.Size(Base with { LastMove = last }));
        Assert.Equal(7, CheckpointBytes.Size(Base with { LastMove = last, Move = last with { CommitBytes = 7 } }));
        Assert.Equal(10e9, CheckpointBytes.Size(Base with { LastMove = last with { CommitBytes = 0 }, Move = last with { CommitBytes = 0 } }));
    }

    private static StoreTip Tip(string store, int epoch, int commit) => new(store, new CommitRef(epoch, commit), 100, Now);
}
