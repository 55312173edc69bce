using System.Diagnostics;
using Failover.Domain.Placement.Solving;

namespace Failover.Benchmarks.Placement;

/// <summary>A deadline: elapsed time from its making, on the monotonic clock.</summary>
internal sealed class WallClockBudget(double seconds) : ISolveBudget
{
    private readonly long start = Stopwatch.GetTimestamp();

    public double Spent(long work) => seconds <= 0 ? 1 : Stopwatch.GetElapsedTime(start).TotalSeconds / seconds;
}

/// <summary>
/// The same in processor time of this process: for figures from a machine that others are at work on. It says nothing of how a deadline is kept. The system
/// is asked only when enough time has passed that the answer may differ: to ask costs a microsecond, and solvers ask often.
/// </summary>
internal sealed class ProcessorBudget(double seconds) : ISolveBudget
{
    private static readonly long Pause = Stopwatch.Frequency / 10_000;

    private readonly double start = Now;
    private double last;
    private long asked;

    public static double Now => Environment.CpuUsage.TotalTime.TotalSeconds;

    public double Spent(long work)
    {
        if (seconds <= 0)
            return 1;
        var now = Stopwatch.GetTimestamp();
        if (now - asked >= Pause)
            (last, asked) = (Now - start, now);
        return last / seconds;
    }
}
