using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Failover.Abstractions.State;

/// <summary>
/// How state is written: flat JSON with camelCase members, enums by name, no nulls and none of our type names. Closed sets of cases carry a discriminator
/// by <see cref="JsonDerivedTypeAttribute"/>; members that a reader does not know are ignored.
/// </summary>
public static class StateJson
{
    /// <summary>For readers and writers that need the options themselves.</summary>
    public static JsonSerializerOptions Options { get; } = MakeOptions();

    /// <summary>
    /// The text to store. Throws <see cref="InvalidOperationException"/> unless it is an object with <c>kind</c> (a string that is not empty) and
    /// <c>schemaVersion</c> (an integer from 1).
    /// </summary>
    public static string Write<T>(T state)
    {
        var json = JsonSerializer.SerializeToElement(state, Options);
        if (json.ValueKind != JsonValueKind.Object
            || !json.TryGetProperty("kind", out var kind) || kind.ValueKind != JsonValueKind.String || kind.GetString() is ""
            || !json.TryGetProperty("schemaVersion", out var version) || version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out var number)
            || number < 1)
        {
            throw new InvalidOperationException($"{typeof(T)} can't be stored: its JSON needs a string kind and an integer schemaVersion from 1.");
        }

        return json.GetRawText();
    }

    /// <summary>What <see cref="Write"/> wrote. Throws <see cref="JsonException"/> where the text is not such a record.</summary>
    public static T Read<T>(string payload) =>
        JsonSerializer.Deserialize<T>(payload, Options) ?? throw new JsonException($"A stored {typeof(T)} is null.");

    private static JsonSerializerOptions MakeOptions()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            NumberHandling = JsonNumberHandling.Strict,
            PropertyNameCaseInsensitive = false,
            // A null where the type has none would surface far from its cause.
            RespectNullableAnnotations = true,
            // Orders of members differ between writers, and a discriminator need not come first.
            AllowOutOfOrderMetadataProperties = true,
            // The text goes into no page; escaped quotes and umlauts would only make it hard to read.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { AbsentMeansNull } },
        };
        options.Converters.Add(new JsonStringEnumConverter());
        options.MakeReadOnly();
        return options;
    }

    // Nulls are not written, so that a required member that may be null must not be missed.
    private static void AbsentMeansNull(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            if (property.IsRequired && property.IsSetNullable) property.IsRequired = false;
        }
    }
}
