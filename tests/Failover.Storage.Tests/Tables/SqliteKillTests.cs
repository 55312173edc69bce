using Failover.Storage.Tables;
using Microsoft.Data.Sqlite;

namespace Failover.Storage.Tests.Tables;

/// <summary>kill -9 while it writes: what was acknowledged is there, and no batch is torn.</summary>
public sealed class SqliteKillTests(ITestOutputHelper output) : IDisposable
{
    private const int Callers = 8;

    private readonly TemporaryFolder _folder = new();

    private string Path => _folder.File("state.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Kill_WhileWriting_LosesNothingAcknowledged()
    {
        var random = new Random(20260102);
        var acknowledged = new HashSet<string>(StringComparer.Ordinal);
        for (var round = 0; round < 6; round++) acknowledged.UnionWith(await KillAfterAsync($"round{round}", random.Next(100, 600)));

        // Read from what the kill left, before any writer has recovered it.
        var outbox = await SqliteOutbox.ReadAsync(Path, 0, int.MaxValue);
        var stored = new HashSet<string>(StringComparer.Ordinal);
        await using (var table = SqliteConditionalTable.Open(new SqliteTableOptions { Path = Path }, TimeProvider.System))
        {
            await foreach (var row in table.RangeAsync("pairs")) stored.Add(row.Row);
        }

        var lost = acknowledged.Where(key => !stored.Contains($"{key}-a") || !stored.Contains($"{key}-b")).ToList();
        var torn = stored.Where(row => !stored.Contains(row[..^1] + (row.EndsWith('a') ? "b" : "a"))).ToList();
        output.WriteLine($"kill -9 in 6 rounds of {Callers} callers: acknowledged {acknowledged.Count} batches, lost {lost.Count}; stored {stored.Count} rows, torn {torn.Count}");
        Assert.Empty(lost);
        Assert.Empty(torn);
        Assert.Equal(stored.Order(StringComparer.Ordinal), outbox.Select(static entry => entry.Row).Order(StringComparer.Ordinal));
        await using var connection = new SqliteConnection($"Data Source={Path};Pooling=False");
        await connection.OpenAsync();
        Assert.Equal("ok", SqliteFile.Execute(connection, "PRAGMA integrity_check"));
    }

    /// <summary>The keys acknowledged up to the kill, those included that it overtook on their way to us.</summary>
    private async Task<List<string>> KillAfterAsync(string prefix, int count)
    {
        using var process = WriterProcess.Start([], Path, prefix, Callers, int.MaxValue);
        var keys = new List<string>();
        try
        {
            while (keys.Count < count) keys.Add(await process.ReadKeyAsync() ?? throw new InvalidOperationException(await process.StandardError.ReadToEndAsync()));
        }
        finally
        {
            process.Kill(); // SIGKILL
        }

        while (await process.ReadKeyAsync() is { } key) keys.Add(key);
        await process.WaitForExitAsync();
        return keys;
    }
}
