using Failover.Abstractions.Ports;

namespace Failover.Grains.Effects;

/// <summary>
/// Bounds what is asked of one store altogether. Each question to it has a limit of its own; many that are each answered just in time would still outlast the effect that asks,
/// and a run at its fence has no way back: it has to hear that the store is as good as out of reach.
/// </summary>
internal static class StoreLimit
{
    /// <summary>The answer of <paramref name="ask"/>. Throws <see cref="StoreUnavailableException"/> where it is not there in time; what was asked may still be done (I4).</summary>
    public static async Task<T> WithinAsync<T>(string store, TimeSpan limit, TimeProvider time, Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            // Waited for by the token too, since a call that hangs in the kernel does not heed it.
            return await ask(either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException cancelled) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new StoreUnavailableException($"{store}: not done within {limit.TotalSeconds:0.#} s", cancelled);
        }
    }
}
