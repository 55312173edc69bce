using System.Text.Json.Nodes;
using Failover.Domain.Documents;
using Failover.Domain.Fleet;
using Failover.Domain.Tests.Runs;

namespace Failover.Domain.Tests.Fleet;

public sealed class FleetSpecReaderTests
{
    internal static JsonObject Valid() => (JsonObject)JsonNode.Parse("""
        {
          "apiVersion": "failover.dev/v1",
          "kind": "Fleet",
          "installation": "test",
          "sites": ["laptop"],
          "regions": [{ "name": "eastus", "restoreMBps": 500 }, { "name": "westeurope" }],
          "members": [{ "name": "east-1", "region": "eastus", "kubeconfig": "east.yaml", "context": "admin" }, { "name": "west-1", "region": "westeurope", "kubeconfig": "west.yaml" }],
          "stores": [{ "name": "east", "region": "eastus", "path": "east", "uri": "file:///east/" }, { "name": "west", "region": "westeurope", "path": "west", "uri": "file:///west" }],
          "links": [{ "from": "eastus", "to": "westeurope", "MBps": 250, "egressPerGB": 0.05 }],
          "tenants": [{ "name": "research", "namespace": "research", "serviceAccount": "trainer" }, { "name": "prod", "namespace": "prod-training" }],
          "skus": [{ "name": "h100", "throughput": 2.5, "nodeLabel": "sku", "nodeLabelValue": "h100" }, { "name": "a100", "nodeLabel": "sku", "nodeLabelValue": "a100" }],
          "groups": [{ "name": "frontier", "maxGpusPerRegion": 4096 }, { "name": "evals", "maxGpusPerRegion": 16 }]
        }
        """)!;

    [Fact]
    public void Read_EveryField_IsInTheFleet()
    {
        var result = FleetSpecReader.Read(Valid());

        Assert.Empty(result.Faults);
        Assert.True(result.IsValid);
        var fleet = result.Fleet;
        Assert.Equal("test", fleet.Installation);
        Assert.Equal(["laptop"], fleet.Sites);
        Assert.Equal([new RegionSpec("eastus", 500), new RegionSpec("westeurope")], fleet.Regions);
        Assert.Equal([new MemberSpec("east-1", "eastus", "east.yaml", "admin"), new MemberSpec("west-1", "westeurope", "west.yaml")], fleet.Members);
        Assert.Equal([new StoreSpec("east", "eastus", "east", "file:///east"), new StoreSpec("west", "westeurope", "west", "file:///west")], fleet.Stores);
        Assert.Equal([new LinkSpec("eastus", "westeurope", 250, 0.05)], fleet.Links);
        Assert.Equal([new TenantSpec("research", "research", "trainer"), new TenantSpec("prod", "prod-training")], fleet.Tenants);
        Assert.Equal([new SkuSpec("h100", 2.5, "sku", "h100"), new SkuSpec("a100", 1, "sku", "a100")], fleet.Skus);
        Assert.Equal([new GroupSpec("frontier", 4_096), new GroupSpec("evals", 16)], fleet.Groups);
    }

    [Fact]
    public void Read_OptionalFieldsLeftOut_HaveDefaults()
    {
        var document = Valid();
        foreach (var path in (string[])["apiVersion", "kind", "links[0].MBps", "links[0].egressPerGB"])
            RunDocuments.With(document, path, "");

        Assert.Equal(LinkSpec.Default with { From = "eastus", To = "westeurope" }, Assert.Single(FleetSpecReader.Read(document).Fleet!.Links));
        Assert.Empty(FleetSpecReader.Read(RunDocuments.With(document, "links", "")).Fleet!.Links);
        Assert.Empty(FleetSpecReader.Read(RunDocuments.With(document, "groups", "")).Fleet!.Groups);
    }

    [Theory]
    [InlineData("apiVersion", "\"v1\"", "is \"v1\"; write failover.dev/v1")]
    [InlineData("kind", "\"Run\"", "is \"Run\"; write Fleet")]
    [InlineData("installation", "", "is missing; name this installation; its workloads carry the name")]
    [InlineData("installation", "\"A\"", "is \"A\"; use a-z, 0-9 and '-', beginning and ending with a letter or digit, at most 40 characters")]
    [InlineData("sites", "", "is missing; list the sites that silos run in, such as [laptop]")]
    [InlineData("sites[0]", "\"a b\"", "is \"a b\"; use a-z, 0-9 and '-', beginning and ending with a letter or digit, at most 40 characters")]
    [InlineData("regions[0].restoreMBps", "0", "is 0; write a number from 0.001 to 100000000")]
    [InlineData("members", "", "is missing; list the clusters to look after")]
    [InlineData("members[0].region", "\"eastu\"", "there is no region \"eastu\" in the fleet, which has eastus, westeurope; did you mean \"eastus\"?")]
    [InlineData("members[0].region", "", "is missing; name its region")]
    [InlineData("members[0].kubeconfig", "", "is missing; write the path of its kubeconfig, or inCluster: true where the silo runs there as a pod")]
    [InlineData("members[0].inCluster", "\"yes\"", "is \"yes\"; write true or false")]
    [InlineData("members[0].execPlugin", "\"kubelogin\"", "is \"kubelogin\"; write the absolute path of the program, such as /usr/local/bin/kubelogin")]
    [InlineData("members[1].name", "\"east-1\"", "\"east-1\" is used twice in members; give each its own name")]
    [InlineData("members[1].name", "", "is missing; give it a name")]
    [InlineData("members[0].url", "\"x\"", "there is no such field; the fields here are context, execPlugin, inCluster, kubeconfig, name, region, stopped")]
    [InlineData("members[0].stopped", "\"soon\"", "is \"soon\"; write true or false")]
    [InlineData("stores[0].path", "", "is missing; write where silos mount it")]
    [InlineData("stores[0].uri", "", "is missing; write what trainers are given to reach it")]
    [InlineData("stores[1].path", "\"east\"", "\"east\" is another store's; give each store a place of its own")]
    [InlineData("links[0].to", "\"eastus\"", "is \"eastus\", as is from; links lead to another region")]
    [InlineData("links[0].MBps", "-1", "is -1; write a number from 0.001 to 100000000")]
    [InlineData("tenants[0].namespace", "", "is missing; write the namespace that its runs get on members")]
    [InlineData("tenants[1].namespace", "\"research\"", "\"research\" is another tenant's; tenants are kept apart by namespaces")]
    [InlineData("groups[0].maxGpusPerRegion", "0", "is 0; write a whole number from 1 to 10000000")]
    [InlineData("groups[0].maxGpusPerRegion", "", "is missing; write how many GPUs its runs may have in one region, together")]
    [InlineData("groups[1].name", "\"frontier\"", "\"frontier\" is used twice in groups; give each its own name")]
    [InlineData("groups[0].regions", "[]", "there is no such field; the fields here are maxGpusPerRegion, name")]
    [InlineData("skus[0].throughput", "0", "is 0; write a number from 0.001 to 1000")]
    [InlineData("skus[0].nodeLabel", "", "is missing; write the label that its nodes carry")]
    [InlineData("skus[0].nodeLabelValue", "7", "is 7; write a text, in quotes if need be")]
    public void Read_OneMistake_IsOneFaultThatNamesTheWayOut(string path, string json, string message)
    {
        var result = FleetSpecReader.Read(RunDocuments.With(Valid(), path, json));

        Assert.False(result.IsValid);
        Assert.Equal(new Fault(path, message), Assert.Single(result.Faults));
    }

    [Fact]
    public void Read_InCluster_NeedsNoKubeconfigAndTakesNone()
    {
        var document = RunDocuments.With(RunDocuments.With(Valid(), "members[0].inCluster", "true"), "members[0].context", "");
        var both = FleetSpecReader.Read(document);
        var own = FleetSpecReader.Read(RunDocuments.With(document, "members[0].kubeconfig", ""));

        Assert.Equal("members[0].kubeconfig", Assert.Single(both.Faults).Path);
        Assert.Equal((true, ""), (own.Fleet!.Members[0].InCluster, own.Fleet.Members[0].Kubeconfig));
    }

    [Theory]
    [InlineData("""[{"from": "eastus", "to": "westeurope"}, {"from": "westeurope", "to": "eastus"}]""")]
    [InlineData("""[{"from": "eastus", "to": "westeurope"}, {"from": "eastus", "to": "westeurope"}]""")]
    public void Read_TwoLinksOfOnePair_IsAFaultInEitherDirection(string links) =>
        Assert.Equal("links[1].to", Assert.Single(FleetSpecReader.Read(RunDocuments.With(Valid(), "links", links)).Faults).Path);

    [Fact]
    public void Read_LinksWithoutEnds_AreFaultsOfTheEndsOnly()
    {
        var result = FleetSpecReader.Read(RunDocuments.With(Valid(), "links", "[{}, {}]"));

        Assert.Equal(["links[0].from", "links[0].to", "links[1].from", "links[1].to"], result.Faults.Select(fault => fault.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Read_Nothing_IsAFault() => Assert.Equal("$", Assert.Single(FleetSpecReader.Read(null).Faults).Path);
}
