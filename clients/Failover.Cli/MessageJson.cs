using System.Collections;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Failover.Cli;

/// <summary>
/// Messages as JSON for scripts: camelCase, every field present, nulls for absent ones, times in ISO 8601, durations in seconds. Unlike protobuf's own JSON
/// it writes 64-bit numbers as numbers: <c>jq</c> compares strings with numbers without a word, and ours stay below 2^53.
/// </summary>
internal static class MessageJson
{
    private static readonly JsonSerializerOptions Line = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(IMessage message) => Node(message)!.ToJsonString(Layout);

    /// <summary>On one line.</summary>
    public static string WriteLine(IMessage message) => Node(message)!.ToJsonString(Line);

    public static string Write(IEnumerable<IMessage> messages) => new JsonArray([.. messages.Select(message => Node(message))]).ToJsonString(Layout);

    private static JsonNode? Node(object? value) => value switch
    {
        null => null,
        Timestamp at => JsonValue.Create(at.ToDateTimeOffset().UtcDateTime),
        Duration duration => JsonValue.Create(duration.ToTimeSpan().TotalSeconds),
        IMessage message => Object(message),
        string text => JsonValue.Create(text),
        bool flag => JsonValue.Create(flag),
        int number => JsonValue.Create(number),
        long number => JsonValue.Create(number),
        double number => JsonValue.Create(number),
        IList list => new JsonArray([.. list.Cast<object?>().Select(Node)]),
        _ => throw new NotSupportedException($"failover.v1 has no fields of {value.GetType()}."),
    };

    private static JsonObject Object(IMessage message)
    {
        var result = new JsonObject();
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (IsShown(field, message))
                result[field.JsonName] = field.HasPresence && !field.Accessor.HasValue(message) ? null : Node(field.Accessor.GetValue(message));
        }
        return result;
    }

    // Of a choice, only what was chosen.
    private static bool IsShown(FieldDescriptor field, IMessage message) => field.RealContainingOneof is null || field.Accessor.HasValue(message);
}
