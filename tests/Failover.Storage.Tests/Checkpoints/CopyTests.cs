using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;
using Failover.Storage.Checkpoints;

namespace Failover.Storage.Tests.Checkpoints;

public sealed class CopyTests : IDisposable
{
    private const string Path1 = "e1/a0/10/weights.bin";

    private static readonly RunRoot Run = MountedStores.Run;

    private static readonly string Content = string.Concat(Enumerable.Range(0, 400_000).Select(i => $"{i} "));

    private static readonly CommitFile Weights = MountedStores.FileOf(Path1, Content);

    private readonly WatchedTime _time = new();

    private readonly MountedStores _stores;

    public CopyTests() => _stores = new MountedStores(_time);

    public void Dispose() => _stores.Dispose();

    [Fact]
    public async Task Copy_GoodSource_IsThereWholeAndLeavesNothingElse()
    {
        _stores.Write("east", Path1, Content);

        Assert.Equal(CopyOutcome.Copied, await CopyAsync());
        Assert.Equal(CopyOutcome.Copied, await CopyAsync());

        Assert.Equal([".failover-store", $"{Run}/{Path1}"], _stores.Files("west").AsEnumerable());
        Assert.Equal(Content, _stores.Read("west", Path1));
    }

    [Fact]
    public async Task Copy_SourceHasNoSuchFile_SaysSo()
    {
        Assert.Equal(CopyOutcome.SourceMissing, await CopyAsync());
        Assert.Null(_stores.Read("west", Path1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public async Task Copy_SourceIsCorrupt_NothingAppears(int shorter)
    {
        _stores.Write("east", Path1, "X" + Content[(1 + shorter)..]);

        Assert.Equal(CopyOutcome.SourceCorrupt, await CopyAsync());
        Assert.Equal([".failover-store"], _stores.Files("west").AsEnumerable());
    }

    [Fact]
    public async Task Copy_TargetHoldsOtherContent_SaysSoUntilThatIsSetAside()
    {
        _stores.Write("east", Path1, Content);
        _stores.Write("west", Path1, "rot");

        Assert.Equal(CopyOutcome.TargetCorrupt, await CopyAsync());
        Assert.Equal("rot", _stores.Read("west", Path1));
        await _stores.West.SetAsideAsync(Run, Path1);
        Assert.Null(await _stores.West.StatAsync(Run, Path1));
        await _stores.West.SetAsideAsync(Run, Path1);

        Assert.Equal(CopyOutcome.Copied, await CopyAsync());
        Assert.Equal(Content, _stores.Read("west", Path1));
    }

    [Fact]
    public async Task Copy_BrokenOff_GoesOnFromWhereItWas()
    {
        var partial = await BreakOffAsync();
        var inode = PosixFiles.Stat(partial).ETag.Split(':')[0];

        Assert.Equal(CopyOutcome.Copied, await CopyAsync());

        Assert.Equal(Content, _stores.Read("west", Path1));
        Assert.Equal(inode, (await _stores.West.StatAsync(Run, Path1))!.ETag.Split(':')[0]);
        Assert.False(File.Exists(partial));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(10_000_000)]
    public async Task Copy_WhatWasLeftIsTorn_BeginsAnewAndDoesNotBlameTheSource(int length)
    {
        await File.WriteAllTextAsync(await BreakOffAsync(), new string('x', length));

        Assert.Equal(CopyOutcome.Copied, await CopyAsync());
        Assert.Equal(Content, _stores.Read("west", Path1));
    }

    [Fact]
    public async Task Copy_WhatWasLeftIsALinkNow_IsDeniedAndWritesNothing()
    {
        var partial = await BreakOffAsync();
        var victim = _stores.Outside("victim");
        await File.WriteAllTextAsync(victim, "precious");
        File.Delete(partial);
        File.CreateSymbolicLink(partial, victim);

        Assert.True((await Assert.ThrowsAsync<StoreUnavailableException>(CopyAsync)).Denied);
        Assert.Equal("precious", await File.ReadAllTextAsync(victim));
    }

    [Fact]
    public async Task Copy_FilesOfTheSameContentAtOnce_AreAllThere()
    {
        var files = Enumerable.Range(0, 16).Select(i => Weights with { Path = $"e1/a0/10/shard-{i}" }).ToList();
        foreach (var file in files)
            _stores.Write("east", file.Path, Content);

        var outcomes = await Task.WhenAll(files.Select(file => _stores.West.CopyFromAsync(_stores.East, Run, file, MountedStores.Unlimited)));

        Assert.All(outcomes, outcome => Assert.Equal(CopyOutcome.Copied, outcome));
        Assert.All(files, file => Assert.Equal(Content, _stores.Read("west", file.Path)));
    }

    [Fact]
    public async Task Copy_OneFileByManyAtOnce_IsWholeWhoeverGetsThere()
    {
        _stores.Write("east", Path1, Content);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            try
            {
                return await CopyAsync();
            }
            catch (StoreUnavailableException)
            {
                return (CopyOutcome?)null;
            }
        }));

        Assert.All(answers, answer => Assert.True(answer is null or CopyOutcome.Copied));
        Assert.Equal(CopyOutcome.Copied, await CopyAsync());
        Assert.Equal(Content, _stores.Read("west", Path1));
    }

    [Fact]
    public async Task Copy_NameTakenMeanwhile_IsJudgedByWhatIsThere()
    {
        _stores.Write("east", Path1, Content);
        var slow = new ByteRate(1);
        var copy = _stores.West.CopyFromAsync(_stores.East, Run, Weights, slow);
        await _time.SomebodyWaitsAsync();
        _stores.Write("west", Path1, "somebody else's");
        _time.Advance(TimeSpan.FromDays(365));

        Assert.Equal(CopyOutcome.TargetCorrupt, await copy);
        Assert.Equal("somebody else's", _stores.Read("west", Path1));
    }

    [Fact]
    public async Task Copy_FromAnotherKindOfStore_IsTheCallersMistake() =>
        await Assert.ThrowsAsync<ArgumentException>(() => _stores.West.CopyFromAsync(null!, Run, Weights, MountedStores.Unlimited));

    [Fact]
    public async Task Throttle_IsSharedByAllThatNameTheRate()
    {
        var rate = new ByteRate(1000);
        await ByteThrottle.Of(rate, _time).TakeAsync(1000, default);
        var second = ByteThrottle.Of(rate, _time).TakeAsync(500, default);
        var third = ByteThrottle.Of(rate, _time).TakeAsync(1, default);
        var other = ByteThrottle.Of(new ByteRate(1000), _time).TakeAsync(1, default);

        Assert.Equal((false, false, true), (second.IsCompleted, third.IsCompleted, other.IsCompleted));
        _time.Advance(TimeSpan.FromSeconds(1));
        await second;
        Assert.False(third.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.5));
        await third;
    }

    [Fact]
    public async Task Hash_IsTheContentsAndTheStatIsItsOwn()
    {
        _stores.Write("east", Path1, Content);

        var hashed = await _stores.East.HashAsync(Run, Path1);

        Assert.Equal(Weights.Sha256, hashed!.Sha256);
        Assert.Equal(await _stores.East.StatAsync(Run, Path1), hashed.Stat);
        Assert.Equal(Weights.SizeBytes, hashed.Stat.SizeBytes);
        Assert.Null(await _stores.East.HashAsync(Run, "e1/a0/10/none"));
    }

    [Fact]
    public async Task Stat_ETag_ChangesWithTheContentAndNotWithASecondName()
    {
        var file = _stores.Write("east", Path1, Content);
        var before = await _stores.East.StatAsync(Run, Path1);
        PosixFiles.Link(file, file + "-2");
        Assert.Equal(before, await _stores.East.StatAsync(Run, Path1));

        File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file).AddTicks(1));
        Assert.NotEqual(before, await _stores.East.StatAsync(Run, Path1));
        File.Delete(file);
        Assert.Null(await _stores.East.StatAsync(Run, Path1));
        Assert.Null(await _stores.East.StatAsync(Run, "e1/a0/10"));
        Assert.Null(await _stores.East.StatAsync(Run, $"e1/a0/10/{new string('n', 300)}"));
    }

    private Task<CopyOutcome> CopyAsync() => _stores.West.CopyFromAsync(_stores.East, Run, Weights, MountedStores.Unlimited);

    /// <summary>Begins a copy, breaks it off after its first megabyte, and gives the name of what it left.</summary>
    private async Task<string> BreakOffAsync()
    {
        _stores.Write("east", Path1, Content);
        using var patience = new CancellationTokenSource();
        var copy = _stores.West.CopyFromAsync(_stores.East, Run, Weights, new ByteRate(1 << 20), patience.Token);
        await _time.SomebodyWaitsAsync();
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => copy);
        var partial = Assert.Single(_stores.Files("west"), file => file.Contains("/.part-", StringComparison.Ordinal));
        Assert.Null(_stores.Read("west", Path1));
        return Path.Combine(_stores.Root("west"), partial);
    }
}
