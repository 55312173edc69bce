using System.Diagnostics.Metrics;
using Failover.Domain.Placement;

namespace Failover.Grains.Telemetry;

/// <summary>What solves take, how good they are, how large they were, and how often the first feasible plan had to do.</summary>
internal static class PlanTelemetry
{
    private static readonly Meter Meter = new(MoveTelemetry.SourceName);

    private static readonly Histogram<double> Seconds = Meter.CreateHistogram(
        "failover.plan.duration", "s", "Time that a plan took, from the problem to the checked plan.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60] });

    private static readonly Histogram<double> Gap = Meter.CreateHistogram(
        "failover.plan.gap", "1", "The share of the best possible plan's worth that a plan may have left on the table, at the most.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1] });

    private static readonly Histogram<long> Runs = Meter.CreateHistogram(
        "failover.plan.runs", "{run}", "Runs that a plan decided about, those at home included.",
        advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000] });

    private static readonly Histogram<long> Candidates = Meter.CreateHistogram(
        "failover.plan.candidates", "{candidate}", "Pairs of run and bin that a plan weighed.",
        advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000] });

    private static readonly Counter<long> Fallbacks =
        Meter.CreateCounter<long>("failover.plan.fallbacks", "{plan}", "Plans of the greedy engine in place of a solver's that failed, was late, or was refused by its checker; by reason.");

    private static readonly Counter<long> Rejected =
        Meter.CreateCounter<long>("failover.plan.rejected", "{move}", "Planned moves that no longer held when the plan was done.");

    // A counter that is told of from the start shows its first count as a rise.
    static PlanTelemetry()
    {
        foreach (var reason in (ReadOnlySpan<string>)["failed", "late", "unsound"])
            Fallbacks.Add(0, new KeyValuePair<string, object?>("failover.plan.fallback.reason", reason));
    }

    public static void Made(PlacementProblem problem, PlacementPlan plan, TimeSpan took, int? candidates)
    {
        KeyValuePair<string, object?> engine = new("failover.plan.engine", plan.Engine.ToString());
        Seconds.Record(took.TotalSeconds, engine);
        Runs.Record(problem.Runs.Length, engine);
        if (plan.Gap is { } gap)
            Gap.Record(gap, engine);
        if (candidates is { } weighed)
            Candidates.Record(weighed, engine);
    }

    public static void FellBack(string reason) => Fallbacks.Add(1, new KeyValuePair<string, object?>("failover.plan.fallback.reason", reason));

    public static void Gave(int rejected) => Rejected.Add(rejected);
}
