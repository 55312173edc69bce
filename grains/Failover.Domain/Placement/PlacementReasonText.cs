using System.Globalization;

namespace Failover.Domain.Placement;

/// <summary>Why a run has no place somewhere, in an operator's words; the same whichever engine says it.</summary>
internal static class PlacementReasonText
{
    public static string NoSuchSku(PlacementRun run, IEnumerable<string> there)
    {
        if (run.Skus.IsEmpty)
            return "none of its GPU types is in the fleet file";
        var wanted = string.Join(" or ", run.Skus.Select(choice => choice.Sku));
        var types = string.Join(", ", there);
        return types.Length == 0 ? $"no {wanted} there: no GPUs seen" : $"no {wanted} there, only {types}";
    }

    public static string TooSmall(PlacementRun run, string sku, long free, string what = "free") => $"not enough {sku}: needs {run.Gpus} GPUs, {free} {what}";

    /// <summary><paramref name="times"/>: how often a worker of it would find room.</summary>
    public static string TooScattered(PlacementRun run, string sku, long times) => run.GpusPerWorker == 8
        ? $"whole nodes of {sku}: needs {run.Workers} free nodes, {times}"
        : $"{sku} too scattered: needs {run.GpusPerWorker} GPUs on one node {run.Workers} times, {times} times free";

    /// <summary><paramref name="all"/>: GPUs of the pool, whatever runs there; <paramref name="times"/>: how often a worker of it would find room if nothing did.</summary>
    public static string TooLarge(PlacementRun run, string sku, long all, long times) => all < run.Gpus
        ? $"too large for it even if it were empty: needs {run.Gpus} GPUs, its {sku} nodes have {all} in all"
        : $"too large for it even if it were empty: needs {run.GpusPerWorker} GPUs on one node {run.Workers} times, its {sku} nodes have room for {times}";

    public static string SpreadTooTight(PlacementRun run, long most) => $"spread: needs {run.Gpus} GPUs, its group {run.Group} may have {most} in any one region";

    public static string Ingest(long bytes, long left, string region) => $"ingest: needs {Gigabytes(bytes)} GB brought into {region}, which takes {Gigabytes(left)} GB more for now";

    public static string Spread(PlacementRun run, long left, string region) => $"spread: needs {run.Gpus} GPUs, its group {run.Group} may have {Math.Max(0, left)} more in {region}";

    public static string Outbid(IEnumerable<string> names) => $"outbid by {string.Join(", ", names)}";

    /// <summary>A value, in GPU-hours of the reference type times the tier's weight.</summary>
    public static string Worth(long value) => $"{(value / 1_000m).ToString("0.#", CultureInfo.InvariantCulture)} weighted GPU-hours";

    private static string Gigabytes(long bytes) => (bytes / 1_000_000_000m).ToString("0.###", CultureInfo.InvariantCulture);
}
