namespace Failover.Grains;

/// <summary>Does the same for many at once, so many at a time; the one that fails keeps nobody else waiting, and stops nobody.</summary>
internal static class Fanout
{
    /// <summary>How many at a time: enough to keep the state store's writer busy, and few enough that the last of thousands is not sent only to time out in a queue.</summary>
    public const int Width = 64;

    /// <summary>
    /// Ends once all are done. What one of them ran into goes to <paramref name="failed"/>, whatever it is: a row or an object that trips us must not stop what is done for all others.
    /// Stays on the scheduler that it is called on, so a grain may use it.
    /// </summary>
    public static async Task ForEachAsync<T>(IEnumerable<T> items, Func<T, Task> act, Action<T, Exception> failed, CancellationToken stopping = default)
    {
        // First all, lest an enumeration that breaks off leaves some under way.
        T[] all = [.. items];
        using var slots = new SemaphoreSlim(Width);
        await Task.WhenAll(all.Select(GuardedAsync));

        async Task GuardedAsync(T item)
        {
            await slots.WaitAsync(stopping);
            try
            {
                await act(item);
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                failed(item, failure);
            }
            finally
            {
                slots.Release();
            }
        }
    }
}
