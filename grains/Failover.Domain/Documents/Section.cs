using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Failover.Domain.Documents;

/// <summary>
/// An object of a document that is being read: every fault found goes to one list, each with its path, and reading carries on with a value's default.
/// A section that is absent, or of the wrong type (which is one fault), answers every question with the default and finds no further fault.
/// A JSON <c>null</c> is the same as an absent field.
/// </summary>
internal sealed class Section
{
    private readonly JsonObject? node;
    private readonly List<Fault> faults;
    private readonly HashSet<string> asked = new(StringComparer.Ordinal);
    private readonly List<Section> children = [];

    private Section(JsonNode? node, string path, List<Fault> faults, bool isExpected)
    {
        Path = path;
        this.faults = faults;
        this.node = node as JsonObject;
        if (isExpected && this.node is null)
            faults.Add(new Fault(path.Length == 0 ? "$" : path, $"is {Describe(node)}; write an object (field: value)"));
    }

    /// <summary>Where it is; empty for the document itself.</summary>
    public string Path { get; }

    public bool Exists => node is not null;

    /// <summary>Its fields, those with a null left out.</summary>
    public IEnumerable<string> FieldNames => (node ?? []).Where(pair => pair.Value is not null).Select(pair => pair.Key);

    public static Section Root(JsonNode? document, string path, List<Fault> faults) => new(document, path, faults, isExpected: true);

    /// <summary>The path of one of its fields.</summary>
    public string At(string name) =>
        !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? $"{Path}['{Names.Clean(name)}']"
        : Path.Length == 0 ? name
        : $"{Path}.{name}";

    public void Fault(string name, string message) => faults.Add(new Fault(At(name), message));

    public bool IsAbsent(string name) => node?[name] is null;

    public Section Object(string name, string? ifMissing = null)
    {
        var value = Take(name, ifMissing);
        var child = new Section(value, At(name), faults, isExpected: value is not null);
        children.Add(child);
        return child;
    }

    /// <summary>The objects of a list.</summary>
    public ImmutableArray<Section> Objects(string name, string? ifMissing = null)
    {
        var sections = List(name, ifMissing)
            .Select((item, index) => new Section(item, ItemPath(name, index), faults, isExpected: true)).ToImmutableArray();
        children.AddRange(sections);
        return sections;
    }

    /// <summary>The texts of a list; repetitions are faults, and what <paramref name="objection"/> says of a text.</summary>
    public ImmutableArray<string> Texts(string name, string? ifMissing = null, Func<string, string?>? objection = null)
    {
        var texts = ImmutableArray.CreateBuilder<string>();
        foreach (var (item, index) in List(name, ifMissing).Select((item, index) => (item, index)))
        {
            if (!TryText(item, out var text) || text.Length == 0)
                faults.Add(new Fault(ItemPath(name, index), $"is {Describe(item)}; write a text"));
            else if (texts.Contains(text))
                faults.Add(new Fault(ItemPath(name, index), $"{Names.Quote(text)} is listed twice; remove one"));
            else
                texts.Add(text);
            if (text.Length > 0 && objection?.Invoke(text) is { } message)
                faults.Add(new Fault(ItemPath(name, index), message));
        }
        return texts.ToImmutable();
    }

    public string? Text(string name, string? ifMissing = null)
    {
        var value = Take(name, ifMissing);
        if (value is null)
            return null;
        if (TryText(value, out var text) && text.Length > 0)
            return text;
        Fault(name, $"is {Describe(value)}; write a text, in quotes if need be");
        return null;
    }

    /// <summary>A text with the syntax of a DNS label.</summary>
    public string? Name(string name, int lengthMax, string? ifMissing = null)
    {
        var text = Text(name, ifMissing);
        if (text is null || Names.IsDnsLabel(text, lengthMax))
            return text;
        Fault(name, $"is {Names.Quote(text)}; {Names.DnsLabelRule}, at most {lengthMax} characters");
        return null;
    }

    /// <summary>One of a few words.</summary>
    public string? Word(string name, IReadOnlyCollection<string> words, string? ifMissing = null)
    {
        var text = Text(name, ifMissing);
        if (text is null || words.Contains(text))
            return text;
        Fault(name, $"is {Names.Quote(text)}; write {string.Join(" or ", words)}{Names.Suggest(text, words)}");
        return null;
    }

    public bool? Flag(string name)
    {
        var value = Take(name, null);
        if (value is null)
            return null;
        if (value.GetValueKind() is JsonValueKind.True or JsonValueKind.False)
            return value.GetValue<bool>();
        Fault(name, $"is {Describe(value)}; write true or false");
        return null;
    }

    public double? Number(string name, double min, double max, string? ifMissing = null)
    {
        var value = Take(name, ifMissing);
        if (value is null)
            return null;
        if (TryNumber(value, out var number) && number >= min && number <= max)
            return number;
        Fault(name, $"is {Describe(value)}; write a number from {Show(min)} to {Show(max)}");
        return null;
    }

    public long? Whole(string name, long min, long max, string? ifMissing = null)
    {
        var value = Take(name, ifMissing);
        if (value is null)
            return null;
        if (TryNumber(value, out var number) && Math.Floor(number) == number && number >= min && number <= max)
            return (long)number;
        Fault(name, $"is {Describe(value)}; write a whole number from {Show(min)} to {Show(max)}");
        return null;
    }

    public TimeSpan? Duration(string name, TimeSpan min, TimeSpan max)
    {
        var value = Take(name, ifMissing: null);
        if (value is null)
            return null;
        if (TryText(value, out var text) && Durations.TryParse(text, out var duration) && duration >= min && duration <= max)
            return duration;
        Fault(name, $"is {Describe(value)}; write a duration from {Durations.Format(min)} to {Durations.Format(max)}, such as 90s, 10m or 1h30m");
        return null;
    }

    /// <summary>The raw value, for fields that have rules of their own.</summary>
    public JsonNode? Take(string name, string? ifMissing)
    {
        asked.Add(name);
        if (node is null)
            return null;
        var value = node[name];
        if (value is null && ifMissing is not null)
            Fault(name, $"is missing; {ifMissing}");
        return value;
    }

    /// <summary>Finds a fault in every field, here and below, that nobody asked for. To be called once all has been read.</summary>
    public void RefuseUnknown()
    {
        foreach (var name in (node ?? []).Select(pair => pair.Key).Where(name => !asked.Contains(name)))
            Fault(name, $"there is no such field; the fields here are {string.Join(", ", asked.Order(StringComparer.Ordinal))}{Names.Suggest(name, asked)}");
        foreach (var child in children)
            child.RefuseUnknown();
    }

    /// <summary>What a value is, in words for a message.</summary>
    public static string Describe(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject => "an object",
        JsonArray => "a list",
        _ when TryText(value, out var text) => text.Length == 0 ? "empty" : Names.Quote(text),
        _ when TryNumber(value, out var number) => Show(number),
        _ => value.GetValueKind() == JsonValueKind.True ? "true" : "false",
    };

    public static bool TryNumber(JsonNode? value, out double number)
    {
        number = 0;
        if (value is not JsonValue scalar)
            return false;
        if (scalar.TryGetValue(out number))
            return true;
        // Numbers that were parsed answer as any type; those made in code only as their own.
        var isWhole = scalar.TryGetValue(out long whole) || (scalar.TryGetValue(out int small) && (whole = small) == small);
        number = whole;
        return isWhole;
    }

    public static bool TryText(JsonNode? value, out string text)
    {
        var found = value is JsonValue scalar && scalar.TryGetValue(out string? held) ? held : null;
        text = found ?? "";
        return found is not null;
    }

    private static string Show(double number) => number.ToString("0.######", CultureInfo.InvariantCulture);

    private string ItemPath(string name, int index) => $"{At(name)}[{index.ToString(CultureInfo.InvariantCulture)}]";

    private IEnumerable<JsonNode?> List(string name, string? ifMissing)
    {
        var value = Take(name, ifMissing);
        if (value is null or JsonArray { Count: > 0 })
            return (JsonArray?)value ?? [];
        if (value is not JsonArray)
            Fault(name, $"is {Describe(value)}; write a list, such as [{(TryText(value, out var text) ? Names.Clean(text) : "a, b")}]");
        else if (ifMissing is not null)
            Fault(name, $"is an empty list; {ifMissing}");
        return [];
    }
}
