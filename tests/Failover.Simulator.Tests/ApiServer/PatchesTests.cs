using System.Text.Json.Nodes;
using Failover.Simulator.ApiServer;

namespace Failover.Simulator.Tests.ApiServer;

/// <summary>The patch types on plain trees.</summary>
public sealed class PatchesTests
{
    [Theory]
    [InlineData("""{"a":1,"b":{"c":2}}""", """{"b":{"c":null,"d":3}}""", """{"a":1,"b":{"d":3}}""")]
    [InlineData("""{"a":[1,2]}""", """{"a":[3]}""", """{"a":[3]}""")]
    [InlineData("""{"a":1}""", """{"a":{"b":{"c":null,"d":1}}}""", """{"a":{"b":{"d":1}}}""")]
    public void Merge_OfADocument_FollowsRfc7386(string target, string patch, string expected)
    {
        var tree = Tree(target);

        Patches.Merge(tree, Tree(patch));

        AssertSame(expected, tree);
    }

    [Theory]
    [InlineData("""{"conditions":[{"type":"A","x":1},{"type":"B"}]}""", """{"conditions":[{"type":"B","y":2}]}""", """{"conditions":[{"type":"B","y":2},{"type":"A","x":1}]}""")]
    [InlineData("""{"env":[{"name":"A"},{"name":"B"}]}""", """{"env":[{"$patch":"delete","name":"A"}]}""", """{"env":[{"name":"B"}]}""")]
    [InlineData("""{"finalizers":["a"]}""", """{"finalizers":["b","a"]}""", """{"finalizers":["a","b"]}""")]
    [InlineData("""{"args":["a"]}""", """{"args":["b"]}""", """{"args":["b"]}""")]
    public void StrategicMerge_OfLists_JoinsThoseThatHaveAKey(string target, string patch, string expected)
    {
        var tree = Tree(target);

        Patches.StrategicMerge(tree, Tree(patch));

        AssertSame(expected, tree);
    }

    [Theory]
    [InlineData("""[{"op":"add","path":"/a/b~1c","value":1}]""", """{"a":{"b/c":1,"l":[1,2]}}""")]
    [InlineData("""[{"op":"add","path":"/a/l/-","value":3}]""", """{"a":{"l":[1,2,3]}}""")]
    [InlineData("""[{"op":"add","path":"/a/l/0","value":0},{"op":"remove","path":"/a/l/1"}]""", """{"a":{"l":[0,2]}}""")]
    [InlineData("""[{"op":"replace","path":"/a/l/1","value":9}]""", """{"a":{"l":[1,9]}}""")]
    [InlineData("""[{"op":"move","from":"/a/l","path":"/l"}]""", """{"a":{},"l":[1,2]}""")]
    [InlineData("""[{"op":"copy","from":"/a/l/0","path":"/x"},{"op":"test","path":"/x","value":1}]""", """{"a":{"l":[1,2]},"x":1}""")]
    public void JsonPatch_OfADocument_FollowsRfc6902(string operations, string expected) =>
        AssertSame(expected, Patches.Apply(Tree("""{"a":{"l":[1,2]}}"""), (JsonArray)JsonNode.Parse(operations)!)!);

    [Theory]
    [InlineData("""[{"op":"test","path":"/a/l/0","value":2}]""")]
    [InlineData("""[{"op":"replace","path":"/b","value":2}]""")]
    [InlineData("""[{"op":"remove","path":"/b/c"}]""")]
    [InlineData("""[{"op":"remove","path":"/b"}]""")]
    [InlineData("""[{"op":"leap","path":"/a"}]""")]
    [InlineData("""[{"path":"/a"}]""")]
    public void JsonPatch_ThatDoesNotApply_IsInvalid(string operations)
    {
        var error = Assert.Throws<ApiException>(() => Patches.Apply(Tree("""{"a":{"l":[1,2]}}"""), (JsonArray)JsonNode.Parse(operations)!));

        Assert.Equal(422, error.Code);
    }

    private static JsonObject Tree(string json) => (JsonObject)JsonNode.Parse(json)!;

    private static void AssertSame(string expected, JsonNode actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), $"expected {expected}, got {actual.ToJsonString()}");
}
