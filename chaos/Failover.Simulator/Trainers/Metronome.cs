namespace Failover.Simulator.Trainers;

/// <summary>
/// One timer for the steps of all trainers. A timer each would wake a pool thread per step, and the pool's spinning made that ten times as dear as the steps
/// themselves; here all steps that are due run one after another on one thread. So a step must not block: who has to, yields first. Thread-safe.
/// </summary>
internal sealed class Metronome : IDisposable
{
    // Coarse enough to cost nothing, fine enough for 20 steps a second; the average rate is exact, since due times are reckoned from due times.
    private static readonly TimeSpan Resolution = TimeSpan.FromMilliseconds(20);

    private readonly Lock _lock = new();
    private readonly PriorityQueue<TaskCompletionSource, long> _waiting = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    public Metronome(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(_ => Tick(), state: null, Resolution, Resolution);
    }

    /// <summary>The time now, as due times are given.</summary>
    public long Now => _time.GetTimestamp();

    /// <summary>When <paramref name="span"/> will have passed since <paramref name="timestamp"/>.</summary>
    public long After(long timestamp, TimeSpan span) => timestamp + (long)(span.TotalSeconds * _time.TimestampFrequency);

    /// <summary>Ends at the first tick at or past the due time.</summary>
    public async Task WaitAsync(long due, CancellationToken killed)
    {
        var waiter = new TaskCompletionSource(); // Goes on inline, on the tick's thread: that is the point.
        lock (_lock) _waiting.Enqueue(waiter, due);
        await using var registration = killed.Register(() => waiter.TrySetCanceled(killed));
        await waiter.Task;
    }

    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        while (true)
        {
            TaskCompletionSource? waiter;
            lock (_lock)
            {
                if (!_waiting.TryPeek(out waiter, out var due) || due > Now) return;
                _waiting.Dequeue();
            }

            waiter.TrySetResult();
        }
    }
}
