using System.Text.Json.Nodes;
using CsCheck;
using Failover.Domain.Documents;
using Failover.Domain.Fleet;
using Failover.Domain.Runs;
using Failover.Domain.Tests.Fleet;

namespace Failover.Domain.Tests.Runs;

/// <summary>Whatever a document holds, it is read to a spec or to faults, never to an exception; and a spec keeps its promises.</summary>
public sealed class MutationTests
{
    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1e308", "1e400", "0.5", "9223372036854775807", "123456789012345678901234567890", "\"\"", "\"x\"", "\"\\u0000\\u202e\"",
        "\"90s\"", "\"h100\"", "[]", "[null]", "[1, \"a\", {}]", "{}", "{\"a\": null}", "{\"name\": \"x\"}", "[[[]]]", "\"8\"",
    ];

    private static readonly Gen<(int Node, int Value, int Kind)[]> Edits = Gen.Select(Gen.Int[0, 200], Gen.Int[0, Values.Length - 1], Gen.Int[0, 3]).Array[1, 6];

    [Fact]
    public void Read_MutatedRun_IsASpecOrFaultsAndNeverThrows() => Edits.Sample(edits =>
    {
        var result = RunSpecReader.Read(Mutate(RunDocuments.Valid(), edits), RunDocuments.Fleet);
        IsSound(result.IsValid, result.Faults);
        if (result.Spec is { } spec)
        {
            Assert.InRange(spec.Gang.Workers, 1, 10_000);
            Assert.Contains(spec.Gang.GpusPerWorker, (int[])[1, 2, 4, 8]);
            Assert.NotEmpty(spec.Skus);
            Assert.All(spec.Skus, sku => Assert.Contains(RunDocuments.Fleet.Skus, known => known.Name == sku));
            Assert.NotNull(RunDocuments.Fleet.FindStore(spec.Checkpoints.Store));
        }
    }, iter: 5_000);

    [Fact]
    public void Read_MutatedFleet_IsAFleetOrFaultsAndNeverThrows() => Edits.Sample(edits =>
    {
        var result = FleetSpecReader.Read(Mutate(FleetSpecReaderTests.Valid(), edits));
        IsSound(result.IsValid, result.Faults);
        if (result.Fleet is { } fleet)
            Assert.All(fleet.Members, member => Assert.Contains(fleet.Regions, region => region.Name == member.Region));
    }, iter: 5_000);

    private static void IsSound(bool isValid, IReadOnlyCollection<Fault> faults)
    {
        Assert.Equal(isValid, faults.Count == 0);
        Assert.All(faults, fault => Assert.DoesNotContain(fault.ToString(), char.IsControl));
        Assert.All(faults, fault => Assert.NotEmpty(fault.Path));
    }

    private static JsonObject Mutate(JsonObject document, (int Node, int Value, int Kind)[] edits)
    {
        foreach (var (node, value, kind) in edits)
        {
            var nodes = Descendants(document).ToList();
            if (nodes.Count == 0)
                return document;
            var target = nodes[node % nodes.Count];
            var replacement = JsonNode.Parse(Values[value]);
            switch (target.Parent)
            {
                case JsonObject parent when kind == 0:
                    parent.Remove(target.GetPropertyName());
                    break;
                case JsonObject parent when kind == 1:
                    parent[target.GetPropertyName() + "x"] = replacement;
                    break;
                case JsonObject parent:
                    parent[target.GetPropertyName()] = replacement;
                    break;
                case JsonArray parent:
                    parent[target.GetElementIndex()] = replacement;
                    break;
            }
        }
        return document;
    }

    private static IEnumerable<JsonNode> Descendants(JsonNode node)
    {
        var children = node switch
        {
            JsonObject item => item.Select(field => field.Value),
            JsonArray list => list,
            _ => [],
        };
        return children.OfType<JsonNode>().SelectMany(child => Descendants(child).Prepend(child));
    }
}
