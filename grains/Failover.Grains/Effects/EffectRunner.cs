using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;
using Failover.Abstractions.Grains;
using Failover.Abstractions.Ports;
using Failover.Abstractions.State;
using Failover.Domain.Migration;
using Failover.Grains.State;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failover.Grains.Effects;

/// <summary>
/// The one place where runs' effects happen. An effect is looked up in the run's freshly read row first and dropped where the row does not ask for it any more (I3), so a
/// late, repeated or lost one does no harm; what comes back is an event for the run.
/// </summary>
internal sealed partial class EffectRunner(
    StateReader rows,
    EffectActions actions,
    IGrainFactory grains,
    RunPolicy policy,
    IOptions<EffectOptions> options,
    TimeProvider time,
    ILogger<EffectRunner> logger) : BackgroundService, IEffectQueue
{
    /// <summary>Beyond this many an effect is dropped; the planner's next tick issues it again.</summary>
    private const int QueueLength = 20_000;

    /// <summary>What an effect gets to end by its token.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly Channel<(string Run, string Effect)> _queue = Channel.CreateBounded<(string, string)>(QueueLength);
    private readonly ConcurrentDictionary<string, byte> _known = new();

    public void Enqueue(string runUid, ImmutableArray<RunEffect> effects)
    {
        foreach (var effect in effects)
        {
            if (_known.TryAdd(effect.Id, 0) && !_queue.Writer.TryWrite((runUid, effect.Id)))
                _known.TryRemove(effect.Id, out _);
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, options.Value.Parallel).Select(_ => WorkAsync(stoppingToken)));

    private async Task WorkAsync(CancellationToken stopping)
    {
        await foreach (var (run, effect) in _queue.Reader.ReadAllAsync(stopping))
        {
            try
            {
                // Forgotten before it is told: the run's answer may be to ask for the same again.
                if (await PerformAsync(run, effect, stopping) is { } happened)
                    await grains.GetGrain<IRunGrain>(run).ApplyAsync(happened);
            }
            catch (Exception failure) when (failure is not OperationCanceledException || !stopping.IsCancellationRequested)
            {
                // Nothing is lost: the row still asks for the effect, and the next tick issues it again.
                LogFailed(effect, failure.Message);
            }
        }
    }

    /// <summary>What came of it; null where the row does not ask for it.</summary>
    private async Task<RunEvent?> PerformAsync(string uid, string effectId, CancellationToken stopping)
    {
        try
        {
            return await DueAsync(uid, effectId, stopping) is { } due ? await TryAsync(due.Run, due.Effect, stopping) : null;
        }
        finally
        {
            _known.TryRemove(effectId, out _);
        }
    }

    /// <summary>The run and the effect, where its row asks for it now.</summary>
    private async Task<(RunState Run, RunEffect Effect)?> DueAsync(string uid, string effectId, CancellationToken stopping)
    {
        var run = await rows.ReadRunAsync(uid, stopping);
        if (run is null)
            return null;
        var now = time.GetUtcNow();
        var current = run with { Now = now > run.Now ? now : run.Now };
        return RunMachine.Due(current, policy).FirstOrDefault(due => due.Id == effectId) is { } effect ? (current, effect) : null;
    }

    /// <summary>A time-out or an unreachable port is an event like any other: nobody knows what was done (I4).</summary>
    private async Task<RunEvent?> TryAsync(RunState run, RunEffect effect, CancellationToken stopping)
    {
        var limit = options.Value.Timeout;
        try
        {
            if (effect is RunEffect.Stage)
                return await StageAsync(run, effect, stopping);
            // What a token does not end is left to itself; it holds none of our workers.
            return await PerformWithinAsync(run, effect, limit, stopping).WaitAsync(limit + Grace, time, stopping);
        }
        catch (Exception failure) when (failure is (OperationCanceledException or TimeoutException) && !stopping.IsCancellationRequested)
        {
            return new RunEvent.EffectFailed(time.GetUtcNow(), effect.Id, $"no answer within {limit:g}");
        }
        catch (Exception failure) when (failure is StoreUnavailableException or TableUnavailableException)
        {
            return new RunEvent.EffectFailed(time.GetUtcNow(), effect.Id, failure.Message);
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            // Told to the run as well, so that it backs off and says why; left to the log alone it would try for ever.
            LogUnexpected(effect.Id, failure);
            return new RunEvent.EffectFailed(time.GetUtcNow(), effect.Id, failure.Message);
        }
    }

    /// <summary>
    /// Copies for as long as that gets on, which takes hours for terabytes; a limit on the whole would have all of it hashed anew time and again, and never done. Null once the
    /// row does not ask for it any more.
    /// </summary>
    private async Task<RunEvent?> StageAsync(RunState run, RunEffect effect, CancellationToken stopping)
    {
        using var wanted = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        try
        {
            var staging = actions.PerformAsync(run, effect, wanted.Token);
            while (true)
            {
                try
                {
                    return await staging.WaitAsync(options.Value.StagingReview, time, stopping);
                }
                catch (TimeoutException) when (!staging.IsCompleted)
                {
                    if (await DueAsync(run.Uid, effect.Id, stopping) is null)
                        return null;
                }
            }
        }
        finally
        {
            await wanted.CancelAsync();
        }
    }

    private async Task<RunEvent> PerformWithinAsync(RunState run, RunEffect effect, TimeSpan limit, CancellationToken stopping)
    {
        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, timeout.Token);
        return await actions.PerformAsync(run, effect, either.Token);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Effect {Effect} met what it was not made for")]
    private partial void LogUnexpected(string effect, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Effect {Effect} broke off and will be issued again: {Reason}")]
    private partial void LogFailed(string effect, string reason);
}
