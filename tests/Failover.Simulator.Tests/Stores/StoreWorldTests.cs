using System.Text;
using Failover.Simulator.Stores;
using Failover.Simulator.Tests.Trainers;

namespace Failover.Simulator.Tests.Stores;

public sealed class StoreWorldTests : IDisposable
{
    private static readonly byte[] Content = Encoding.UTF8.GetBytes("0123456789");

    private readonly TrainerBench _bench = new();

    private StoreWorld World => _bench.World;

    private StoreMount Mount => World.Mount("east", "store-east");

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task EveryOperation_MountCut_FailsAndMakesNothing()
    {
        World.Cut("east", "store-east");

        await Assert.ThrowsAsync<StoreUnreachableException>(async () => await Mount.TryCreateAsync("a/b", Content));
        Assert.Throws<StoreUnreachableException>(() => Mount.Replace("a/b", Content));
        Assert.Throws<StoreUnreachableException>(() => Mount.TryRead("a/b"));
        Assert.Throws<StoreUnreachableException>(() => Mount.List("a"));
        Assert.Throws<StoreUnreachableException>(() => Mount.Delete("a/b"));
        Assert.False(Path.Exists(World.MountPath("east", "store-east")));
        Assert.Equal([StoreMount.MarkerName], Directory.EnumerateFileSystemEntries(World.StorePath("store-east")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Stall_HoldsWhoeverLooks_UntilItEnds()
    {
        World.Stall("east", "store-east");
        var looking = Task.Run(() => Mount.List("a"), TestContext.Current.CancellationToken);
        var elsewhere = World.Mount("west", "store-east").List("a");
        var wasHeld = !looking.IsCompleted;

        // One that looked in time is let go; one that had not yet begun finds the store.
        World.Unstall("east", "store-east");
        var found = await looking.WaitAsync(TestMember.Patience, TestContext.Current.CancellationToken);

        Assert.True(wasHeld);
        Assert.Empty(elsewhere);
        Assert.Empty(found);
        Assert.Empty(Mount.List("a"));
    }

    [Theory]
    [InlineData(WriteMoment.HalfWritten)]
    [InlineData(WriteMoment.BeforeLink)]
    public async Task TryCreate_MountCutInBetween_FailsAndNothingCounts(WriteMoment at)
    {
        await Assert.ThrowsAsync<IOException>(async () => await Mount.TryCreateAsync("a/b", Content, moment =>
        {
            if (moment == at) World.Cut("east", "store-east");
            return ValueTask.CompletedTask;
        }));

        Assert.False(Path.Exists(World.MountPath("east", "store-east")));
        Assert.Empty(World.Mount("west", "store-east").List("a"));
    }

    [Theory]
    [InlineData(WriteMoment.HalfWritten, false)]
    [InlineData(WriteMoment.BeforeLink, false)]
    [InlineData(WriteMoment.AfterLink, true)]
    public async Task TryCreate_KilledInBetween_IsWholeOrNotThere(WriteMoment at, bool there)
    {
        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
            await Mount.TryCreateAsync("a/b", Content, moment => moment == at ? throw new OperationCanceledException() : ValueTask.CompletedTask));

        Assert.Equal(there ? Content : null, Mount.TryRead("a/b"));
        Assert.Equal(there ? ["b"] : [], Mount.List("a"));
        Assert.Contains(Directory.EnumerateFiles(Path.Combine(World.StorePath("store-east"), "a")), f => Path.GetFileName(f).StartsWith(StoreMount.TemporaryPrefix, StringComparison.Ordinal));
    }

    [Fact]
    public async Task TryCreate_NameTaken_LeavesTheFirstContentAndNoTemporaryFile()
    {
        Assert.True(await Mount.TryCreateAsync("a/b", Content));
        Assert.False(await Mount.TryCreateAsync("a/b", Encoding.UTF8.GetBytes("other")));

        Assert.Equal(Content, Mount.TryRead("a/b"));
        Assert.Single(Directory.EnumerateFileSystemEntries(Path.Combine(World.StorePath("store-east"), "a")));
    }

    [Fact]
    public async Task TryCreate_ManyWriters_OneWins()
    {
        var won = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () => await Mount.TryCreateAsync("a/b", new byte[] { (byte)i }))));

        Assert.Single(won, w => w);
        Assert.Equal((byte)Array.IndexOf(won, true), Mount.TryRead("a/b")![0]);
    }

    [Fact]
    public void Check_MarkerOfAnotherStore_IsUnreachable()
    {
        File.WriteAllText(Path.Combine(World.StorePath("store-east"), StoreMount.MarkerName), "store-west");
        Assert.Throws<StoreUnreachableException>(() => Mount.Check());
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a//b")]
    [InlineData("a/./b")]
    [InlineData("/etc/x")]
    [InlineData("a\\b")]
    [InlineData("")]
    public void AnyPath_ThatLeavesTheStore_IsRefused(string path) => Assert.Throws<ArgumentException>(() => Mount.TryRead(path));

    [Fact]
    public void Heal_WithAnotherReasonLeft_StaysCut()
    {
        World.PowerOffRegion("east");
        World.PartitionRegion("east");
        World.PowerOnRegion("east");

        Assert.False(World.IsCut("east", "store-east"));
        Assert.True(World.IsCut(StoreWorld.SiloOwner, "store-east"));
        World.HealRegion("east");
        Assert.All(World.Owners, o => Assert.All(World.Stores, s => World.Mount(o, s.Name).Check()));
    }

    [Fact]
    public void PartitionRegion_East_CutsExactlyWhatCrossesIt()
    {
        World.PartitionRegion("east");

        var reachable = from owner in World.Owners from store in World.Stores where !World.IsCut(owner, store.Name) select $"{owner}>{store.Name}";
        Assert.Equal(["silo>store-west", "east>store-east", "west>store-west"], reachable);
    }

    [Fact]
    public void Resolve_TrainersUri_LeadsToTheRegionsMount()
    {
        var (mount, path) = World.Resolve("west", "file:///failover-stores/store-east/acme/run/e1");
        Assert.Equal("acme/run/e1", path);
        Assert.Equal(World.StorePath("store-east"), mount.Check());
        Assert.Throws<ArgumentException>(() => World.Resolve("west", "file:///failover-stores/nowhere/acme"));
        Assert.Throws<ArgumentException>(() => World.Resolve("west", "https://example.com/store-east/acme"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CorruptNewestCommit_KeepsSize_AndTimeIfAsked(bool keep)
    {
        await _bench.RunAsync(TrainerBench.Settings());
        var newest = _bench.Commits()[^1].Document;
        var path = _bench.InStore(newest.Files[0].Path);
        File.SetLastWriteTimeUtc(path, new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        var before = await File.ReadAllBytesAsync(path);

        var struck = World.CorruptNewestCommit("store-east", TrainerBench.Tenant, TrainerBench.Uid, new Corruption(KeepModificationTime: keep));

        Assert.Equal(path, struck);
        var after = await File.ReadAllBytesAsync(path);
        Assert.Equal(before.Length, after.Length);
        Assert.Single(before.Zip(after), p => p.First != p.Second);
        Assert.Equal(keep, File.GetLastWriteTimeUtc(path).Year == 2001);
    }

    [Fact]
    public async Task CorruptNewestCommit_ItsFilesAreGone_SaysSo()
    {
        await _bench.RunAsync(TrainerBench.Settings());
        File.Delete(_bench.InStore(_bench.Commits()[^1].Document.Files[0].Path));

        Assert.Null(World.CorruptNewestCommit("store-east", TrainerBench.Tenant, TrainerBench.Uid));
    }

    [Fact]
    public void CorruptCommit_NoSuchCommit_SaysSo() =>
        Assert.Null(World.CorruptCommit("store-east", TrainerBench.Tenant, TrainerBench.Uid, 1, 0));
}
