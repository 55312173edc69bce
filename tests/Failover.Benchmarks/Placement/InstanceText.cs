using System.IO.Compression;
using System.Text.Json;
using Failover.Domain.Placement.Solving;

namespace Failover.Benchmarks.Placement;

/// <summary>An instance as its file has it, to be written out, or handed to the solver or to another engine.</summary>
internal sealed record InstanceText(string Name, string Class, double Ratio)
{
    public List<long> Regions { get; } = [];

    public List<(int Cluster, int Region, int Sku, long Gpus, long Whole)> Bins { get; } = [];

    public List<long> Groups { get; } = [];

    public List<Run> Runs { get; } = [];

    public GangProblem Build()
    {
        var builder = new GangProblemBuilder();
        foreach (var ingest in Regions)
            builder.AddRegion(ingest);
        foreach (var (_, region, _, gpus, whole) in Bins)
            builder.AddBin(region, gpus, gpus, gpus, whole);
        foreach (var most in Groups)
            builder.AddGroup(most);
        foreach (var run in Runs)
        {
            builder.AddRun(run.Gpus, InstanceFile.ChunkOf(run.Gpus, run.Whole), run.Tier, run.Group, run.Home);
            foreach (var (bin, value, ingest) in run.Candidates)
                builder.AddCandidate(bin, value, ingest);
        }

        return builder.Build();
    }

    /// <summary>Writes the file, gzipped if its name ends so.</summary>
    public void Save(string path)
    {
        using Stream file = File.Create(path);
        using Stream target = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionLevel.Optimal) : file;
        using var json = new Utf8JsonWriter(target);
        json.WriteStartObject();
        json.WriteString("name", Name);
        json.WriteString("class", Class);
        json.WriteNumber("demandToSupplyBeforeLoss", Ratio);
        WriteAll(json, "regions", Regions, ingest => json.WriteNumber("ingestGB", ingest));
        WriteAll(json, "bins", Bins, bin =>
        {
            json.WriteNumber("cluster", bin.Cluster);
            json.WriteNumber("region", bin.Region);
            json.WriteNumber("sku", bin.Sku);
            json.WriteNumber("gpus", bin.Gpus);
            json.WriteNumber("wholeNodeGpus", bin.Whole);
        });
        WriteAll(json, "groups", Groups, most => json.WriteNumber("maxGpusPerRegion", most));
        WriteAll(json, "runs", Runs, run => Write(json, run));
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Run run)
    {
        json.WriteNumber("gpus", run.Gpus);
        json.WriteBoolean("wholeNodes", run.Whole);
        json.WriteNumber("tier", run.Tier);
        if (run.Group >= 0)
            json.WriteNumber("group", run.Group);
        if (run.Home >= 0)
            json.WriteNumber("home", run.Home);
        json.WriteStartArray("candidates");
        foreach (var (bin, value, ingest) in run.Candidates)
        {
            json.WriteStartArray();
            json.WriteNumberValue(bin);
            json.WriteNumberValue(value);
            json.WriteNumberValue(ingest);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private static void WriteAll<T>(Utf8JsonWriter json, string name, List<T> parts, Action<T> write)
    {
        json.WriteStartArray(name);
        foreach (var part in parts)
        {
            json.WriteStartObject();
            write(part);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    internal sealed record Run(int Gpus, bool Whole, int Tier, int Group, int Home, (int Bin, long Value, long Ingest)[] Candidates);
}
