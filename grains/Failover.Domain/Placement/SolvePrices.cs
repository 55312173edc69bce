using System.Collections.Immutable;
using Failover.Domain.Placement.Solving;

namespace Failover.Domain.Placement;

/// <summary>
/// What GPUs of a bin, bringing into a region and a group's share of it cost in an earlier plan, by name: the next solve begins there, also where members have come and gone
/// meanwhile. Prices only ever save time; no plan or bound depends on their being right.
/// </summary>
public sealed class SolvePrices
{
    private readonly ImmutableDictionary<(string Member, string Sku), ImmutableArray<double>> bins;
    // A byte's.
    private readonly ImmutableDictionary<string, double> ingest;
    private readonly ImmutableDictionary<(string Group, string Region), double> spread;

    internal SolvePrices(PlacementInstance instance, SolverMap map, Prices prices)
    {
        const int levels = GangProblem.Levels;
        bins = instance.Bins.Index().ToImmutableDictionary(bin => (bin.Item.Member, bin.Item.Sku), bin => prices.Bin.AsSpan(bin.Index * levels, levels).ToImmutableArray());
        ingest = instance.RegionNames.Index().ToImmutableDictionary(region => region.Item, region => prices.Ingest[region.Index] / map.IngestUnit(region.Index));
        spread = (from @group in instance.Groups.Index()
                  from region in instance.RegionNames.Index()
                  select (Key: (@group.Item.Name, region.Item), Price: prices.Spread[(@group.Index * instance.RegionNames.Length) + region.Index]))
            .ToImmutableDictionary(row => row.Key, row => row.Price);
    }

    /// <summary>Bins that they know of.</summary>
    public int Bins => bins.Count;

    /// <summary>For a problem as it is now: what is new costs nothing yet. <see langword="null"/> where none of its bins is known.</summary>
    internal Prices? For(PlacementInstance instance, SolverMap map)
    {
        var prices = new Prices(map.Problem);
        var known = false;
        foreach (var (index, bin) in instance.Bins.Index())
        {
            if (!bins.TryGetValue((bin.Member, bin.Sku), out var levels))
                continue;
            known = true;
            levels.CopyTo(prices.Bin.AsSpan(index * GangProblem.Levels));
        }

        foreach (var (index, region) in instance.RegionNames.Index())
        {
            prices.Ingest[index] = ingest.GetValueOrDefault(region) * map.IngestUnit(index);
            foreach (var (row, group) in instance.Groups.Index())
                prices.Spread[(row * instance.RegionNames.Length) + index] = spread.GetValueOrDefault((group.Name, region));
        }

        return known ? prices : null;
    }
}
