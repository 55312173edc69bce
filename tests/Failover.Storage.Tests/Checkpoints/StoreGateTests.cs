using Failover.Abstractions.Ports;
using Failover.Storage.Checkpoints;
using Microsoft.Extensions.Time.Testing;

namespace Failover.Storage.Tests.Checkpoints;

/// <summary>Who pays for a store that hangs.</summary>
public sealed class StoreGateTests
{
    private static readonly StoreOptions Options = new() { OpenMax = 2 };

    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource<int> _never = new();

    [Fact]
    public async Task Ask_ManyAtOnceOfAStoreThatHangs_NoMoreThanTheLimitReachIt()
    {
        var gate = new StoreGate("east", Options, _time);
        var reached = 0;
        var asked = Enumerable.Range(0, 20).Select(_ => gate.AskAsync(
            () =>
            {
                Interlocked.Increment(ref reached);
                return _never.Task;
            },
            null, TestContext.Current.CancellationToken)).ToList();

        while (!asked.TrueForAll(ask => ask.IsCompleted))
        {
            _time.Advance(Options.Patience);
            await Task.Yield();
        }

        Assert.All(asked, ask => Assert.IsType<StoreUnavailableException>(ask.Exception!.InnerException));
        Assert.True(reached <= Options.OpenMax, $"{reached} calls hang in the kernel");
    }

    [Fact]
    public async Task Copy_SourceHangs_TheTargetIsStillAsked()
    {
        var (east, west) = (new StoreGate("east", Options, _time), new StoreGate("west", Options, _time));
        var pulses = Enumerable.Range(0, Options.OpenMax).Select(_ => new Pulse()).ToList();
        // As CopyFromAsync asks them.
        var copies = pulses.ConvertAll(
            pulse => west.AskAsync(() => pulse.WaitAsync(east.AskAsync(() => _never.Task, null, default)), pulse, TestContext.Current.CancellationToken));
        while (!pulses.TrueForAll(pulse => pulse.IsWaiting))
            await Task.Yield();

        _time.Advance(Options.Patience);

        foreach (var copy in copies)
            Assert.StartsWith("east: ", (await Assert.ThrowsAsync<StoreUnavailableException>(() => copy)).Message, StringComparison.Ordinal);
        Assert.Equal(7, await west.AskAsync(() => Task.FromResult(7), null, TestContext.Current.CancellationToken));
    }
}
