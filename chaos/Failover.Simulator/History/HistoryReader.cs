using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Failover.Simulator.History;

/// <summary>Reads what <see cref="HistoryWriter"/> wrote.</summary>
public static class HistoryReader
{
    /// <summary>
    /// The events of a file, in order. Throws <see cref="InvalidDataException"/> with the line's number at a line that is no event, or whose number is not the next.
    /// </summary>
    public static async IAsyncEnumerable<HistoryEvent> ReadAsync(string path, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var line = 0L;
        await foreach (var text in File.ReadLinesAsync(path, cancellation))
        {
            line++;
            yield return Parse(text, line);
        }
    }

    private static HistoryEvent Parse(string text, long line)
    {
        try
        {
            var happened = JsonSerializer.Deserialize<HistoryEvent>(text, HistoryWriter.Json);
            return happened?.Seq == line - 1 ? happened : throw new InvalidDataException($"Line {line} is not event {line - 1}.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new InvalidDataException($"Line {line} is not an event: {e.Message}", e);
        }
    }
}
