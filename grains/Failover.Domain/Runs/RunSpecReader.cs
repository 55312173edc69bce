using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Failover.Domain.Documents;
using Failover.Domain.Fleet;

namespace Failover.Domain.Runs;

/// <summary>Reads a <c>TrainingRun</c> document. All of its faults are found at once.</summary>
public static class RunSpecReader
{
    /// <summary>The only version there is so far.</summary>
    public const string ApiVersion = "failover.dev/v1";

    /// <summary>The document's kind.</summary>
    public const string Kind = "TrainingRun";

    /// <summary>The longest name of a run: the workload's name adds a short uid and the epoch, and has to stay a DNS label.</summary>
    public const int NameLengthMax = 40;

    // A petabyte: beyond it somebody mistook the unit.
    private const double GigabytesMax = 1_000_000;
    private const double GigabytesMin = 0.000_001;

    // Steps are counted in a long; JSON numbers are exact to 2^53.
    private const long StepsMax = 1_000_000_000_000_000;
    private const int RetriesMax = 100;

    private static readonly ImmutableArray<int> GpusPerWorkerAllowed = [1, 2, 4, 8];
    private static readonly TimeSpan DeadlineMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DeadlineMax = TimeSpan.FromDays(7);
    private static readonly TimeSpan HeartbeatMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HeartbeatMax = TimeSpan.FromMinutes(10);

    private static readonly ImmutableArray<(string Word, ProgressKind Kind)> ProgressWords =
        [("heartbeat", ProgressKind.Heartbeat), ("commit", ProgressKind.Commit), ("podsReady", ProgressKind.PodsReady)];

    /// <summary>
    /// The spec, or every fault. With a <paramref name="fleet"/>, the names of tenant, SKUs, regions and stores have to be in it; without one only
    /// their syntax is looked at. <paramref name="document"/> has to be free of repeated fields, as documents from YAML are.
    /// </summary>
    public static RunSpecResult Read(JsonNode? document, FleetSpec? fleet)
    {
        var faults = new List<Fault>();
        var root = Section.Root(document, "", faults);
        root.Word("apiVersion", [ApiVersion], $"write apiVersion: {ApiVersion}");
        root.Word("kind", [Kind], $"write kind: {Kind}");
        var metadata = root.Object("metadata", "write metadata: {name: ...}");
        var name = metadata.Name("name", NameLengthMax, "give the run a name");
        var tenant = ReadTenant(metadata, fleet);
        var body = root.Object("spec", "write what the run needs; docs/examples/run.yaml is a whole one");
        var placement = body.Object("placement");
        var spec = ReadBody(body, name ?? "", tenant ?? "", fleet) with { Prefer = ReadPrefer(body, placement, fleet) };
        spec = spec with { Group = ReadGroup(placement, spec.Gang, fleet) };
        root.RefuseUnknown();
        if (body.Take("workload", "write the batch/v1 Job that trains") is { } manifest)
            WorkloadRules.Check(Section.Root(manifest, body.At("workload"), faults), spec.Gang.Gpus > 0 ? spec.Gang : null, fleet?.FindTenant(spec.Tenant));
        return faults.Count == 0 ? new RunSpecResult(spec, []) : new RunSpecResult(null, Fault.Listed(faults));
    }

    // Where there are faults, the spec has stand-ins for what could not be read; it is then thrown away.
    private static RunSpec ReadBody(Section body, string name, string tenant, FleetSpec? fleet) => new()
    {
        Name = name,
        Tenant = tenant,
        Gang = ReadGang(body.Object("gang", "write gang: {workers: 1, gpusPerWorker: 8}")),
        Skus = Known(body, "skus", "SKU", fleet?.Skus.Select(sku => sku.Name), "list the GPU types it can use, the best first"),
        Tier = (int)(body.Whole("tier", 0, 3) ?? 1),
        Regions = Known(body, "regions", "region", fleet?.Regions.Select(region => region.Name)),
        Checkpoints = ReadCheckpoints(body.Object("checkpoints", "write checkpoints: {store: ...}"), fleet),
        Datasets = ReadDatasets(body, fleet),
        MaxRollbackSteps = body.Whole("maxRollbackSteps", 0, StepsMax),
        Deadlines = ReadDeadlines(body.Object("deadlines")),
        Progress = ReadProgress(body.Object("progress")),
        Retries = ReadRetries(body.Object("retries")),
        Workload = body.Take("workload", ifMissing: null)?.DeepClone() as JsonObject ?? [],
    };

    private static string? ReadTenant(Section metadata, FleetSpec? fleet)
    {
        var tenants = fleet?.Tenants.Select(tenant => tenant.Name).ToImmutableArray();
        var isClear = tenants is [_];
        var tenant = metadata.Name("tenant", NameLengthMax, isClear ? null : "name the tenant" + (tenants is { } all ? $": {string.Join(" or ", all)}" : ""));
        if (tenant is null)
            return isClear && metadata.IsAbsent("tenant") ? tenants!.Value[0] : null;
        if (tenants is { } known && !known.Contains(tenant))
            metadata.Fault("tenant", Names.NotThere("tenant", tenant, known));
        return tenant;
    }

    private static GangSpec ReadGang(Section gang)
    {
        var workers = gang.Whole("workers", 1, 10_000, "write how many pods train together");
        var gpus = gang.Whole("gpusPerWorker", 1, 8, "write 1, 2, 4 or 8");
        if (gpus is { } count && !GpusPerWorkerAllowed.Contains((int)count))
        {
            gang.Fault("gpusPerWorker", $"is {count}; write 1, 2, 4 or 8");
            gpus = null;
        }
        return new GangSpec((int)(workers ?? 0), (int)(gpus ?? 0));
    }

    private static ImmutableArray<string> ReadPrefer(Section body, Section placement, FleetSpec? fleet)
    {
        var prefer = Known(placement, "prefer", "region", fleet?.Regions.Select(region => region.Name));
        var allowed = body.IsAbsent("regions") ? [] : body.Texts("regions");
        if (!allowed.IsEmpty && prefer.FirstOrDefault(region => !allowed.Contains(region)) is { } other)
            placement.Fault("prefer", $"{Names.Quote(other)} is not among regions; name some of those, or allow it there");
        return prefer;
    }

    private static string? ReadGroup(Section placement, GangSpec gang, FleetSpec? fleet)
    {
        var name = placement.Text("group");
        if (name is null || fleet is null)
            return name;
        if (fleet.FindGroup(name) is not { } group)
            placement.Fault("group", Names.NotThere("group", name, [.. fleet.Groups.Select(known => known.Name)]));
        else if (gang.Gpus > group.MaxGpusPerRegion)
            placement.Fault("group", $"{Names.Quote(name)} may have {group.MaxGpusPerRegion} GPUs in a region, and the gang alone has {gang.Gpus}; choose another, or have the fleet file allow more");
        return name;
    }

    private static CheckpointSpec ReadCheckpoints(Section checkpoints, FleetSpec? fleet)
    {
        var stores = fleet?.Stores.Select(store => store.Name).ToImmutableArray();
        var store = checkpoints.Text("store", "name the store that the run begins with" + (stores is { } all ? $": {string.Join(" or ", all)}" : ""));
        if (store is not null && stores is { } known && !known.Contains(store))
            checkpoints.Fault("store", Names.NotThere("store", store, known));
        var replicas = Known(checkpoints, "replicas", "store", stores);
        if (store is not null && replicas.Contains(store))
            checkpoints.Fault("replicas", $"{Names.Quote(store)} is the store itself; name others, or leave replicas out to have one chosen in another region");
        return new CheckpointSpec(store ?? "", replicas, checkpoints.Number("expectedSizeGB", GigabytesMin, GigabytesMax) ?? 10);
    }

    private static ImmutableArray<DatasetSpec> ReadDatasets(Section body, FleetSpec? fleet)
    {
        var datasets = ImmutableArray.CreateBuilder<DatasetSpec>();
        foreach (var section in body.Objects("datasets"))
        {
            var name = section.Text("name", "name the data set") ?? "";
            if (datasets.Any(other => other.Name == name && name.Length > 0))
                section.Fault("name", $"{Names.Quote(name)} is listed twice; remove one");
            var size = section.Number("sizeGB", GigabytesMin, GigabytesMax, "write its size in gigabytes") ?? 0;
            datasets.Add(new DatasetSpec(name, size, Known(section, "regions", "region", fleet?.Regions.Select(region => region.Name), "list the regions that hold it")));
        }
        return datasets.ToImmutable();
    }

    private static DeadlineSpec ReadDeadlines(Section deadlines)
    {
        var defaults = new DeadlineSpec();
        return new DeadlineSpec
        {
            Staging = deadlines.Duration("staging", DeadlineMin, DeadlineMax) ?? defaults.Staging,
            Launch = deadlines.Duration("launch", DeadlineMin, DeadlineMax) ?? defaults.Launch,
            Verify = deadlines.Duration("verify", DeadlineMin, DeadlineMax) ?? defaults.Verify,
            Quiesce = deadlines.Duration("quiesce", DeadlineMin, DeadlineMax) ?? defaults.Quiesce,
        };
    }

    private static ProgressSpec ReadProgress(Section progress)
    {
        var defaults = new ProgressSpec();
        var word = progress.Word("by", [.. ProgressWords.Select(pair => pair.Word)]);
        var by = ProgressWords.Where(pair => pair.Word == word).Select(pair => pair.Kind).FirstOrDefault(defaults.By);
        return new ProgressSpec(by)
        {
            HeartbeatInterval = progress.Duration("heartbeatInterval", HeartbeatMin, HeartbeatMax) ?? defaults.HeartbeatInterval,
        };
    }

    private static RetrySpec ReadRetries(Section retries)
    {
        var defaults = new RetrySpec();
        return new RetrySpec(
            (int)(retries.Whole("inPlace", 0, RetriesMax) ?? defaults.InPlace), (int)(retries.Whole("elsewhere", 0, RetriesMax) ?? defaults.Elsewhere));
    }

    // Names of the fleet. A name that is not there is told with those that are.
    private static ImmutableArray<string> Known(Section section, string field, string what, IEnumerable<string>? known, string? ifMissing = null)
    {
        var names = known?.ToImmutableArray();
        return section.Texts(field, ifMissing, name => names is null || names.Value.Contains(name) ? null : Names.NotThere(what, name, names.Value));
    }
}
