using System.Text.Json.Nodes;
using Failover.Domain.Documents;
using Failover.Domain.Fleet;
using Failover.Domain.Runs;

namespace Failover.Domain.Tests.Runs;

public sealed class RunSpecReaderTests
{
    [Fact]
    public void Read_EveryField_IsInTheSpec()
    {
        var result = RunSpecReader.Read(RunDocuments.Valid(), RunDocuments.Fleet);

        Assert.Empty(result.Faults);
        Assert.True(result.IsValid);
        var spec = result.Spec;
        Assert.Equal(("llama-7b", "research", 2, 2000L), (spec.Name, spec.Tenant, spec.Tier, spec.MaxRollbackSteps));
        Assert.Equal(new GangSpec(4, 8), spec.Gang);
        Assert.Equal(32, spec.Gang.Gpus);
        Assert.Equal(["h100", "a100"], spec.Skus);
        Assert.Equal(["eastus", "westeurope"], spec.Regions);
        Assert.Equal(("east", 80.5), (spec.Checkpoints.Store, spec.Checkpoints.SizeGigabytesExpected));
        Assert.Equal(["west"], spec.Checkpoints.Replicas);
        var dataset = Assert.Single(spec.Datasets);
        Assert.Equal(("pile", 800.0, "eastus"), (dataset.Name, dataset.SizeGigabytes, dataset.Regions.Single()));
        Assert.Equal(
            new DeadlineSpec { Staging = TimeSpan.FromMinutes(20), Launch = TimeSpan.FromSeconds(90), Verify = TimeSpan.FromMinutes(90), Quiesce = TimeSpan.FromMinutes(10) },
            spec.Deadlines);
        Assert.Equal(new ProgressSpec(ProgressKind.Commit) { HeartbeatInterval = TimeSpan.FromSeconds(10) }, spec.Progress);
        Assert.Equal(new RetrySpec(0, 5), spec.Retries);
        Assert.Equal("Job", (string?)spec.Workload["kind"]);
    }

    [Fact]
    public void Read_OnlyWhatIsRequired_HasDefaults()
    {
        var document = RunDocuments.Valid();
        foreach (var path in (string[])["metadata.tenant", "spec.tier", "spec.regions", "spec.checkpoints.replicas", "spec.checkpoints.expectedSizeGB",
            "spec.datasets", "spec.maxRollbackSteps", "spec.deadlines", "spec.progress", "spec.retries"])
            RunDocuments.With(document, path, "");

        var result = RunSpecReader.Read(document, RunDocuments.Fleet);

        Assert.True(result.IsValid);
        var spec = result.Spec;
        Assert.Equal(("research", 1, null), (spec.Tenant, spec.Tier, spec.MaxRollbackSteps));
        Assert.Empty(spec.Regions);
        Assert.Empty(spec.Datasets);
        Assert.Empty(spec.Checkpoints.Replicas);
        Assert.Equal(10, spec.Checkpoints.SizeGigabytesExpected);
        Assert.Equal((new DeadlineSpec(), new ProgressSpec(), new RetrySpec()), (spec.Deadlines, spec.Progress, spec.Retries));
    }

    [Fact]
    public void Read_Workload_IsACopy()
    {
        var document = RunDocuments.Valid();
        var result = RunSpecReader.Read(document, RunDocuments.Fleet);

        document["spec"]!["workload"]!["kind"] = "changed";

        Assert.Equal("Job", (string?)result.Spec!.Workload["kind"]);
    }

    [Theory]
    [InlineData("apiVersion", "", "is missing; write apiVersion: failover.dev/v1")]
    [InlineData("apiVersion", "\"v2\"", "is \"v2\"; write failover.dev/v1")]
    [InlineData("kind", "\"TrainingRunn\"", "is \"TrainingRunn\"; write TrainingRun; did you mean \"TrainingRun\"?")]
    [InlineData("metadata", "[]", "is a list; write an object (field: value)")]
    [InlineData("metadata.name", "", "is missing; give the run a name")]
    [InlineData("metadata.name", "7", "is 7; write a text, in quotes if need be")]
    [InlineData("metadata.name", "\"Llama_7B\"", "is \"Llama_7B\"; use a-z, 0-9 and '-', beginning and ending with a letter or digit, at most 40 characters")]
    [InlineData("metadata.tenant", "\"reserch\"", "there is no tenant \"reserch\" in the fleet, which has research; did you mean \"research\"?")]
    [InlineData("spec", "", "is missing; write what the run needs; docs/examples/run.yaml is a whole one")]
    [InlineData("spec.gang", "", "is missing; write gang: {workers: 1, gpusPerWorker: 8}")]
    [InlineData("spec.gang.workers", "0", "is 0; write a whole number from 1 to 10000")]
    [InlineData("spec.gang.workers", "1.5", "is 1.5; write a whole number from 1 to 10000")]
    [InlineData("spec.gang.gpusPerWorker", "3", "is 3; write 1, 2, 4 or 8")]
    [InlineData("spec.gang.gpusPerWorker", "16", "is 16; write a whole number from 1 to 8")]
    [InlineData("spec.skus", "", "is missing; list the GPU types it can use, the best first")]
    [InlineData("spec.skus", "[]", "is an empty list; list the GPU types it can use, the best first")]
    [InlineData("spec.skus", "\"h100\"", "is \"h100\"; write a list, such as [h100]")]
    [InlineData("spec.skus", "5", "is 5; write a list, such as [a, b]")]
    [InlineData("spec.skus[1]", "\"a10\"", "there is no SKU \"a10\" in the fleet, which has h100, a100; did you mean \"a100\"?")]
    [InlineData("spec.skus[1]", "\"h100\"", "\"h100\" is listed twice; remove one")]
    [InlineData("spec.skus[0]", "{}", "is an object; write a text")]
    [InlineData("spec.skus[0]", "true", "is true; write a text")]
    [InlineData("spec.skus[0]", "1", "is 1; write a text")]
    [InlineData("spec.skus[0]", "\"\"", "is empty; write a text")]
    [InlineData("spec.tier", "1e999", "is Infinity; write a whole number from 0 to 3")]
    [InlineData("spec.tier", "false", "is false; write a whole number from 0 to 3")]
    [InlineData("spec.tier", "4", "is 4; write a whole number from 0 to 3")]
    [InlineData("spec.tier", "true", "is true; write a whole number from 0 to 3")]
    [InlineData("spec.regions[0]", "\"mars\"", "there is no region \"mars\" in the fleet, which has eastus, westeurope")]
    [InlineData("spec.checkpoints", "", "is missing; write checkpoints: {store: ...}")]
    [InlineData("spec.checkpoints.store", "", "is missing; name the store that the run begins with: east or west")]
    [InlineData("spec.checkpoints.store", "\"north\"", "there is no store \"north\" in the fleet, which has east, west")]
    [InlineData("spec.checkpoints.replicas[0]", "\"south\"", "there is no store \"south\" in the fleet, which has east, west")]
    [InlineData("spec.checkpoints.expectedSizeGB", "0", "is 0; write a number from 0.000001 to 1000000")]
    [InlineData("spec.datasets[0].name", "", "is missing; name the data set")]
    [InlineData("spec.datasets[0].sizeGB", "\"800\"", "is \"800\"; write a number from 0.000001 to 1000000")]
    [InlineData("spec.datasets[0].regions", "", "is missing; list the regions that hold it")]
    [InlineData("spec.datasets[0]", "null", "is null; write an object (field: value)")]
    [InlineData("spec.maxRollbackSteps", "-1", "is -1; write a whole number from 0 to 1000000000000000")]
    [InlineData("spec.deadlines.launch", "\"10\"", "is \"10\"; write a duration from 1s to 7d, such as 90s, 10m or 1h30m")]
    [InlineData("spec.deadlines.launch", "\"8d\"", "is \"8d\"; write a duration from 1s to 7d, such as 90s, 10m or 1h30m")]
    [InlineData("spec.progress.by", "\"podsready\"", "is \"podsready\"; write heartbeat or commit or podsReady; did you mean \"podsReady\"?")]
    [InlineData("spec.progress.heartbeatInterval", "5", "is 5; write a duration from 1s to 10m, such as 90s, 10m or 1h30m")]
    [InlineData("spec.retries.inPlace", "101", "is 101; write a whole number from 0 to 100")]
    [InlineData("spec.retries.inPlaces", "1", "there is no such field; the fields here are elsewhere, inPlace; did you mean \"inPlace\"?")]
    [InlineData("spec.workload", "", "is missing; write the batch/v1 Job that trains")]
    [InlineData("spec.workload", "\"train.sh\"", "is \"train.sh\"; write an object (field: value)")]
    public void Read_OneMistake_IsOneFaultThatNamesTheWayOut(string path, string json, string message)
    {
        var result = RunSpecReader.Read(RunDocuments.With(path, json), RunDocuments.Fleet);

        Assert.False(result.IsValid);
        Assert.Equal(new Fault(path, message), Assert.Single(result.Faults));
    }

    [Fact]
    public void Read_FiveMistakes_AreAllFoundAtOnce()
    {
        var document = RunDocuments.Valid();
        RunDocuments.With(document, "spec.gang.workers", "0");
        RunDocuments.With(document, "spec.skus[0]", "\"h200\"");
        RunDocuments.With(document, "spec.deadlines.launch", "\"soon\"");
        RunDocuments.With(document, "spec.tierr", "1");
        RunDocuments.With(document, "spec.workload.spec.template.spec.hostPID", "true");

        var result = RunSpecReader.Read(document, RunDocuments.Fleet);

        Assert.Equal(
            ["spec.gang.workers", "spec.skus[0]", "spec.deadlines.launch", "spec.tierr", "spec.workload.spec.template.spec.hostPID"],
            result.Faults.Select(fault => fault.Path));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"run\"")]
    public void Read_NotAnObject_IsOneFaultOfTheDocument(string json)
    {
        var result = RunSpecReader.Read(JsonNode.Parse(json), RunDocuments.Fleet);

        Assert.Equal("$", Assert.Single(result.Faults).Path);
    }

    [Theory]
    [InlineData("eastus", null, null)]
    [InlineData("mars", "spec.placement.prefer[0]", "there is no region")]
    [InlineData("westeurope", "spec.placement.prefer", "\"westeurope\" is not among regions")]
    public void Read_Preference_IsAnAllowedRegion(string region, string? path, string? message)
    {
        var document = RunDocuments.Valid();
        document["spec"]!["regions"] = new JsonArray("eastus");
        document["spec"]!["placement"] = new JsonObject { ["prefer"] = new JsonArray(region) };

        var result = RunSpecReader.Read(document, RunDocuments.Fleet);

        if (path is null)
            Assert.Equal([region], result.Spec!.Prefer);
        else
            Assert.Contains(result.Faults, fault => fault.Path == path && fault.Message.StartsWith(message!, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"frontier\"", null)]
    [InlineData("\"frontire\"", "there is no group \"frontire\" in the fleet, which has frontier, evals; did you mean \"frontier\"?")]
    [InlineData("\"evals\"", "\"evals\" may have 16 GPUs in a region, and the gang alone has 32; choose another, or have the fleet file allow more")]
    [InlineData("7", "is 7; write a text, in quotes if need be")]
    public void Read_Group_IsOneOfTheFleetThatHasRoomForTheGang(string json, string? message)
    {
        var fleet = RunDocuments.Fleet with { Groups = [new GroupSpec("frontier", 32), new GroupSpec("evals", 16)] };

        var result = RunSpecReader.Read(RunDocuments.With("spec.placement.group", json), fleet);

        if (message is null)
            Assert.Equal("frontier", result.Spec!.Group);
        else
            Assert.Equal(new Fault("spec.placement.group", message), Assert.Single(result.Faults));
    }

    [Fact]
    public void Read_StoreAmongItsReplicas_IsAFault()
    {
        var result = RunSpecReader.Read(RunDocuments.With("spec.checkpoints.replicas", "[\"west\", \"east\"]"), RunDocuments.Fleet);

        Assert.Equal("spec.checkpoints.replicas", Assert.Single(result.Faults).Path);
    }

    [Fact]
    public void Read_TwoDatasetsOfOneName_IsAFault()
    {
        const string Twice = """[{"name": "pile", "sizeGB": 1, "regions": ["eastus"]}, {"name": "pile", "sizeGB": 2, "regions": ["eastus"]}]""";
        var result = RunSpecReader.Read(RunDocuments.With("spec.datasets", Twice), RunDocuments.Fleet);

        Assert.Equal(new Fault("spec.datasets[1].name", "\"pile\" is listed twice; remove one"), Assert.Single(result.Faults));
    }

    [Fact]
    public void Read_SeveralTenantsAndNoneNamed_IsAFaultThatListsThem()
    {
        var fleet = RunDocuments.Fleet with { Tenants = [new TenantSpec("one", "one"), new TenantSpec("two", "two")] };

        var result = RunSpecReader.Read(RunDocuments.With("metadata.tenant", ""), fleet);

        Assert.Equal(new Fault("metadata.tenant", "is missing; name the tenant: one or two"), Assert.Single(result.Faults));
    }

    [Fact]
    public void Read_BadTenantNameAmongOne_IsNotReplacedByTheDefault()
    {
        var result = RunSpecReader.Read(RunDocuments.With("metadata.tenant", "\"-\""), RunDocuments.Fleet);

        Assert.Equal("metadata.tenant", Assert.Single(result.Faults).Path);
    }

    [Fact]
    public void Read_WithoutFleet_LooksAtSyntaxOnly()
    {
        var document = RunDocuments.With("spec.skus", "[\"anything\"]");
        RunDocuments.With(document, "spec.checkpoints.store", "\"elsewhere\"");

        Assert.True(RunSpecReader.Read(document, fleet: null).IsValid);
        var missing = RunSpecReader.Read(RunDocuments.With(document, "metadata.tenant", ""), fleet: null);
        Assert.Equal(new Fault("metadata.tenant", "is missing; name the tenant"), Assert.Single(missing.Faults));
    }

    [Fact]
    public void Read_WithoutFleet_StoreMissing_IsAFault()
    {
        var result = RunSpecReader.Read(RunDocuments.With("spec.checkpoints.store", ""), fleet: null);

        Assert.Equal(new Fault("spec.checkpoints.store", "is missing; name the store that the run begins with"), Assert.Single(result.Faults));
    }

    [Fact]
    public void Read_FleetWithNothing_SaysThatThereIsNone()
    {
        var fleet = RunDocuments.Fleet with { Skus = [] };

        var result = RunSpecReader.Read(RunDocuments.Valid(), fleet);

        Assert.Equal("there is no SKU \"h100\" in the fleet, which has none", result.Faults[0].Message);
    }

    [Fact]
    public void Read_ThousandsOfFaults_AreCutShort()
    {
        var document = RunDocuments.Valid();
        for (var index = 0; index < 5_000; index++)
            document["x" + index] = index;

        var result = RunSpecReader.Read(document, RunDocuments.Fleet);

        Assert.Equal(Fault.ListedMax, result.Faults.Length);
        Assert.Equal(new Fault("$", "and 4901 more faults; mend these first"), result.Faults[^1]);
    }

    [Fact]
    public void Read_ControlCharacters_AreEscapedInFaults()
    {
        var document = RunDocuments.With("metadata.name", "\"\\u001b[31mred\"");
        document["\u001bx"] = 1;

        var result = RunSpecReader.Read(document, RunDocuments.Fleet);

        Assert.Equal(2, result.Faults.Length);
        Assert.DoesNotContain(result.Faults, fault => fault.ToString().Any(char.IsControl));
        Assert.Equal("['\\u001bx']", result.Faults[1].Path);
    }
}
