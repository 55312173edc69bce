using System.Diagnostics.Metrics;
using Failover.Domain.Members;

namespace Failover.Grains.Telemetry;

/// <summary>Changes of verdicts, and how long after the first sign of trouble they came.</summary>
internal static class VerdictTelemetry
{
    private static readonly Meter Meter = new(MoveTelemetry.SourceName);

    private static readonly Counter<long> Changes =
        Meter.CreateCounter<long>("failover.verdict.changes", "{change}", "Changes of members' verdicts, by what it was, what it is, and the row of the table that decided.");

    private static readonly Histogram<double> Delay = Meter.CreateHistogram(
        "failover.verdict.delay", "s", "From the first sign of trouble to the verdict about it.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2, 4, 8, 12, 16, 20, 30, 60, 120, 300] });

    public static void Record(string member, VerdictChange change)
    {
        KeyValuePair<string, object?> to = new("failover.verdict", change.To.ToString());
        Changes.Add(1, new("failover.member", member), new("failover.verdict.from", change.From.ToString()), to, new("failover.verdict.row", change.Row));
        if (change.TroubleSince is { } since)
            Delay.Record((change.At - since).TotalSeconds, to);
    }
}
