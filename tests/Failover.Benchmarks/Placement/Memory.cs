namespace Failover.Benchmarks.Placement;

/// <summary>The process's peak of resident memory, as Linux counts it.</summary>
internal static class Memory
{
    /// <summary>Begins to count anew; where the kernel does not allow it, the peak is that of the whole process.</summary>
    public static void ResetPeak()
    {
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The figure is then too high, never too low.
        }
    }

    /// <summary>In MB of 10^6 bytes.</summary>
    public static double PeakMB()
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6).Trim().TrimEnd("kB").Trim()) * 1024 / 1e6;
    }
}
