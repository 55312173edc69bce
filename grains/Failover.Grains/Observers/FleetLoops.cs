using Failover.Abstractions.Ports;
using Failover.Domain.Fleet;

namespace Failover.Grains.Observers;

/// <summary>Keeps one loop running for each thing of the fleet in force: what comes gets one at once, and what goes, or is no longer the same, loses its own.</summary>
internal static class FleetLoops
{
    /// <summary>
    /// Runs until stopped. <paramref name="keysOf"/> says what there is, by keys that are equal as long as the same loop will do. The first loop that ends on its own
    /// takes the others with it, so that a witness that died of a bug is not silently missed while the rest goes on.
    /// </summary>
    public static async Task RunAsync<TKey>(
        FleetBook fleets, Func<FleetSpec, IEnumerable<TKey>> keysOf, Func<TKey, CancellationToken, Task> loop, CancellationToken stopping)
        where TKey : notnull
    {
        var running = new Dictionary<TKey, Loop>();
        while (!stopping.IsCancellationRequested)
        {
            var (fleet, changed) = fleets.Read();
            var wanted = keysOf(fleet).ToHashSet();
            foreach (var gone in running.Keys.Where(key => !wanted.Contains(key)).ToList())
            {
                running.Remove(gone, out var left);
                await left!.EndAsync();
            }

            foreach (var key in wanted.Where(key => !running.ContainsKey(key)))
                running.Add(key, Loop.Start(token => loop(key, token), stopping));
            await Task.WhenAny([changed.WaitAsync(stopping), .. running.Values.Select(one => one.Task)]);
            // What a loop ran into while its member was leaving the fleet says nothing.
            if (!stopping.IsCancellationRequested && !changed.IsCompleted)
            {
                await Task.WhenAll(running.Values.Select(one => one.Task).Where(task => task.IsCompleted));
                return;
            }
        }

        await Task.WhenAll(running.Values.Select(one => one.EndAsync()));
    }

    private sealed class Loop(Task task, CancellationTokenSource ending)
    {
        public Task Task { get; } = task;

        public static Loop Start(Func<CancellationToken, Task> loop, CancellationToken stopping)
        {
            var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            return new Loop(loop(ending.Token), ending);
        }

        /// <summary>Ends it, however it takes that.</summary>
        public async Task EndAsync()
        {
            await ending.CancelAsync();
#pragma warning disable VSTHRD003 // A loop of our own making, which needs no context of its starter's.
            await Task.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
#pragma warning restore VSTHRD003
            ending.Dispose();
        }
    }
}
