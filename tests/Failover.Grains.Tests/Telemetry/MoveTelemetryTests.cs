using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Failover.Domain.Migration;
using Failover.Grains.Telemetry;
using Failover.Grains.Tests.Doubles;

namespace Failover.Grains.Tests.Telemetry;

/// <summary>One trace a move, with a span a step; counted by cause and outcome.</summary>
public sealed class MoveTelemetryTests : IDisposable
{
    private readonly string _uid = Samples.NewUid();
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly ConcurrentQueue<(string Instrument, string Tags)> _measured = new();
    private readonly ActivityListener _listener;
    private readonly MeterListener _meters = new();

    public MoveTelemetryTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == GrainsHosting.TelemetryName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
        _meters.InstrumentPublished = (instrument, meters) =>
        {
            if (instrument.Meter.Name == GrainsHosting.TelemetryName)
                meters.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Measured(instrument, tags));
        _meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Measured(instrument, tags));
        _meters.Start();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _meters.Dispose();
    }

    [Fact]
    public void Record_MoveThatEnded_IsOneTraceWithASpanForEachStep()
    {
        var before = Before(toEpoch: 1);
        var after = Samples.Running(_uid) with { Now = Samples.Start.AddSeconds(30), LastMove = before.Move };

        MoveTelemetry.Record(before, after);

        var root = Assert.Single(_spans, span => Equals(span.GetTagItem("failover.run.uid"), _uid));
        Assert.Equal(("moved", "Failover", 1), (root.GetTagItem("failover.move.outcome"), root.GetTagItem("failover.move.cause"), root.GetTagItem("failover.epoch")));
        Assert.Equal((Samples.Start.UtcDateTime, TimeSpan.FromSeconds(30)), (root.StartTimeUtc, root.Duration));
        var steps = _spans.Where(span => span.TraceId == root.TraceId && span != root).ToList();
        Assert.Equal([("Detected", 4), ("Planned", 6), ("Fenced", 20)], steps.Select(span => (span.OperationName, (int)span.Duration.TotalSeconds)));
        Assert.All(steps, span => Assert.Equal(root.SpanId, span.ParentSpanId));
        Assert.Contains(("failover.moves", "Failover moved"), _measured);
        Assert.Contains(("failover.move.step.duration", "Fenced"), _measured);
    }

    public static TheoryData<RunStep, int, string> Outcomes => new()
    {
        { RunStep.Running, 1, "moved" },
        { RunStep.Running, 2, "cancelled" },
        { RunStep.Waiting, 2, "gave-up" },
        { RunStep.Cancelling, 1, "gave-up" },
    };

    [Theory]
    [MemberData(nameof(Outcomes))]
    public void Record_ByHowTheMoveEnded_TellsItsOutcome(RunStep step, int toEpoch, string expected)
    {
        var before = Before(toEpoch);

        MoveTelemetry.Record(before, Samples.Running(_uid) with { Step = step, LastMove = before.Move });

        Assert.Equal(expected, Root().GetTagItem("failover.move.outcome"));
    }

    [Fact]
    public void Record_InsideAnotherActivity_IsATraceOfItsOwn()
    {
        using var request = new Activity("a request").Start();
        var before = Before(toEpoch: 1);

        MoveTelemetry.Record(before, Samples.Running(_uid) with { LastMove = before.Move });

        Assert.NotEqual(request.TraceId, Root().TraceId);
        Assert.Same(request, Activity.Current);
    }

    [Fact]
    public void Record_MoveUnderWayOrNone_TellsNothing()
    {
        MoveTelemetry.Record(Before(toEpoch: 2), Before(toEpoch: 2) with { Step = RunStep.Pinning });
        MoveTelemetry.Record(Samples.Running(_uid), Samples.Running(_uid));

        Assert.DoesNotContain(_spans, span => Equals(span.GetTagItem("failover.run.uid"), _uid));
    }

    private Activity Root() => Assert.Single(_spans, span => Equals(span.GetTagItem("failover.run.uid"), _uid));

    private RunState Before(int toEpoch)
    {
        var moving = Samples.Moving(_uid, RunStep.Fenced);
        return moving with
        {
            Move = moving.Move! with
            {
                ToEpoch = toEpoch,
                Dates =
                [
                    new DatedStep("Detected", Samples.Start),
                    new DatedStep("Planned", Samples.Start.AddSeconds(4)),
                    new DatedStep("Fenced", Samples.Start.AddSeconds(10)),
                ],
            },
        };
    }

    private void Measured(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _measured.Enqueue((instrument.Name, string.Join(' ', tags.ToArray().Select(tag => tag.Value))));
}
