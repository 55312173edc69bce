using System.Collections.Immutable;
using Failover.Abstractions.State;
using Failover.Storage.Tables;

// Writes pairs of rows from several callers at once, and prints a line per acknowledged pair; to be killed at any moment by the tests.
// Arguments: the table's file, a prefix for the rows, how many callers, and how many pairs each writes.
if (args is not [var path, var prefix, var callersText, var pairsText] || !int.TryParse(callersText, out var callers) || !int.TryParse(pairsText, out var pairs))
{
    await Console.Error.WriteLineAsync("usage: Failover.Storage.Writer PATH PREFIX CALLERS PAIRS");
    return 2;
}

await using var table = SqliteConditionalTable.Open(new SqliteTableOptions { Path = path }, TimeProvider.System);
using var output = new StreamWriter(Console.OpenStandardOutput());
await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => CallAsync(caller))));
return 0;

async Task CallAsync(int caller)
{
    for (var i = 0; i < pairs; i++)
    {
        var key = $"{prefix}-{caller}-{i}";
        // Two rows, so that a torn batch would show.
        ImmutableArray<TableWrite> pair = [new TableWrite.Insert($"{key}-a", key), new TableWrite.Insert($"{key}-b", key)];
        var result = await table.WriteAsync("pairs", pair);
        if (result.Outcome != WriteOutcome.Written) throw new InvalidOperationException($"{key}: {result.Outcome}");

        Acknowledge(key);
    }
}

// At once and unbuffered: a line that a kill swallows would hide a loss. The full stop tells a whole line from one that was cut short.
void Acknowledge(string key)
{
    lock (output)
    {
        output.Write($"{key}.\n");
        output.Flush();
    }
}
