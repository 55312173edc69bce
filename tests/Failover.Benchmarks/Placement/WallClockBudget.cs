using System.Diagnostics;
using Failover.Domain.Placement.Solving;

namespace Failover.Benchmarks.Placement;

/// <summary>A deadline: elapsed time from its making, on the monotonic clock.</summary>
internal sealed class WallClockBudget(double seconds) : ISolveBudget
{
    private readonly long start = Stopwatch.GetTimestamp();

    public double Spent(long work) => seconds <= 0 ? 1 : Stopwatch.GetElapsedTime(start).TotalSeconds / seconds;
}
