using System.Text.Json;
using System.Text.Json.Serialization;

namespace Failover.Simulator.History;

/// <summary>
/// Writes a history as JSON lines, each flushed as it is written, so that a run that ends badly leaves its history behind. Thread-safe.
/// </summary>
/// <param name="writer">Where the lines go; owned by this object from here on.</param>
/// <param name="time">Dates the events.</param>
/// <param name="observer">Told of each event, in order, under the writer's lock: must be quick and must not write.</param>
public sealed class HistoryWriter(TextWriter writer, TimeProvider time, Action<HistoryEvent>? observer = null) : IDisposable
{
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    private readonly Lock _lock = new();
    private long _next;

    /// <summary>Writes to a file, in place of what was there.</summary>
    public static HistoryWriter Create(string path, TimeProvider time, Action<HistoryEvent>? observer = null) =>
        new(new StreamWriter(path, append: false), time, observer);

    /// <summary>Gives the event its number and its time, and writes it.</summary>
    public void Write(HistoryEvent happened)
    {
        lock (_lock)
        {
            var numbered = happened with { Seq = _next++, At = time.GetUtcNow() };
            writer.WriteLine(JsonSerializer.Serialize(numbered, Json));
            writer.Flush();
            observer?.Invoke(numbered);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        lock (_lock) writer.Dispose();
    }
}
