using System.ComponentModel;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Failover.Storage.Tests.Tables;

/// <summary>Counts what the kernel was asked to make durable, with strace.</summary>
public sealed partial class SqliteSyncTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Write_OneCaller_SyncsBeforeEachAcknowledgement()
    {
        const int writes = 200;
        var idle = await CountSyncsAsync(callers: 1, pairs: 0);

        var syncs = await CountSyncsAsync(callers: 1, writes) - idle;

        output.WriteLine($"1 caller: acknowledged {writes}, fsyncs {syncs} besides {idle} at start and end");
        Assert.True(syncs >= writes, $"{writes} writes were acknowledged with {syncs} fsyncs.");
    }

    [Fact]
    public async Task Write_SixteenCallers_ShareSyncs()
    {
        const int callers = 16, pairs = 50;
        var idle = await CountSyncsAsync(callers, pairs: 0);

        var syncs = await CountSyncsAsync(callers, pairs) - idle;

        output.WriteLine($"{callers} callers: acknowledged {callers * pairs}, fsyncs {syncs} besides {idle} at start and end");
        // Nobody has more than one write under way, so that a group holds one of each caller at the most.
        Assert.InRange(syncs, pairs, callers * pairs);
    }

    private async Task<int> CountSyncsAsync(int callers, int pairs)
    {
        var (path, summary) = (_folder.File($"{callers}-{pairs}.db"), _folder.File($"{callers}-{pairs}.strace"));
        try
        {
            using var process = WriterProcess.Start(["strace", "-f", "-c", "-e", "trace=fsync,fdatasync", "-o", summary], path, "k", callers, pairs);
            var acknowledged = 0;
            while (await process.ReadKeyAsync() is not null) acknowledged++;
            var errors = await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            if (errors.Contains("ptrace", StringComparison.OrdinalIgnoreCase)) Assert.Skip($"strace may not trace here: {errors}");
            Assert.Equal((0, callers * pairs, ""), (process.ExitCode, acknowledged, errors));
        }
        catch (Win32Exception exception)
        {
            Assert.Skip($"strace is not to be had here: {exception.Message}");
        }

        return Calls().Matches(await File.ReadAllTextAsync(summary)).Sum(static line => int.Parse(line.Groups["calls"].Value, CultureInfo.InvariantCulture));
    }

    // "% time, seconds, usecs/call, calls, errors (if any), syscall"
    [GeneratedRegex(@"^ *[\d.]+ +[\d.]+ +\d+ +(?<calls>\d+) +(\d+ +)?f(data)?sync$", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Calls();
}
