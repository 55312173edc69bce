using System.Globalization;
using System.Text.RegularExpressions;
using Failover.Domain.Placement.Solving;

namespace Failover.Benchmarks.Placement;

/// <summary>
/// Instances of our own in the shape of the given ones: log-uniform pools, power-law gangs up to 4,096 GPUs, four tiers, four GPU types, checkpoints of
/// 10 GB to 10 TB, two to four continents; the first region is lost. Named CLASS-RUNSxCLUSTERS-rRATIO-sSEED.
/// </summary>
internal sealed partial class Generator
{
    private const int Skus = 4;
    private const double HorizonHours = 24;
    private const double GpuHourPrice = 1.5;
    private static readonly double[] SkuFactor = [1.0, 0.7, 1.6, 0.5];
    private static readonly int[] TierWeight = [1, 3, 9, 27];

    private readonly SeededRandom random;
    private readonly string kind;
    private readonly int runs;
    private readonly int regions;
    private readonly int continents;
    private readonly double ratio;
    private readonly List<(int Cluster, int Region, int Sku, long Gpus, long Whole)> bins = [];
    private readonly List<Run> wanted = [];
    private readonly int[] groupOf;

    private Generator(string kind, int runs, int clusters, double ratio, long seed)
    {
        (this.kind, this.runs, this.ratio) = (kind, runs, ratio);
        random = new SeededRandom(seed);
        regions = clusters <= 20 ? 5 : clusters <= 50 ? 10 : clusters <= 100 ? 20 : 30;
        continents = regions <= 5 ? 2 : regions <= 10 ? 3 : 4;
        groupOf = new int[runs];
        AddRuns();
        AddBins(clusters);
        Settle();
    }

    /// <summary>Whether the name is one that can be generated.</summary>
    public static bool Knows(string name) => NamePattern().IsMatch(name);

    /// <summary>Throws <see cref="InvalidDataException"/> for a name that it does not know.</summary>
    public static InstanceText Make(string name)
    {
        if (!Knows(name))
            throw new InvalidDataException($"{name}: neither a file nor a name like F-2000x50-r0.95-s1: F, FM or C, runs, clusters, demand to supply, seed");
        var parts = NamePattern().Match(name).Groups;
        int Whole(string part) => int.Parse(parts[part].Value, CultureInfo.InvariantCulture);
        var generator = new Generator(
            parts["class"].Value, Whole("runs"), Whole("clusters"), double.Parse(parts["ratio"].Value, CultureInfo.InvariantCulture), Whole("seed"));
        return generator.Write(name);
    }

    private void AddRuns()
    {
        for (var run = 0; run < runs; run++)
        {
            // Pareto with exponent 0.6: most are small, a few hold a large part of all GPUs.
            var size = Math.Min(4_096, Math.Pow(1 - random.Share(), -1 / 0.6));
            var gpus = size < 8 ? 1 << int.Log2((int)size) : (int)size / 8 * 8;
            var tier = random.Share() switch { < 0.4 => 0, < 0.75 => 1, < 0.93 => 2, _ => 3 };
            var skus = 1 << random.Below(Skus);
            if (random.Share() < 0.6)
                skus |= 1 << random.Below(Skus);
            groupOf[run] = random.Share() < 0.2 ? random.Below(Math.Max(1, runs / 200)) : -1;
            wanted.Add(new Run(gpus, tier, skus, Math.Exp(Uniform(Math.Log(10), Math.Log(10_000))), random.Below(regions), random.Share() < 0.25));
        }
    }

    private void AddBins(int clusters)
    {
        var sizes = new List<(int Cluster, int Region, int Sku, double Size)>();
        for (var cluster = 0; cluster < clusters; cluster++)
        {
            var region = cluster < regions ? cluster : random.Below(regions);
            var sku = random.Below(Skus);
            sizes.Add((cluster, region, sku, Math.Exp(Uniform(0, Math.Log(60)))));
            if (random.Share() < 0.33)
                sizes.Add((cluster, region, (sku + 1 + random.Below(Skus - 1)) % Skus, Math.Exp(Uniform(0, Math.Log(60)))));
        }

        var scale = wanted.Sum(run => (double)run.Gpus) / ratio / sizes.Sum(bin => bin.Size);
        foreach (var (cluster, region, sku, size) in sizes)
        {
            var whole = Math.Max(16, (long)(size * scale) / 8 * 8);
            bins.Add((cluster, region, sku, whole + random.Below(16), whole));
        }
    }

    /// <summary>Where each run was before the loss: large ones first, each in a bin that suits it; who finds none had been waiting.</summary>
    private void Settle()
    {
        var free = bins.Select(bin => (bin.Gpus, bin.Whole)).ToArray();
        foreach (var run in wanted.OrderByDescending(run => run.Gpus))
        {
            for (var attempt = 0; attempt < 3 * bins.Count && run.Home < 0; attempt++)
            {
                var bin = random.Below(bins.Count);
                if ((run.Skus >> bins[bin].Sku & 1) == 0 || free[bin].Gpus < run.Gpus || (run.Gpus >= 8 && free[bin].Whole < run.Gpus))
                    continue;
                free[bin] = (free[bin].Gpus - run.Gpus, free[bin].Whole - (run.Gpus >= 8 ? run.Gpus : 0));
                run.Home = bin;
            }
        }
    }

    private InstanceText Write(string name)
    {
        var text = new InstanceText(name, kind, ratio);
        var displaced = wanted.Where(run => kind == "C" || Displaced(run)).Sum(run => run.Gigabytes);
        var ingest = (long)Math.Max(20_000, displaced / regions * (kind == "C" ? 1.05 : 2.8));
        text.Regions.AddRange(Enumerable.Repeat(ingest, regions));
        text.Bins.AddRange(bins);
        for (var group = 0; group < Math.Max(1, runs / 200); group++)
        {
            var members = wanted.Index().Where(run => groupOf[run.Index] == group).Select(run => run.Item).ToArray();
            var now = members.Where(run => run.Home >= 0).GroupBy(run => bins[run.Home].Region).Select(region => region.Sum(run => (long)run.Gpus)).DefaultIfEmpty().Max();
            text.Groups.Add(Math.Max(now, members.Sum(run => (long)run.Gpus) * 2 / 5));
        }

        foreach (var (index, run) in wanted.Index())
            text.Runs.Add(new InstanceText.Run(run.Gpus, run.Gpus >= 8, run.Tier, groupOf[index], kind == "C" ? -1 : run.Home, Candidates(run)));
        return text;
    }

    private bool Displaced(Run run) => run.Home < 0 || bins[run.Home].Region == 0;

    private (int Bin, long Value, long Ingest)[] Candidates(Run run)
    {
        if (kind == "F" && !Displaced(run))
            return [(run.Home, Worth(run, run.Home, 0, 0), 0)];
        var from = run.Home < 0 ? run.Replica : bins[run.Home].Region;
        var places = new List<(int Bin, long Value, long Ingest)>();
        for (var bin = 0; bin < bins.Count; bin++)
        {
            var region = bins[bin].Region;
            var lost = region == 0 && kind != "C";
            if (lost || (run.Skus >> bins[bin].Sku & 1) == 0 || (run.Resident && region % continents != from % continents))
                continue;
            if (bins[bin].Gpus < run.Gpus || (run.Gpus >= 8 && bins[bin].Whole < run.Gpus))
                continue;
            var stays = bin == run.Home && kind == "FM";
            var there = stays || region == run.Replica || (region == from && from != 0);
            var near = region % continents == run.Replica % continents;
            var hours = (stays ? 0 : 0.1) + (there ? 0 : run.Gigabytes / (near ? 9_000 : 2_500));
            places.Add((bin, Worth(run, bin, hours, there ? 0 : run.Gigabytes * (near ? 0.02 : 0.05)), there ? 0 : (long)run.Gigabytes));
        }

        return [.. places];
    }

    private long Worth(Run run, int bin, double hours, double egress) =>
        (long)Math.Max(1, (TierWeight[run.Tier] * run.Gpus * GpuHourPrice * SkuFactor[bins[bin].Sku] * (HorizonHours - hours)) - egress);

    private double Uniform(double from, double to) => from + (random.Share() * (to - from));

    [GeneratedRegex(@"^(?<class>FM|F|C)-(?<runs>\d{1,6})x(?<clusters>\d{1,4})-r(?<ratio>[\d.]+)-s(?<seed>\d+)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex NamePattern();

    private sealed record Run(int Gpus, int Tier, int Skus, double Gigabytes, int Replica, bool Resident)
    {
        public int Home { get; set; } = -1;
    }
}
