using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;
using Failover.Storage.Checkpoints;

namespace Failover.Storage.Tests.Checkpoints;

/// <summary>A root that is not there is never taken for an empty store, and never made.</summary>
public sealed class VanishedMountTests : IDisposable
{
    private static readonly RunRoot Run = MountedStores.Run;

    private static readonly CommitFile SomeFile = MountedStores.FileOf("e1/a0/10/weights.bin", "weights");

    private readonly MountedStores _stores = new();

    private static readonly Dictionary<string, Func<MountedStores, Commit, Task>> Operations = new()
    {
        ["list"] = (stores, _) => stores.East.ListSlotsAsync(Run, 1),
        ["list nothing"] = (stores, _) => stores.East.ListSlotsAsync(Run, 9),
        ["create"] = (stores, _) => stores.East.CreateSlotAsync(Run, 1, 1, "x"),
        ["create taken"] = (stores, _) => stores.East.CreateSlotAsync(Run, 1, 0, "x"),
        ["stat"] = (stores, _) => stores.East.StatAsync(Run, SomeFile.Path),
        ["stat nothing"] = (stores, _) => stores.East.StatAsync(Run, "e1/a0/10/none"),
        ["hash"] = (stores, _) => stores.East.HashAsync(Run, SomeFile.Path),
        ["copy to"] = (stores, _) => stores.East.CopyFromAsync(stores.West, Run, SomeFile, MountedStores.Unlimited),
        ["copy from"] = (stores, _) => stores.West.CopyFromAsync(stores.East, Run, SomeFile, MountedStores.Unlimited),
        ["set aside"] = (stores, _) => stores.East.SetAsideAsync(Run, SomeFile.Path),
        ["pin"] = (stores, commit) => stores.East.PinAsync(Run, 2, new CommitRef(1, 0), commit),
        ["unpin"] = (stores, _) => stores.East.UnpinAsync(Run, 2),
        ["heartbeats"] = (stores, _) => stores.East.ReadHeartbeatsAsync("member"),
        ["canary"] = (stores, _) => stores.East.TouchCanaryAsync("site", "x"),
    };

    public static TheoryData<string> Names => [.. Operations.Keys];

    public void Dispose() => _stores.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task AnyOperation_MountIsGone_IsUnavailableAndMakesNothing(string operation)
    {
        var commit = await _stores.CommitAsync("east", (SomeFile.Path, "weights"));
        var before = _stores.Files("east");
        _stores.Cut("east");

        await Assert.ThrowsAsync<StoreUnavailableException>(() => Operations[operation](_stores, commit));

        Assert.False(Path.Exists(_stores.Mount("east")));
        _stores.Heal("east");
        Assert.Equal(before.AsEnumerable(), _stores.Files("east"));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task AnyOperation_EmptyMountPoint_IsUnavailableAndMakesNothing(string operation)
    {
        var commit = await _stores.CommitAsync("east", (SomeFile.Path, "weights"));
        _stores.Cut("east");
        Directory.CreateDirectory(_stores.Mount("east"));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => Operations[operation](_stores, commit));

        Assert.Empty(Directory.EnumerateFileSystemEntries(_stores.Mount("east")));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task AnyOperation_AnotherStoreIsMountedThere_IsUnavailable(string operation)
    {
        var commit = await _stores.CommitAsync("east", (SomeFile.Path, "weights"));
        _stores.Cut("east");
        File.CreateSymbolicLink(_stores.Mount("east"), _stores.Root("west"));

        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => Operations[operation](_stores, commit));

        Assert.Contains("west", refusal.Message, StringComparison.Ordinal);
        Assert.Equal([".failover-store"], _stores.Files("west").AsEnumerable());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task AnyOperation_MountCameBack_Works(string operation)
    {
        var commit = await _stores.CommitAsync("east", (SomeFile.Path, "weights"));
        await _stores.CommitAsync("west", (SomeFile.Path, "weights"));
        _stores.Cut("east");
        _stores.Heal("east");

        await Operations[operation](_stores, commit);
    }

    [Fact]
    public void MakeFolders_RootVanishesBetweenLevels_IsNotMadeAnew()
    {
        var folder = new StoreFolder("east", _stores.Mount("east"), new StoreGate("east", MountedStores.Options, TimeProvider.System));
        folder.MakeFolders("tenant");
        _stores.Cut("east");

        Assert.Throws<StoreUnavailableException>(() => folder.MakeFolders("tenant/run"));
        Assert.False(Path.Exists(_stores.Mount("east")));
    }

    [Fact]
    public async Task AnyOperation_MountVanishesMidway_IsUnavailableThoughTheListingLookedEmpty()
    {
        var folder = new StoreFolder("east", _stores.Mount("east"), new StoreGate("east", MountedStores.Options, TimeProvider.System));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => folder.RunAsync(
            () =>
            {
                _stores.Cut("east");
                return folder.Names("tenant");
            },
            TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Copy_SourceVanishesMidway_IsUnavailableAndGoesOnAfterwards()
    {
        var time = new WatchedTime();
        using var stores = new MountedStores(time);
        var content = new string('w', 3 << 20);
        var file = MountedStores.FileOf("e1/a0/10/weights.bin", content);
        stores.Write("east", file.Path, content);
        var slow = new ByteRate(1 << 20);
        var copy = stores.West.CopyFromAsync(stores.East, Run, file, slow);
        await time.SomebodyWaitsAsync();
        stores.Cut("east");
        time.Advance(TimeSpan.FromSeconds(10));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => copy);
        stores.Heal("east");

        Assert.Equal(CopyOutcome.Copied, await stores.West.CopyFromAsync(stores.East, Run, file, MountedStores.Unlimited));
        Assert.Equal(content, stores.Read("west", file.Path));
    }

    [Fact]
    public void Failure_ThatTheSystemCallsForbidden_IsDenied()
    {
        // link(2) refuses folders with EPERM, whoever asks.
        var refusal = Assert.Throws<StoreUnavailableException>(() => PosixFiles.Link(_stores.Root("east"), _stores.Root("east") + "-2"));
        Assert.True(refusal.Denied);
    }
}
