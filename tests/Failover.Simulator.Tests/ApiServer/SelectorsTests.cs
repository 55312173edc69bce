using System.Text.Json.Nodes;
using Failover.Simulator.ApiServer;

namespace Failover.Simulator.Tests.ApiServer;

/// <summary>Selectors against one pod that is labelled a=1, b=2.</summary>
public sealed class SelectorsTests
{
    [Theory]
    [InlineData("a=1", true)]
    [InlineData("a==1,b!=3", true)]
    [InlineData("a!=1", false)]
    [InlineData("c!=1", true)]
    [InlineData("a in (1, 5),b notin (7)", true)]
    [InlineData("c notin (7)", true)]
    [InlineData("c in (7)", false)]
    [InlineData("a,!c", true)]
    [InlineData("!a", false)]
    [InlineData("a=", false)]
    public void Labels_OfAPod_AreMatched(string selector, bool expected) =>
        Assert.Equal(expected, Selectors.Parse(selector, fields: null)(Pod()));

    [Theory]
    [InlineData("metadata.name=p", true)]
    [InlineData("metadata.namespace==train,spec.nodeName=n1", true)]
    [InlineData("status.phase!=Running", false)]
    [InlineData("status.phase=Failed", false)]
    public void Fields_OfAPod_AreMatched(string selector, bool expected) =>
        Assert.Equal(expected, Selectors.Parse(labels: null, selector)(Pod()));

    [Theory]
    [InlineData("a===b", null)]
    [InlineData("a in 1", null)]
    [InlineData("a in (1", null)]
    [InlineData(",", null)]
    [InlineData(null, "spec.colour=red")]
    [InlineData(null, "nonsense")]
    public void Selector_ThatDoesNotParse_IsABadRequest(string? labels, string? fields) =>
        Assert.Equal(400, Assert.Throws<ApiException>(() => Selectors.Parse(labels, fields)).Code);

    private static StoredObject Pod()
    {
        const string Json = """
            {"metadata":{"name":"p","namespace":"train","labels":{"a":"1","b":"2"}},"spec":{"nodeName":"n1"},"status":{"phase":"Running"}}
            """;
        return new StoredObject(ResourceKind.Pod, (JsonObject)JsonNode.Parse(Json)!, revision: 1);
    }
}
