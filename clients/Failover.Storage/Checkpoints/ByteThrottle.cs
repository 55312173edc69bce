using System.Runtime.CompilerServices;
using Failover.Abstractions.Ports;

namespace Failover.Storage.Checkpoints;

/// <summary>Keeps all that copy with one <see cref="ByteRate"/> to its bytes a second, together.</summary>
internal sealed class ByteThrottle(long bytesPerSecond, TimeProvider time)
{
    private static readonly ConditionalWeakTable<ByteRate, ByteThrottle> Known = [];

    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private TimeSpan _busyUntil;

    public static ByteThrottle Of(ByteRate rate, TimeProvider time) => Known.GetValue(rate, key => new ByteThrottle(key.BytesPerSecond, time));

    /// <summary>Waits until these bytes are due.</summary>
    public async Task TakeAsync(int bytes, CancellationToken cancellationToken)
    {
        if (bytesPerSecond == 0)
            return;
        TimeSpan wait;
        lock (_lock)
        {
            var now = time.GetElapsedTime(_start);
            var begin = _busyUntil > now ? _busyUntil : now;
            _busyUntil = begin + TimeSpan.FromSeconds((double)bytes / bytesPerSecond);
            wait = begin - now;
        }
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, time, cancellationToken);
    }
}
