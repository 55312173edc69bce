using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;
using Failover.Grains.Effects;
using Failover.Grains.Tests.Doubles;

namespace Failover.Grains.Tests.Effects;

/// <summary>How long the runner waits for what does not end, each on a bench of its own since they move time far.</summary>
public sealed class EffectLimitTests : IAsyncLifetime
{
    private readonly Bench _bench = new();
    private readonly string _uid = Samples.NewUid();

    public ValueTask InitializeAsync() => _bench.InitializeAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Effect_DoesNotHeedItsToken_IsLeftToItselfAndTriedAgain()
    {
        var member = _bench.Members["west-1"];
        (member.OnLaunch, member.HeedsTokens) = (null, false);
        var running = Samples.Running(_uid, cut: new CommitRef(1, 0));
        await _bench.PutAsync(running with
        {
            Step = RunStep.Launching,
            Epoch = running.Epoch! with { Target = Samples.In("west") },
            Move = Samples.Moving(_uid, RunStep.Pinning).Move,
        });
        await _bench.Run(_uid).GetAsync();
        await UntilAsync(() => !member.Launches.IsEmpty);

        _bench.Time.Advance(new EffectOptions().Timeout * 2);

        Assert.Equal(RunStep.Launching, (await _bench.WaitForRunAsync(_uid, run => run.Retry.Tries == 1)).Step);
    }

    [Fact]
    public async Task Seal_StoreHangs_IsOwedAndTheFenceIsLeft()
    {
        var commit = new CommitRef(1, 0);
        await _bench.Stores.CommitAsync("west", _uid, 1, 0);
        var hanging = 0;
        _bench.Stores.BeforeList = (store, _) => store == "east" ? HangAsync() : Task.CompletedTask;
        await _bench.PutAsync(Samples.Moving(_uid, RunStep.Fenced, commit) with { Tips = [new StoreTip("west", commit, 1_010, Samples.Start)] });

        await _bench.Run(_uid).GetAsync();
        // The seal, then the survey after it.
        foreach (var times in new[] { 1, 2 })
        {
            await UntilAsync(() => Volatile.Read(ref hanging) == times);
            _bench.Time.Advance(new EffectOptions().StoreTimeout);
        }

        var past = await _bench.WaitForRunAsync(_uid, run => run.Step != RunStep.Fenced || run.Retry.Tries > 0);
        _bench.Stores.BeforeList = null;
        // Where to depends on whether the west was listed before time was moved on; here it counts that nobody tries the seal for ever.
        Assert.NotEqual(RunStep.Fenced, past.Step);
        Assert.Equal([new PendingSeal(1, "east")], past.PendingSeals.Select(seal => seal with { NotBefore = null, Since = null }));

        Task HangAsync()
        {
            Interlocked.Increment(ref hanging);
            return new TaskCompletionSource().Task;
        }
    }

    [Fact]
    public async Task Stage_TakesLong_IsNotBrokenOffWhileItIsWanted()
    {
        var commit = await StagingAsync();
        var (begun, held) = HoldEast();
        await _bench.Run(_uid).GetAsync();
        await begun;

        for (var minutes = 0; minutes < 15; minutes++)
            _bench.Time.Advance(new EffectOptions().StagingReview);
        _bench.Stores.BeforeList = null;
        held.SetResult();

        var staged = await _bench.WaitForRunAsync(_uid, run => run.Step != RunStep.Staging || run.Retry.Tries > 0);
        Assert.NotEqual(RunStep.Staging, staged.Step);
        Assert.Equal("weights of e1/0", _bench.Stores.Read("west", _uid, StoreWorld.PathOf(commit)));
    }

    [Fact]
    public async Task Stage_RunDoesNotAskForItAnyMore_IsBrokenOff()
    {
        await StagingAsync();
        var ended = new TaskCompletionSource();
        var (begun, _) = HoldEast(token => token.Register(ended.SetResult));
        await _bench.Run(_uid).GetAsync();
        await begun;
        await _bench.PutAsync(Samples.Running(_uid));

        await UntilAsync(() =>
        {
            _bench.Time.Advance(new EffectOptions().StagingReview);
            return ended.Task.IsCompleted;
        });

        _bench.Stores.BeforeList = null;
        Assert.Equal(RunStep.Running, (await _bench.WaitForRunAsync(_uid, _ => true)).Step);
    }

    private async Task<CommitRef> StagingAsync()
    {
        var commit = new CommitRef(1, 0);
        await _bench.Stores.CommitAsync("east", _uid, 1, 0);
        await _bench.PutAsync(Samples.Moving(_uid, RunStep.Staging, commit));
        return commit;
    }

    /// <summary>The east lists nothing until it is let go.</summary>
    private (Task Begun, TaskCompletionSource Held) HoldEast(Action<CancellationToken>? asked = null)
    {
        var (begun, held) = (new TaskCompletionSource(), new TaskCompletionSource());
        _bench.Stores.BeforeList = (store, token) =>
        {
            if (store != "east")
                return Task.CompletedTask;
            asked?.Invoke(token);
            begun.TrySetResult();
            return held.Task.WaitAsync(token);
        };
        return (begun.Task, held);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        while (!condition())
            await pace.WaitForNextTickAsync(patience.Token);
    }
}
