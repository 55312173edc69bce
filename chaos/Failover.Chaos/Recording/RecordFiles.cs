using System.Text.Json;
using System.Text.Json.Serialization;
using Failover.Chaos.Checking;
using Failover.Chaos.Silos;
using Failover.Simulator.History;
using Failover.Storage.Tables;

namespace Failover.Chaos.Recording;

/// <summary>What a record was made with: all that its judgement needs beside the history and the rows.</summary>
public sealed record RecordPlan(
    string Scenario, int Seed, IReadOnlyList<PlannedRun> Runs, BrakeBudget Brake, IReadOnlyList<string> MayWait, bool ExpectsZombies);

/// <summary>The three files of a record: the history, <c>.rows.jsonl</c> and <c>.plan.json</c>. docs/history-format.md describes them.</summary>
public static class RecordFiles
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    private static readonly JsonSerializerOptions Readable = new(Json) { WriteIndented = true };

    /// <summary>Where a history's rows are.</summary>
    public static string RowsOf(string history) => $"{history}.rows.jsonl";

    /// <summary>Where a history's plan is.</summary>
    public static string PlanOf(string history) => $"{history}.plan.json";

    /// <summary>Writes rows and plan beside a history.</summary>
    public static async Task WriteAsync(string history, RecordPlan plan, IEnumerable<OutboxEntry> entries, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(PlanOf(history), JsonSerializer.Serialize(plan, Readable), cancellationToken);
        await File.WriteAllLinesAsync(RowsOf(history), entries.Select(entry => JsonSerializer.Serialize(entry, Json)), cancellationToken);
    }

    /// <summary>Reads a record back. Throws <see cref="InvalidDataException"/> or <see cref="IOException"/> where a file is not what it should be.</summary>
    public static async Task<(Record Record, RecordPlan Plan)> ReadAsync(string history, string rows, string plan, CancellationToken cancellationToken)
    {
        var planned = Parse<RecordPlan>(await File.ReadAllTextAsync(plan, cancellationToken), plan);
        var events = new List<HistoryEvent>();
        await foreach (var happened in HistoryReader.ReadAsync(history, cancellationToken))
            events.Add(happened);
        var entries = new List<OutboxEntry>();
        await foreach (var line in File.ReadLinesAsync(rows, cancellationToken))
            entries.Add(Parse<OutboxEntry>(line, rows));
        var written = RowFollower.Sort(entries);
        return (new Record(planned.Runs, events, written.Runs, written.Members, written.Brakes), planned);
    }

    private static T Parse<T>(string text, string path)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(text, Json) ?? throw new InvalidDataException($"{path} holds a null.");
        }
        catch (JsonException fault)
        {
            throw new InvalidDataException($"{path} is no {typeof(T).Name}: {fault.Message}", fault);
        }
    }
}
