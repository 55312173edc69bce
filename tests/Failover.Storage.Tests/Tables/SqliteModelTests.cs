using System.Collections.Immutable;
using CsCheck;
using Failover.Abstractions.State;
using Failover.Storage.Tables;

namespace Failover.Storage.Tests.Tables;

/// <summary>Random sequences of batches and reads, held against a dictionary.</summary>
public sealed class SqliteModelTests : IAsyncDisposable
{
    private static readonly string[] Rows = ["a", "a-", "aa", "b", "ä"];

    // Of a row's ETags: the current one, the one before, or one that never was.
    private static readonly Gen<Step> Write =
        from writes in Gen.Select(Gen.Int[0, 2], Gen.Int[0, Rows.Length - 1], Gen.Int[0, 5]).Array[1, 4]
        from partition in Gen.Int[0, 1]
        select new Step(partition, [.. writes.DistinctBy(static write => write.Item2)], null);

    private static readonly Gen<Step> Range =
        from partition in Gen.Int[0, 1]
        from bounds in Gen.Select(Gen.Int[-1, Rows.Length - 1], Gen.Int[-1, Rows.Length - 1], Gen.Int[0, 6])
        select new Step(partition, [], bounds);

    private readonly TemporaryFolder _folder = new();
    private readonly SqliteConditionalTable _table;
    private int _samples;

    public SqliteModelTests() => _table = SqliteConditionalTable.Open(new SqliteTableOptions { Path = _folder.File("state.db") }, TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        await _table.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Steps_AnySequence_MatchTheModel() =>
        await Gen.Frequency((4, Write), (1, Range)).Array[1, 30].SampleAsync(RunAsync, iter: 150, threads: 1);

    private async Task RunAsync(Step[] steps)
    {
        // Partitions of its own set a sample apart from the others in the file.
        var sample = Interlocked.Increment(ref _samples);
        Model[] models = [new(_table, $"{sample}/0"), new(_table, $"{sample}/1")];
        foreach (var step in steps)
        {
            var model = models[step.Partition];
            if (step.Bounds is var (from, to, limit)) await model.RangeAsync(from < 0 ? null : Rows[from], to < 0 ? null : Rows[to], limit);
            else await model.WriteAsync(step.Writes);
        }

        foreach (var model in models) await model.RangeAsync(null, null, int.MaxValue);
    }

    private sealed record Step(int Partition, ImmutableArray<(int Kind, int Row, int ETag)> Writes, (int From, int To, int Limit)? Bounds);

    private sealed class Model(SqliteConditionalTable table, string partition)
    {
        private readonly SortedDictionary<string, (string ETag, string Payload)> _rows = new(StringComparer.Ordinal);
        private readonly Dictionary<string, string> _earlier = [];
        private int _payloads;

        public async Task WriteAsync(ImmutableArray<(int Kind, int Row, int ETag)> drawn)
        {
            ImmutableArray<TableWrite> writes = [.. drawn.Select(write => Make(write.Kind, Rows[write.Row], write.ETag))];
            var conflict = writes.FirstOrDefault(write => !Holds(write));

            var result = await table.WriteAsync(partition, writes);

            Assert.Equal((conflict is null ? WriteOutcome.Written : WriteOutcome.Conflict, conflict?.Row), (result.Outcome, result.ConflictingRow));
            if (conflict is not null) return;
            foreach (var (write, etag) in writes.Zip(result.ETags)) Apply(write, etag);
        }

        public async Task RangeAsync(string? from, string? to, int limit)
        {
            var expected = _rows
                .Where(row => (from is null || string.CompareOrdinal(row.Key, from) >= 0) && (to is null || string.CompareOrdinal(row.Key, to) < 0))
                .Take(limit)
                .Select(static row => (row.Key, row.Value.ETag, row.Value.Payload));
            var actual = new List<(string, string, string)>();
            await foreach (var row in table.RangeAsync(partition, from, to, limit)) actual.Add((row.Row, row.ETag, row.Payload));
            Assert.Equal(expected, actual);
        }

        private TableWrite Make(int kind, string row, int drawn)
        {
            var payload = $"{_payloads++}";
            var etag = drawn switch
            {
                0 => "never",
                1 => _earlier.GetValueOrDefault(row, "never"),
                _ => _rows.TryGetValue(row, out var current) ? current.ETag : "never",
            };
            return kind switch
            {
                0 => new TableWrite.Insert(row, payload),
                1 => new TableWrite.Replace(row, payload, etag),
                _ => new TableWrite.Delete(row, etag),
            };
        }

        private bool Holds(TableWrite write) => write switch
        {
            TableWrite.Replace replace => _rows.TryGetValue(replace.Row, out var row) && row.ETag == replace.ETag,
            TableWrite.Delete delete => _rows.TryGetValue(delete.Row, out var row) && row.ETag == delete.ETag,
            _ => !_rows.ContainsKey(write.Row),
        };

        private void Apply(TableWrite write, string etag)
        {
            if (_rows.TryGetValue(write.Row, out var before)) _earlier[write.Row] = before.ETag;
            switch (write)
            {
                case TableWrite.Insert insert:
                    _rows[insert.Row] = (etag, insert.Payload);
                    break;
                case TableWrite.Replace replace:
                    _rows[replace.Row] = (etag, replace.Payload);
                    break;
                default:
                    Assert.Equal("", etag);
                    _rows.Remove(write.Row);
                    break;
            }
        }
    }
}
