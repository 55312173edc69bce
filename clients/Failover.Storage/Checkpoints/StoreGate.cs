using Failover.Abstractions.Ports;

namespace Failover.Storage.Checkpoints;

/// <summary>
/// Keeps a store that hangs (a hard mount of a server that is gone) from holding whoever asks it. Such a call waits in the kernel, and no token ends it: so it is waited for only so
/// long, and left open. What it was to do may still be done, late: its outcome is unknown (I4), and all that is asked of a store is made to be harmless then. A seal closes an
/// epoch that is to be closed anyway; a slot, a file and a pin are made only if absent; what is set aside is a copy known to be bad.
/// </summary>
internal sealed class StoreGate(string store, StoreOptions options, TimeProvider time)
{
    private int _open;

    /// <summary>The answer of <paramref name="ask"/>. Throws <see cref="StoreUnavailableException"/> where the store hangs.</summary>
    public async Task<T> AskAsync<T>(Func<Task<T>> ask, Pulse? pulse, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _open) >= options.OpenMax)
            throw new StoreUnavailableException($"{store}: hangs; {options.OpenMax} questions to it are still open");
        var asking = Task.Run(ask, cancellationToken);
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
