using Failover.Abstractions.Ports;
using Failover.Abstractions.State;

namespace Failover.Grains.Observers;

/// <summary>A loop that goes on whatever one turn of it ran into.</summary>
internal static class Periodically
{
    /// <summary>Runs <paramref name="turn"/> every <paramref name="interval"/>, one at a time, until stopped. What stands in a turn's way is told, and the next turn tries again.</summary>
    public static async Task RunAsync(
        TimeSpan interval, TimeProvider time, Func<CancellationToken, Task> turn, Action<string> failed, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping))
            {
                try
                {
                    await turn(stopping);
                }
                catch (Exception failure) when (IsPassing(failure))
                {
                    failed(failure.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The way to end it.
        }
    }

    /// <summary>
    /// Loops that are to go on for ever, side by side: the first that ends takes the others with it, so that a witness that died of a bug is not silently missed while the
    /// rest goes on.
    /// </summary>
    public static async Task AllAsync(IEnumerable<Task> loops)
    {
        Task[] all = [.. loops];
        if (all.Length > 0)
            await (await Task.WhenAny(all));
    }

    /// <summary>Failures of what is around us; a bug of ours ends the loop, and with it the process.</summary>
    internal static bool IsPassing(Exception failure) =>
        failure is OrleansException or TimeoutException or TableUnavailableException or UnreadableRowException or StoreUnavailableException;
}
