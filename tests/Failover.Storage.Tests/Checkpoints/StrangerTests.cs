using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;

namespace Failover.Storage.Tests.Checkpoints;

/// <summary>Whoever runs in a container writes to the store: nothing it puts there leads us out of it, or hides what others wrote.</summary>
public sealed class StrangerTests : IDisposable
{
    private static readonly RunRoot Run = MountedStores.Run;

    private readonly MountedStores _stores = new();

    public StrangerTests() => Directory.CreateDirectory(_stores.Outside("outside"));

    public void Dispose() => _stores.Dispose();

    [Theory]
    [InlineData("..")]
    [InlineData("e1/../../../../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("e1//f")]
    [InlineData("e1/./f")]
    [InlineData("e1\\f")]
    [InlineData("e1/f\0")]
    [InlineData("")]
    public async Task AnyPath_ThatIsNotPlain_IsTheCallersMistake(string path)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => _stores.East.StatAsync(Run, path));
        await Assert.ThrowsAsync<ArgumentException>(() => _stores.East.HashAsync(Run, path));
        await Assert.ThrowsAsync<ArgumentException>(() => _stores.East.SetAsideAsync(Run, path));
    }

    [Fact]
    public async Task Stat_ALinkInTheWay_IsNoFile()
    {
        var secret = _stores.Outside("outside/secret");
        await File.WriteAllTextAsync(secret, "secret");
        Plant("e1/a0/10/weights.bin", secret);
        Plant("e1/a1", _stores.Outside("outside"));

        Assert.Null(await _stores.East.StatAsync(Run, "e1/a0/10/weights.bin"));
        Assert.Null(await _stores.East.HashAsync(Run, "e1/a0/10/weights.bin"));
        Assert.Null(await _stores.East.StatAsync(Run, "e1/a1/secret"));
        var file = MountedStores.FileOf("e1/a0/10/weights.bin", "secret");
        Assert.Equal(CopyOutcome.SourceMissing, await _stores.West.CopyFromAsync(_stores.East, Run, file, MountedStores.Unlimited));
    }

    [Fact]
    public async Task CreateSlot_FolderIsALink_IsDeniedAndWritesNothing()
    {
        Plant("e1/commits", _stores.Outside("outside"));
        Plant("e2", _stores.Outside("outside"));

        foreach (var epoch in new[] { 1, 2 })
        {
            Assert.True((await Assert.ThrowsAsync<StoreUnavailableException>(() => _stores.East.CreateSlotAsync(Run, epoch, 0, "x"))).Denied);
            Assert.True((await Assert.ThrowsAsync<StoreUnavailableException>(() => _stores.East.ListSlotsAsync(Run, epoch))).Denied);
        }
        Assert.Empty(Directory.EnumerateFileSystemEntries(_stores.Outside("outside")));
    }

    [Fact]
    public async Task Copy_TargetFolderIsALink_IsDeniedAndWritesNothing()
    {
        var file = MountedStores.FileOf("e1/a0/10/weights.bin", "weights");
        _stores.Write("west", file.Path, "weights");
        Plant("e1/a0", _stores.Outside("outside"));

        Assert.True((await Assert.ThrowsAsync<StoreUnavailableException>(
            () => _stores.East.CopyFromAsync(_stores.West, Run, file, MountedStores.Unlimited))).Denied);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_stores.Outside("outside")));
    }

    [Fact]
    public async Task Pin_FolderOfPinsIsALink_IsDeniedAndWritesNothing()
    {
        var commit = await _stores.CommitAsync("east", ("e1/a0/10/weights.bin", "weights"));
        Plant("pins", _stores.Outside("outside"));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => _stores.East.PinAsync(Run, 2, new CommitRef(1, 0), commit));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _stores.East.UnpinAsync(Run, 2));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_stores.Outside("outside")));
    }

    [Fact]
    public async Task Heartbeats_AreAllThatAreFilesInOneListing()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_stores.Root("east"), "heartbeats", "member")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "a"), "{\"step\":1}");
        await File.WriteAllTextAsync(Path.Combine(folder, "b"), "{\"step\":2}");
        await File.WriteAllTextAsync(Path.Combine(folder, ".tmp-c"), "{");
        await File.WriteAllTextAsync(Path.Combine(folder, "long"), new string('x', 1 << 20));
        File.CreateSymbolicLink(Path.Combine(folder, "link"), Path.Combine(folder, "a"));
        Directory.CreateDirectory(Path.Combine(folder, "folder"));

        var heartbeats = await _stores.East.ReadHeartbeatsAsync("member");

        Assert.Equal(["a", "b", "long"], heartbeats.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("{\"step\":2}", heartbeats["b"]);
        Assert.Equal((1 << 16) + 1, heartbeats["long"].Length);
        Assert.Empty(await _stores.East.ReadHeartbeatsAsync("another"));
    }

    [Fact]
    public async Task Canary_ReplacesWhatWasThere()
    {
        await _stores.East.TouchCanaryAsync("site", "1");
        await _stores.East.TouchCanaryAsync("site", "2");

        Assert.Equal([".failover-store", "canary/site"], _stores.Files("east").AsEnumerable());
        Assert.Equal("2", await File.ReadAllTextAsync(Path.Combine(_stores.Root("east"), "canary", "site")));
    }

    private void Plant(string path, string target)
    {
        var link = Path.Combine(_stores.Root("east"), Run.ToString(), path);
        Directory.CreateDirectory(Path.GetDirectoryName(link)!);
        File.CreateSymbolicLink(link, target);
    }
}
