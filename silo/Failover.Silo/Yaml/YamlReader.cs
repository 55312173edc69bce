using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Failover.Domain.Documents;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Failover.Silo.Yaml;

/// <summary>
/// Turns one YAML document (or JSON, which is YAML) into a JSON document: YAML 1.2's core schema, no tags but <c>!!str</c>, no merge keys. Anchors are
/// expanded within <see cref="NodesMax"/>, so that a small text can't become a large document. Fields written twice are faults.
/// </summary>
public sealed class YamlReader
{
    /// <summary>The longest text, in bytes of UTF-8.</summary>
    public const int TextBytesMax = 1 << 20;

    /// <summary>The most values, expanded anchors included.</summary>
    public const int NodesMax = 100_000;

    /// <summary>The deepest nesting; JSON's own writers stop at 64.</summary>
    public const int DepthMax = 60;

    private const string TextTag = "tag:yaml.org,2002:str";

    private readonly Parser _parser;
    private readonly List<Fault> _faults = [];
    private readonly Dictionary<string, (JsonNode? Node, int Nodes, int Depth)> _anchors = new(StringComparer.Ordinal);
    private int _nodes;

    private YamlReader(string text) => _parser = new Parser(new StringReader(text));

    /// <summary>The document, or what is wrong with the text: the first error of syntax, and every field that is written twice before it.</summary>
    public static YamlResult Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Encoding.UTF8.GetByteCount(text) > TextBytesMax)
            return new YamlResult(null, [new Fault("$", $"is longer than {TextBytesMax / 1024} KiB; keep data out of it")]);
        var reader = new YamlReader(text);
        try
        {
            var document = reader.ReadStream();
            return reader._faults.Count == 0 ? new YamlResult(document, []) : new YamlResult(null, [.. reader._faults.Take(Fault.ListedMax)]);
        }
        catch (YamlException exception)
        {
            return reader.Broken(FaultAt(exception.Start, OneLine(exception.Message)));
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // The library's checks of itself: some malformed scalars, tags and anchors reach them before any check of the text.
            return reader.Broken(FaultAt(reader._parser.Current?.End ?? Mark.Empty, "this is no YAML from here on"));
        }
    }

    private YamlResult Broken(Fault last) => new(null, [.. _faults.Take(Fault.ListedMax - 1), last]);

    private static Fault FaultAt(Mark mark, string message) =>
        new(string.Create(CultureInfo.InvariantCulture, $"line {Math.Max(1, mark.Line)}"), message);

    // The text of an error may quote the document, control characters and all.
    private static string OneLine(string message) => new([.. message.Select(c => char.IsControl(c) ? ' ' : c)]);

    private JsonNode? ReadStream()
    {
        _parser.Consume<StreamStart>();
        if (_parser.TryConsume<StreamEnd>(out _))
            return null;
        _parser.Consume<DocumentStart>();
        var document = ReadNode(depth: 1).Node;
        _parser.Consume<DocumentEnd>();
        if (_parser.Accept<DocumentStart>(out var next))
            throw new YamlException(next.Start, next.End, "a second document begins here; write one document");
        return document;
    }

    // Depth: of the value itself, 1 for a scalar.
    private (JsonNode? Node, int Nodes, int Depth) ReadNode(int depth)
    {
        var parsed = _parser.Current is null && !_parser.MoveNext() ? null : _parser.Current;
        if (depth > DepthMax)
            throw new YamlException(parsed!.Start, parsed.End, $"is nested deeper than {DepthMax} levels");
        if (parsed is AnchorAlias alias)
            return ReadAlias(alias, depth);
        Count(1, parsed!);
        var before = _nodes;
        var (node, below) = parsed switch
        {
            Scalar scalar => (ReadScalar(scalar), 0),
            SequenceStart start => ReadList(start, depth),
            MappingStart start => ReadObject(start, depth),
            _ => throw new YamlException(parsed!.Start, parsed.End, "a value is missing here"),
        };
        var read = (node, _nodes - before + 1, below + 1);
        if (parsed is NodeEvent { Anchor.IsEmpty: false } named)
            _anchors[named.Anchor.Value] = read;
        return read;
    }

    private (JsonNode? Node, int Nodes, int Depth) ReadAlias(AnchorAlias alias, int depth)
    {
        _parser.Consume<AnchorAlias>();
        if (!_anchors.TryGetValue(alias.Value.Value, out var named))
            throw new YamlException(alias.Start, alias.End, $"*{alias.Value.Value} leads nowhere, or to what it is part of; define &{alias.Value.Value} before");
        if (depth + named.Depth - 1 > DepthMax)
            throw new YamlException(alias.Start, alias.End, $"is nested deeper than {DepthMax} levels");
        Count(named.Nodes, alias);
        return (named.Node?.DeepClone(), named.Nodes, named.Depth);
    }

    private (JsonNode Node, int Below) ReadList(SequenceStart start, int depth)
    {
        RefuseTag(start.Tag, start);
        _parser.Consume<SequenceStart>();
        var list = new JsonArray();
        var below = 0;
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            var item = ReadNode(depth + 1);
            list.Add(item.Node);
            below = Math.Max(below, item.Depth);
        }
        return (list, below);
    }

    private (JsonNode Node, int Below) ReadObject(MappingStart start, int depth)
    {
        RefuseTag(start.Tag, start);
        _parser.Consume<MappingStart>();
        var lines = new Dictionary<string, long>(StringComparer.Ordinal);
        var result = new JsonObject();
        var below = 0;
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var at = _parser.Current!;
            if (!_parser.TryConsume<Scalar>(out var key))
                throw new YamlException(at.Start, at.End, "a field's name has to be a text");
            var value = ReadNode(depth + 1);
            below = Math.Max(below, value.Depth);
            if (lines.TryAdd(key.Value, key.Start.Line))
                result.Add(key.Value, value.Node);
            else
                _faults.Add(FaultAt(key.Start, $"{OneLine(key.Value)} is written twice, first in line {lines[key.Value]}; remove one"));
        }
        return (result, below);
    }

    private JsonValue? ReadScalar(Scalar scalar)
    {
        _parser.Consume<Scalar>();
        var isText = scalar.Style != ScalarStyle.Plain || (!scalar.Tag.IsEmpty && scalar.Tag.Value == TextTag);
        if (!isText || (!scalar.Tag.IsEmpty && scalar.Tag.Value != TextTag && !scalar.Tag.IsNonSpecific))
            RefuseTag(scalar.Tag, scalar);
        if (isText)
            return JsonValue.Create(scalar.Value);
        var value = YamlScalars.Read(scalar.Value, out var objection);
        if (objection is not null)
            _faults.Add(FaultAt(scalar.Start, OneLine(objection)));
        return (JsonValue?)value;
    }

    private static void RefuseTag(TagName tag, ParsingEvent at)
    {
        if (!tag.IsEmpty)
            throw new YamlException(at.Start, at.End, "tags are not read here; remove it");
    }

    private void Count(int nodes, ParsingEvent at)
    {
        _nodes += nodes;
        if (_nodes > NodesMax)
            throw new YamlException(at.Start, at.End, $"holds more than {NodesMax} values, anchors expanded; make it smaller");
    }
}
