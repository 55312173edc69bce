using System.Diagnostics;

namespace Failover.Storage.Tests.Tables;

/// <summary>Failover.Storage.Writer as a process, optionally under another command.</summary>
internal static class WriterProcess
{
    public static Process Start(ReadOnlySpan<string> under, string path, string prefix, int callers, int pairs)
    {
        string[] command = [.. under, Path.Combine(AppContext.BaseDirectory, "Failover.Storage.Writer"), path, prefix, $"{callers}", $"{pairs}"];
        var start = new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        return Process.Start(start) ?? throw new InvalidOperationException($"{command[0]} did not start.");
    }

    /// <summary>The next acknowledged key; <see langword="null"/> at the end, also where the last line was cut short.</summary>
    public static async Task<string?> ReadKeyAsync(this Process process) =>
        await process.StandardOutput.ReadLineAsync() is { } line && line.EndsWith('.') ? line[..^1] : null;
}
