using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Failover.Abstractions.Grains;
using Failover.Abstractions.Ports;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Grains.Observers;
using Failover.Grains.State;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failover.Grains.Telemetry;

/// <summary>
/// How things stand, for dashboards and alerts: read from the rows now and then, so that it costs nobody anything. Each silo tells all of it; over several take the
/// maximum, not the sum.
/// </summary>
internal sealed partial class FleetGauges : BackgroundService
{
    private readonly StateReader _rows;
    private readonly UnreadableRows _unreadable;
    private readonly IGrainFactory _grains;
    private readonly FleetBook _fleets;
    private readonly ObserverOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<FleetGauges> _logger;
    private readonly Meter _meter;
    private Picture _picture = new([], [], [], new BrakeState());

    public FleetGauges(
        StateReader rows, UnreadableRows unreadable, IGrainFactory grains, FleetBook fleets, IOptions<ObserverOptions> options, IMeterFactory meters, TimeProvider time,
        ILogger<FleetGauges> logger)
    {
        (_rows, _unreadable, _grains, _fleets, _options, _time, _logger) = (rows, unreadable, grains, fleets, options.Value, time, logger);
        _meter = meters.Create(MoveTelemetry.SourceName);
        _meter.CreateObservableGauge("failover.members", Members, "{member}", "Members, by verdict.");
        _meter.CreateObservableGauge("failover.runs", Runs, "{run}", "Runs that are not over, by step and by reason to wait.");
        _meter.CreateObservableGauge("failover.runs.unprotected", Unprotected, "{run}", "Runs that train and have no commit outside their region.");
        _meter.CreateObservableGauge("failover.run.rpo", Ages, "s", "Since when the newest commit outside its region is a run's newest there; 0 where nothing would be lost.");
        _meter.CreateObservableGauge("failover.run.rpo.steps", Steps, "{step}", "Steps that would be lost with the run's region.");
        _meter.CreateObservableGauge("failover.member.gpus.reserved", Reserved, "{gpu}", "GPUs promised on a member, bound or not.");
        _meter.CreateObservableGauge("failover.member.workloads.stale", Stale, "{workload}", "Workloads of epochs that are not current, still seen on a member.");
        _meter.CreateObservableGauge("failover.rows.unreadable", () => _unreadable.All.Length, "{row}", "Stored rows that can't be read; what they stand for is left as it is.");
        _meter.CreateObservableGauge("failover.brake.held", () => Now.Brake.HeldBecause is null ? 0 : 1, "1", "1 while the brake holds.");
        _meter.CreateObservableGauge("failover.brake.permits", () => Now.Brake.Permits.Length, "{permit}", "Permits for involuntary moves that are remembered.");
    }

    private Picture Now => Volatile.Read(ref _picture);

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Periodically.RunAsync(_options.GaugeInterval, _time, LookAsync, LogFailed, stoppingToken);

    internal async Task LookAsync(CancellationToken cancellationToken)
    {
        var brake = await _grains.GetGrain<IBrakeGrain>(IBrakeGrain.Key).GetAsync();
        var runs = (await _rows.ReadRunsAsync(cancellationToken)).Where(run => !run.IsTombstone).ToImmutableArray();
        var fleet = _fleets.Current;
        var atRisk = runs.Select(run => (Run: run, Rpo: Rpo.Of(run, fleet))).Where(one => one.Rpo is not null).Select(one => new AtRisk(one.Run.Uid, one.Run.Spec.Name, one.Rpo!));
        Volatile.Write(ref _picture, new Picture(runs, [.. atRisk], await _rows.ReadMembersAsync(cancellationToken), brake));
    }

    private IEnumerable<Measurement<int>> Members() =>
        from verdict in Enum.GetValues<MemberVerdict>()
        select new Measurement<int>(Now.Members.Count(member => member.Verdict == verdict), Tag("failover.verdict", verdict.ToString()));

    private IEnumerable<Measurement<int>> Runs() =>
        from run in Now.Runs
        group run by (run.Step, run.Waiting?.Reason) into alike
        select new Measurement<int>(alike.Count(), Tag("failover.run.step", alike.Key.Step.ToString()), Tag("failover.wait.reason", alike.Key.Reason?.ToString() ?? ""));

    private int Unprotected() => Now.AtRisk.Count(run => run.Rpo.Outside is null);

    private IEnumerable<Measurement<double>> Ages() => Each(rpo => rpo.Age.TotalSeconds);

    private IEnumerable<Measurement<double>> Steps() => Each(rpo => rpo.Steps);

    private IEnumerable<Measurement<double>> Each(Func<Rpo, double> what) =>
        Now.AtRisk.Select(run => new Measurement<double>(what(run.Rpo), Tag("failover.run.name", run.Name), Tag("failover.run.uid", run.Uid)));

    private IEnumerable<Measurement<int>> Reserved() =>
        Now.Members.Select(member => new Measurement<int>(member.Reservations.Sum(reservation => reservation.Gpus), Tag("failover.member", member.Name)));

    private IEnumerable<Measurement<int>> Stale() =>
        Now.Members.Select(member => new Measurement<int>(member.StaleWorkloads.Length, Tag("failover.member", member.Name)));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    [LoggerMessage(Level = LogLevel.Warning, Message = "How things stand could not be read, and will be again: {Reason}")]
    private partial void LogFailed(string reason);

    private sealed record AtRisk(string Uid, string Name, Rpo Rpo);

    private sealed record Picture(ImmutableArray<RunState> Runs, ImmutableArray<AtRisk> AtRisk, ImmutableArray<MemberState> Members, BrakeState Brake);
}
