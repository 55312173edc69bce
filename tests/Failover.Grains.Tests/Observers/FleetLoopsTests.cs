using System.Threading.Channels;
using Failover.Abstractions.Ports;
using Failover.Domain.Fleet;
using Failover.Grains.Observers;
using Failover.Grains.Tests.Doubles;

namespace Failover.Grains.Tests.Observers;

public sealed class FleetLoopsTests : IAsyncDisposable
{
    private readonly FleetBook _fleets = new(Samples.Fleet(store => store));
    private readonly Channel<string> _told = Channel.CreateUnbounded<string>();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _bug = new();
    private Task _running = Task.CompletedTask;

    [Fact]
    public async Task Run_MemberJoins_GetsALoopAndTheOthersKeepTheirs()
    {
        await StartAsync();

        Replace(fleet => [.. fleet.Members, new MemberSpec("new-1", fleet.Regions[0].Name, "kubeconfig")]);

        Assert.Equal("+new-1", await NextAsync());
        Assert.False(_told.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Run_MemberLeaves_ItsLoopEndsAndTheOthersGoOn()
    {
        await StartAsync();
        var leaving = _fleets.Current.Members[0].Name;

        Replace(fleet => fleet.Members.RemoveAt(0));

        Assert.Equal($"-{leaving}", await NextAsync());
        Assert.False(_running.IsCompleted);
    }

    [Fact]
    public async Task Run_MemberIsReachedOtherwise_ItsLoopBeginsAnew()
    {
        await StartAsync();
        var member = _fleets.Current.Members[0].Name;

        Replace(fleet => fleet.Members.SetItem(0, fleet.Members[0] with { Kubeconfig = "another" }));

        Assert.Equal([$"-{member}", $"+{member}"], [await NextAsync(), await NextAsync()]);
    }

    [Fact]
    public async Task Run_LoopDiesOfABug_TakesAllWithIt()
    {
        await StartAsync();

        _bug.SetException(new NotSupportedException("a bug"));

        await Assert.ThrowsAsync<NotSupportedException>(() => _running);
    }

    [Fact]
    public async Task Run_Stopped_AllEnd()
    {
        await StartAsync();

        await _stopping.CancelAsync();

        await _running;
        for (var member = 0; member < _fleets.Current.Members.Length; member++)
            Assert.StartsWith("-", await NextAsync(), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _stopping.Dispose();
    }

    private async Task StartAsync()
    {
        _running = FleetLoops.RunAsync(_fleets, fleet => fleet.Members, LoopAsync, _stopping.Token);
        for (var member = 0; member < _fleets.Current.Members.Length; member++)
            Assert.StartsWith("+", await NextAsync(), StringComparison.Ordinal);
    }

    private async Task LoopAsync(MemberSpec member, CancellationToken stopping)
    {
        _told.Writer.TryWrite("+" + member.Name);
        try
        {
            await _bug.Task.WaitAsync(stopping);
        }
        finally
        {
            _told.Writer.TryWrite("-" + member.Name);
        }
    }

    private void Replace(Func<FleetSpec, System.Collections.Immutable.ImmutableArray<MemberSpec>> change) =>
        _fleets.Replace(_fleets.Current with { Members = change(_fleets.Current) });

    private async Task<string> NextAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return await _told.Reader.ReadAsync(patience.Token);
    }
}
