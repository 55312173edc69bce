using System.Diagnostics;
using System.Diagnostics.Metrics;
using Failover.Domain.Migration;

namespace Failover.Grains.Telemetry;

/// <summary>
/// One trace a move, with a span a step. Spans are written when the move ends, from the dates that its row keeps: so a move that several silo processes worked on, one
/// after the other, is still one trace.
/// </summary>
internal static class MoveTelemetry
{
    /// <summary>The name of our activity source and meter.</summary>
    public const string SourceName = "Failover";

    private static readonly ActivitySource Source = new(SourceName);
    private static readonly Meter Meter = new(SourceName);

    private static readonly Counter<long> Moves =
        Meter.CreateCounter<long>("failover.moves", "{move}", "Moves that ended, by cause and outcome.");

    private static readonly Histogram<double> StepSeconds = Meter.CreateHistogram(
        "failover.move.step.duration", "s", "Time that a move spent in a step.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000] });

    private static readonly Counter<long> Redone =
        Meter.CreateCounter<long>("failover.steps.redone", "{step}", "Steps that were seen and are trained again, as the commit resumed from was made before them.");

    private static readonly Counter<double> Lost =
        Meter.CreateCounter<double>("failover.gpu.lost", "h", "GPU-hours without training: each GPU of a moved run, from the detection of its trouble to its first step elsewhere.");

    /// <summary>Records the move that ended with this transition, if one did.</summary>
    public static void Record(RunState before, RunState after)
    {
        if (before.Move is not { } started || after.Move is not null)
            return;
        var move = after.LastMove is { } last && last.Number == started.Number ? last : started;
        var outcome = after.Step == RunStep.Running && after.EpochNumber == move.ToEpoch ? "moved" : after.Step == RunStep.Running ? "cancelled" : "gave-up";
        Moves.Add(1, new KeyValuePair<string, object?>("failover.move.cause", move.Cause.ToString()), new KeyValuePair<string, object?>("failover.move.outcome", outcome));
        if (outcome == "moved" && move.Cause is not MoveCause.Initial)
        {
            KeyValuePair<string, object?> cause = new("failover.move.cause", move.Cause.ToString());
            Lost.Add((after.Now - move.Dates[0].At).TotalHours * after.Spec.Gang.Gpus, cause);
            // Of the epoch before only the last step seen is known, when it was current still.
            if (after.Past.LastOrDefault()?.LastStep is { } seen && seen > move.CommitStep)
                Redone.Add(seen - move.CommitStep, cause);
        }
        // A trace of its own, whatever call it was that ended the move.
        var around = Activity.Current;
        Activity.Current = null;
        WriteTrace(after, move, outcome);
        Activity.Current = around;
    }

    private static void WriteTrace(RunState run, MoveState move, string outcome)
    {
        var started = move.Dates[0].At;
        var root = Source.StartActivity(
            $"move {run.Spec.Name}", ActivityKind.Internal, parentContext: default, startTime: started,
            tags: [
                new("failover.run.uid", run.Uid),
                new("failover.run.name", run.Spec.Name),
                new("failover.epoch", move.ToEpoch),
                new("failover.member", move.Target.Member),
                new("failover.move.cause", move.Cause.ToString()),
                new("failover.move.outcome", outcome),
            ]);
        for (var i = 0; i < move.Dates.Length; i++)
        {
            var (step, from) = move.Dates[i];
            var until = i + 1 < move.Dates.Length ? move.Dates[i + 1].At : run.Now;
            StepSeconds.Record((until - from).TotalSeconds, new KeyValuePair<string, object?>("failover.move.step", step));
            if (root is null)
                continue;
            using var span = Source.StartActivity(step, ActivityKind.Internal, root.Context, startTime: from);
            span?.SetEndTime(until.UtcDateTime);
        }
        root?.SetEndTime(run.Now.UtcDateTime);
        root?.Stop();
    }
}
