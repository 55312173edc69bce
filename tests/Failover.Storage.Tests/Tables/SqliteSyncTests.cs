using System.ComponentModel;
using System.Text.RegularExpressions;

namespace Failover.Storage.Tests.Tables;

/// <summary>What the kernel was asked to make durable, and when, as strace saw it.</summary>
public sealed partial class SqliteSyncTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Write_OneCaller_SyncsBeforeEachAcknowledgement()
    {
        const int writes = 200;

        var trace = await TraceAsync(callers: 1, writes);

        output.WriteLine($"1 caller: acknowledged {trace.Acknowledged}, fsyncs {trace.Syncs}, acknowledged without one since the last {trace.Unsynced}");
        Assert.Equal((writes, 0), (trace.Acknowledged, trace.Unsynced));
        Assert.True(trace.Syncs >= writes, $"{writes} writes were acknowledged with {trace.Syncs} fsyncs.");
    }

    [Fact]
    public async Task Write_SixteenCallers_ShareSyncs()
    {
        const int callers = 16, pairs = 50;

        var trace = await TraceAsync(callers, pairs);

        output.WriteLine($"{callers} callers: acknowledged {trace.Acknowledged}, fsyncs {trace.Syncs}");
        // Nobody has more than one write under way, so that a group holds one of each caller at the most.
        Assert.Equal(callers * pairs, trace.Acknowledged);
        Assert.True(trace.Syncs >= pairs, $"{pairs} rounds were acknowledged with {trace.Syncs} fsyncs.");
    }

    /// <summary>The writer's acknowledgements and finished syncs, and how many of the former came with none of the latter since the one before.</summary>
    private async Task<(int Acknowledged, int Syncs, int Unsynced)> TraceAsync(int callers, int pairs)
    {
        var (path, log) = (_folder.File("state.db"), _folder.File("strace.log"));
        try
        {
            using var process = WriterProcess.Start(["strace", "-f", "-e", "trace=fsync,fdatasync,write", "-o", log], path, "key", callers, pairs);
            while (await process.ReadKeyAsync() is not null) { }
            var errors = await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            if (errors.Contains("ptrace", StringComparison.OrdinalIgnoreCase)) Assert.Skip($"strace may not trace here: {errors}");
            Assert.Equal((0, ""), (process.ExitCode, errors));
        }
        catch (Win32Exception exception)
        {
            Assert.Skip($"strace is not to be had here: {exception.Message}");
        }

        var (acknowledged, syncs, unsynced, since) = (0, 0, 0, 0);
        await foreach (var line in File.ReadLinesAsync(log))
        {
            if (FinishedSync().IsMatch(line))
            {
                syncs++;
                since++;
            }
            else if (line.Contains(", \"key-", StringComparison.Ordinal)) // only standard output has it: SQLite writes with pwrite64
            {
                acknowledged++;
                if (since == 0) unsynced++;
                since = 0;
            }
        }

        return (acknowledged, syncs, unsynced);
    }

    // "4711 fdatasync(12) = 0", or the second half of one that other threads interrupted: "4711 <... fdatasync resumed>) = 0".
    [GeneratedRegex(@"(f(data)?sync\(\d+\)|f(data)?sync resumed>.*) *= 0$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FinishedSync();
}
