using System.Text;
using System.Text.Json.Nodes;

namespace Failover.Simulator.ApiServer;

/// <summary>An answer that is ready to be sent.</summary>
internal sealed record ApiAnswer(int Status, ReadOnlyMemory<byte> Body)
{
    public string ContentType { get; init; } = "application/json";

    /// <summary>The Warning header, or null.</summary>
    public string? Warning { get; init; }

    /// <summary>The object that the request was about, for the history.</summary>
    public StoredObject? About { get; init; }

    public static ApiAnswer Text(int status, string text) => new(status, Encoding.UTF8.GetBytes(text)) { ContentType = "text/plain; charset=utf-8" };

    public static ApiAnswer Of(int status, JsonNode body) => new(status, Json.Bytes(body));

    public static ApiAnswer Of(int status, StoredObject stored)
    {
        using var stream = new MemoryStream();
        stored.WriteWhole(stream);
        return new(status, stream.ToArray()) { About = stored };
    }

    public static ApiAnswer Of(ApiException error) => Of(error.Code, error.ToStatus());
}
