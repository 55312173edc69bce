using System.Diagnostics.CodeAnalysis;
using Failover.Abstractions.Ports;

namespace Failover.Storage.Checkpoints;

/// <summary>
/// Keeps a store that hangs (a hard mount of a server that is gone) from holding whoever asks it. Such a call waits in the kernel, and no token ends it: so it is waited for only so
/// long, and left open. What it was to do may still be done, late: its outcome is unknown (I4), and all that is asked of a store is made to be harmless then. A seal closes an
/// epoch that is to be closed anyway; a slot, a file and a pin are made only if absent; what is set aside is a copy known to be bad.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as the process, and late answers still give places back; a semaphore whose handle nobody asks for holds nothing.")]
internal sealed class StoreGate(string store, StoreOptions options, TimeProvider time)
{
    // Bulk work has places of its own: copies that take hours must not keep a seal waiting.
    private readonly SemaphoreSlim _places = new(options.OpenMax);
    private readonly SemaphoreSlim _bulkPlaces = new(options.OpenMax);
    private int _open;

    /// <summary>The answer of <paramref name="ask"/>. Throws <see cref="StoreUnavailableException"/> where the store hangs.</summary>
    public async Task<T> AskAsync<T>(Func<Task<T>> ask, Pulse? pulse, CancellationToken cancellationToken)
    {
        var places = pulse is null ? _places : _bulkPlaces;
        await EnterAsync(places, pulse, cancellationToken);
        // On a thread of its own: those that hang would starve the thread pool, and everybody with it.
        var asking = Task.Factory.StartNew(
            () => OccupyAsync(ask, places), CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default).Unwrap();
        var patience = pulse is not null ? options.BulkPatience : Volatile.Read(ref _open) > 0 ? options.PatienceInDoubt : options.Patience;
        try
        {
            while (true)
            {
                var beats = pulse?.Beats;
                try
                {
                    // Cancelled, it ends by its own token, and leaves nothing half open; where it does not, patience ends it.
                    return await asking.WaitAsync(patience, time, CancellationToken.None);
                }
                catch (TimeoutException) when (!asking.IsCompleted && pulse is not null && (pulse.IsWaiting || pulse.Beats != beats))
                {
                    // It takes long, but goes on.
                }
                catch (TimeoutException late) when (!asking.IsCompleted)
                {
                    throw new StoreUnavailableException($"{store}: no answer within {patience.TotalSeconds:0.#} s", late);
                }
            }
        }
        finally
        {
            if (!asking.IsCompleted)
                LeaveOpen(asking);
        }
    }

    /// <summary>A question that is left open keeps its place, so no more of them than there are places ever wait in the kernel, however many come at once.</summary>
    private static async Task<T> OccupyAsync<T>(Func<Task<T>> ask, SemaphoreSlim places)
    {
        try
        {
            return await ask();
        }
        finally
        {
            places.Release();
        }
    }

    private async Task EnterAsync(SemaphoreSlim places, Pulse? pulse, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (true)
        {
            if (Volatile.Read(ref _open) >= options.OpenMax)
                throw new StoreUnavailableException($"{store}: hangs; {options.OpenMax} questions to it are still open");
            if (await TakeTurnAsync(places, cancellationToken))
                return;
            // Bulk work waits behind bulk work for as long as the store is not known to hang.
            if (pulse is null)
                throw new StoreUnavailableException($"{store}: no turn within {options.Patience.TotalSeconds:0.#} s");
        }
    }

    private async Task<bool> TakeTurnAsync(SemaphoreSlim places, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(options.Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            await places.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private void LeaveOpen(Task asking)
    {
        Interlocked.Increment(ref _open);
        _ = asking.ContinueWith(
            ended =>
            {
                Interlocked.Decrement(ref _open);
                // Looked at, so that nobody takes a late failure for an unforeseen one.
                _ = ended.Exception;
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}

/// <summary>Signs of life of something that may take long.</summary>
internal sealed class Pulse
{
    private long _beats;
    private int _waiting;

    public long Beats => Interlocked.Read(ref _beats);

    /// <summary>It does not go on because it is told not to, yet.</summary>
    public bool IsWaiting => Volatile.Read(ref _waiting) > 0;

    public void Beat() => Interlocked.Increment(ref _beats);

    /// <summary>What another store answers: this one is not to blame for how long that takes.</summary>
    public async Task<T> WaitAsync<T>(Task<T> wait)
    {
        await WaitAsync((Task)wait);
#pragma warning disable VSTHRD003 // It has ended.
        return await wait;
#pragma warning restore VSTHRD003
    }

    public async Task WaitAsync(Task wait)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
#pragma warning disable VSTHRD003 // A delay of our own caller's, just begun.
            await wait;
#pragma warning restore VSTHRD003
        }
        finally
        {
            // In this order: it is never seen neither to wait nor to have gone on.
            Beat();
            Interlocked.Decrement(ref _waiting);
        }
    }
}
