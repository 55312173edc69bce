using System.Diagnostics;
using System.Security.Cryptography;
using System.Threading.Channels;
using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;
using Failover.Storage.Checkpoints;
using Microsoft.Extensions.Time.Testing;

namespace Failover.Storage.Tests.Checkpoints;

/// <summary>A mount that hangs in the kernel: its marker is a named pipe that nobody writes to.</summary>
public sealed class HangingStoreTests : IDisposable
{
    private static readonly StoreOptions Options = new() { OpenMax = 2 };

    private readonly MountedStores _stores = new();
    private readonly PatientTime _time = new();
    private readonly DirectoryCheckpointStore _east;

    public HangingStoreTests() => _east = new DirectoryCheckpointStore("east", _stores.Mount("east"), Options, _time);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Marker => Path.Combine(_stores.Root("east"), ".failover-store");

    public void Dispose()
    {
        Release();
        _stores.Dispose();
    }

    [Fact]
    public async Task Question_ToAStoreThatHangs_EndsAsUnavailable()
    {
        await HangAsync();

        var fault = await UnavailableAsync(_east.ListSlotsAsync(MountedStores.Run, 1, cancellationToken: Cancellation));

        Assert.Contains("no answer within", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Questions_LeftOpen_AreBounded_AndThenItIsAskedNothing()
    {
        await HangAsync();
        for (var open = 0; open < Options.OpenMax; open++)
            await UnavailableAsync(_east.ReadHeartbeatsAsync("east-1", Cancellation));

        var fault = await Assert.ThrowsAsync<StoreUnavailableException>(() => _east.ReadHeartbeatsAsync("east-1", Cancellation));

        Assert.Contains("still open", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_ThatHangsNoMore_IsAskedAgain()
    {
        await HangAsync();
        for (var open = 0; open < Options.OpenMax; open++)
            await UnavailableAsync(_east.ReadHeartbeatsAsync("east-1", Cancellation));

        Release();

        Assert.Empty(await AnsweredAsync(() => _east.ReadHeartbeatsAsync("east-1", Cancellation)));
    }

    [Fact]
    public async Task OtherStore_IsNotHeldUp()
    {
        await HangAsync();
        var hanging = _east.ListSlotsAsync(MountedStores.Run, 1, cancellationToken: Cancellation);

        Assert.Empty(await _stores.West.ListSlotsAsync(MountedStores.Run, 1, cancellationToken: Cancellation));
        Assert.False(hanging.IsCompleted);
        await UnavailableAsync(hanging);
    }

    [Fact]
    public async Task Copy_SourceHangsMidway_BlamesTheSourceAndLeavesTheTargetAlone()
    {
        var time = new WatchedTime();
        var west = new DirectoryCheckpointStore("west", _stores.Mount("west"), MountedStores.Options, time);
        var content = new string('w', 3 << 20);
        var file = MountedStores.FileOf("e1/a0/10/weights", content);
        _stores.Write("east", file.Path, content);
        var copy = west.CopyFromAsync(_east, MountedStores.Run, file, new ByteRate(1 << 20), Cancellation);
        await time.SomebodyWaitsAsync();
        await HangAsync();
        time.Advance(TimeSpan.FromSeconds(1));
        await time.SomebodyWaitsAsync();
        time.Advance(TimeSpan.FromSeconds(1));

        var fault = await UnavailableAsync(copy);
        Assert.StartsWith("east: ", fault.Message, StringComparison.Ordinal);
        Assert.Empty(await west.ListSlotsAsync(MountedStores.Run, 1, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Copy_OfOneFileByTwo_IsDoneOnce()
    {
        _stores.Write("east", "e1/a0/10/weights", "content");
        var file = new CommitFile("e1/a0/10/weights", "content".Length, Convert.ToHexStringLower(SHA256.HashData("content"u8)));

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _stores.West.CopyFromAsync(_stores.East, MountedStores.Run, file, MountedStores.Unlimited, Cancellation)));

        Assert.All(outcomes, outcome => Assert.Equal(CopyOutcome.Copied, outcome));
    }

    [Fact]
    public async Task Clean_RemovesOldLeftovers_AndNothingElse()
    {
        var old = DateTime.UnixEpoch;
        foreach (var name in (string[])[".bad-1", ".part-1", ".tmp-1", "weights"])
        {
            File.SetLastWriteTimeUtc(_stores.Write("east", $"e1/a0/10/{name}", "x"), old);
            _stores.Write("east", $"e1/a0/20/{name}", "x");
        }

        var removed = await _stores.East.CleanAsync(MountedStores.Run, Cancellation);

        Assert.Equal(3, removed);
        Assert.Equal(["weights"], Names("10"));
        Assert.Equal([".bad-1", ".part-1", ".tmp-1", "weights"], Names("20"));
        Assert.Equal(0, await _stores.West.CleanAsync(MountedStores.Run, Cancellation));

        IEnumerable<string> Names(string step) =>
            Directory.EnumerateFiles(Path.Combine(_stores.Root("east"), MountedStores.Run.ToString(), "e1/a0", step)).Select(name => Path.GetFileName(name)).Order(StringComparer.Ordinal);
    }

    private async Task HangAsync()
    {
        File.Delete(Marker);
        using var made = Process.Start("mkfifo", [Marker]);
        await made.WaitForExitAsync(Cancellation);
        Assert.Equal(0, made.ExitCode);
    }

    /// <summary>Whoever waits sees the end of the file, and whoever comes later the store.</summary>
    private void Release()
    {
        using var held = File.Exists(Marker) && new FileInfo(Marker).Length == 0 ? new FileStream(Marker, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite) : null;
        var whole = Path.Combine(_stores.Root("east"), "marker");
        File.WriteAllText(whole, "east");
        File.Move(whole, Marker, overwrite: true);
    }

    /// <summary>What a question to a store that hangs comes to: whenever patience begins to run, it runs out.</summary>
    private async Task<StoreUnavailableException> UnavailableAsync(Task asked)
    {
        while (!asked.IsCompleted)
        {
            if (_time.HasBegun())
                _time.Advance(Options.BulkPatience + Options.Patience);
            else
                await Task.WhenAny(asked, _time.BeginsAsync(Cancellation));
        }
        return await Assert.ThrowsAsync<StoreUnavailableException>(() => asked);
    }

    // The questions that were left open end when their threads do, and only then it is asked again; until then the answer is no, and comes at once.
    private static async Task<T> AnsweredAsync<T>(Func<Task<T>> ask)
    {
        while (true)
        {
            Cancellation.ThrowIfCancellationRequested();
            try
            {
                return await ask();
            }
            catch (StoreUnavailableException)
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>Time that stands still, and says when somebody's patience with an answer begins to run.</summary>
    private sealed class PatientTime : FakeTimeProvider
    {
        private readonly Channel<bool> _begun = Channel.CreateUnbounded<bool>();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            // A source of tokens limits how long a turn is waited for, and each has its turn at once here.
            if (state is not CancellationTokenSource)
                _begun.Writer.TryWrite(true);
            return timer;
        }

        public bool HasBegun() => _begun.Reader.TryRead(out _);

        public Task<bool> BeginsAsync(CancellationToken cancellationToken) => _begun.Reader.WaitToReadAsync(cancellationToken).AsTask();
    }
}
