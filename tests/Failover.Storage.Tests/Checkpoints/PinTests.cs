using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;

namespace Failover.Storage.Tests.Checkpoints;

public sealed class PinTests : IDisposable
{
    private static readonly RunRoot Run = MountedStores.Run;

    private static readonly CommitRef First = new(1, 0);

    private readonly MountedStores _stores = new();

    public void Dispose() => _stores.Dispose();

    [Fact]
    public async Task Pin_FilesAreDeletedAfterwards_KeepsThemBesideTheDocument()
    {
        var commit = await CommitAsync();

        Assert.True(await _stores.East.PinAsync(Run, 2, First, commit));
        Directory.Delete(Path.Combine(_stores.Root("east"), Run.ToString(), "e1"), recursive: true);

        Assert.Equal("weights", _stores.Read("east", "pins/e2/e1/a0/10/weights.bin"));
        Assert.Equal("optimiser", _stores.Read("east", "pins/e2/e1/a0/10/deep/optimiser.bin"));
        var pinned = Assert.IsType<SlotContent.CommitSlot>(SlotContent.Parse(_stores.Read("east", "pins/e2/e1/commits/0")!));
        Assert.True(pinned.Commit.SaysTheSameAs(commit));
    }

    [Fact]
    public async Task Pin_Again_IsHarmlessAndLeavesTheFilesETags()
    {
        var commit = await CommitAsync();
        var before = await _stores.East.StatAsync(Run, commit.Files[0].Path);

        Assert.True(await _stores.East.PinAsync(Run, 2, First, commit));
        Assert.True(await _stores.East.PinAsync(Run, 2, First, commit));

        Assert.Equal(before, await _stores.East.StatAsync(Run, commit.Files[0].Path));
        Assert.Equal(before, await _stores.East.StatAsync(Run, $"pins/e2/{commit.Files[0].Path}"));
    }

    [Fact]
    public async Task Pin_AFileOrTheSlotIsMissing_SaysSoWithoutADocument()
    {
        var commit = await CommitAsync();
        Assert.False(await _stores.East.PinAsync(Run, 2, new CommitRef(1, 1), commit));

        File.Delete(Path.Combine(_stores.Root("east"), Run.ToString(), commit.Files[1].Path));
        Assert.False(await _stores.East.PinAsync(Run, 3, First, commit));
        Assert.Null(_stores.Read("east", "pins/e3/e1/commits/0"));
    }

    [Fact]
    public async Task Pin_TheFileWasReplacedSince_MeansTheNewOne()
    {
        var commit = await CommitAsync();
        await _stores.East.PinAsync(Run, 2, First, commit);
        await _stores.East.SetAsideAsync(Run, commit.Files[0].Path);
        Assert.Equal("weights", _stores.Read("east", "pins/e2/e1/a0/10/weights.bin"));
        _stores.Write("east", commit.Files[0].Path, "WEIGHTS");

        Assert.True(await _stores.East.PinAsync(Run, 2, First, commit));

        Assert.Equal("WEIGHTS", _stores.Read("east", "pins/e2/e1/a0/10/weights.bin"));
    }

    [Fact]
    public async Task Unpin_RemovesThatEpochsPinOnlyAndMayBeRepeated()
    {
        var commit = await CommitAsync();
        await _stores.East.PinAsync(Run, 2, First, commit);
        await _stores.East.PinAsync(Run, 3, First, commit);

        await _stores.East.UnpinAsync(Run, 2);
        await _stores.East.UnpinAsync(Run, 2);

        Assert.Null(_stores.Read("east", "pins/e2/e1/commits/0"));
        Assert.NotNull(_stores.Read("east", "pins/e3/e1/commits/0"));
        Assert.Equal("weights", _stores.Read("east", commit.Files[0].Path));
    }

    private Task<Commit> CommitAsync() => _stores.CommitAsync("east", ("e1/a0/10/weights.bin", "weights"), ("e1/a0/10/deep/optimiser.bin", "optimiser"));
}
