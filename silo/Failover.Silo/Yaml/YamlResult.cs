using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Failover.Domain.Documents;

namespace Failover.Silo.Yaml;

/// <summary>A text as read: the document, or what is wrong with the text. A document may be <see langword="null"/> by itself (an empty text).</summary>
public sealed record YamlResult(JsonNode? Document, ImmutableArray<Fault> Faults);
