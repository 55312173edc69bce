using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Failover.Simulator.ApiServer;

/// <summary>Reads and checks what a request carries.</summary>
internal static class RequestBody
{
    // The real server's limit for a resource request.
    private const int SizeBytesMax = 3 * 1024 * 1024;

    public static async Task<byte[]> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(chunk, cancellationToken)) > 0)
        {
            if (buffer.Length + read > SizeBytesMax)
                throw new ApiException(413, "RequestEntityTooLarge", $"Request entity too large: limit is {SizeBytesMax}");
            await buffer.WriteAsync(chunk.AsMemory(0, read), cancellationToken);
        }

        return buffer.ToArray();
    }

    /// <summary>A whole object of the given kind; throws a 400 that says what is wrong.</summary>
    public static JsonObject Object(byte[] body, ResourceKind kind, bool isStrict)
    {
        var tree = Parse(body, kind);
        var given = (ApiVersion: tree.Str("apiVersion") ?? kind.ApiVersion, Kind: tree.Str("kind") ?? kind.Kind);
        if (given != (kind.ApiVersion, kind.Kind))
        {
            var version = given.ApiVersion[(given.ApiVersion.LastIndexOf('/') + 1)..];
            var internalGroup = kind.Group.Length == 0 ? "core" : kind.Group;
            throw ApiException.BadRequest(
                $"{given.Kind} in version \"{version}\" cannot be handled as a {kind.Kind}: converting ({version}.{given.Kind}) to ({internalGroup}.{kind.Kind}): unknown conversion");
        }

        tree.Remove("apiVersion");
        tree.Remove("kind");
        if (isStrict && TypeSchema.UnknownFields(kind, tree) is { Count: > 0 } unknown)
        {
            var faults = string.Join(", ", unknown.Select(f => $"unknown field \"{f}\""));
            throw ApiException.BadRequest($"{kind.Kind} in version \"{kind.Version}\" cannot be handled as a {kind.Kind}: strict decoding error: {faults}");
        }

        return tree;
    }

    /// <summary>An optional object, as the options of a delete are.</summary>
    public static JsonObject? Options(byte[] body)
    {
        if (body.Length == 0)
            return null;
        try
        {
            return Json.Parse(body) as JsonObject;
        }
        catch (JsonException error)
        {
            throw ApiException.BadRequest($"couldn't get version/kind; json parse error: {error.Message}");
        }
    }

    public static JsonNode Patch(byte[] body)
    {
        try
        {
            return Json.Parse(body) ?? throw ApiException.BadRequest("an empty patch");
        }
        catch (JsonException error)
        {
            throw ApiException.BadRequest($"error decoding patch: {error.Message}");
        }
    }

    private static JsonObject Parse(byte[] body, ResourceKind kind)
    {
        string fault;
        try
        {
            if (Json.Parse(body) is JsonObject tree)
                return tree;
            fault = "not an object";
        }
        catch (JsonException error)
        {
            fault = error.Message;
        }

        throw ApiException.BadRequest(
            $"the object provided is unrecognized (must be of type {kind.Kind}): couldn't get version/kind; json parse error: {fault} ({Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 64)))})");
    }
}
