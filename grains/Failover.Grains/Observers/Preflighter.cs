using System.Collections.Concurrent;
using Failover.Abstractions.Ports;
using Failover.Domain.Fleet;
using Failover.Domain.Health;
using Failover.Domain.Migration;
using Failover.Grains.Effects;
using Failover.Grains.State;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failover.Grains.Observers;

/// <summary>
/// Asks healthy members, by dry runs, whether they would take each live run's workload, and asks again as answers age: what a Job needs there (namespace, service account,
/// quota, priority class, runtime class) is known before a launch, and not by its failure.
/// </summary>
internal sealed partial class Preflighter(
    PreflightBoard board,
    StateReader rows,
    WorkloadActions workloads,
    FleetBook fleets,
    IOptions<ObserverOptions> options,
    TimeProvider time,
    ILogger<Preflighter> logger) : BackgroundService
{
    // So many runs of a member in a turn, lest the others wait for one member's many.
    private const int RunsPerTurn = 64;
    private const int MembersAtOnce = 16;

    // Each member's notes are told once.
    private readonly ConcurrentDictionary<(string Member, string Note), byte> _noted = [];

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        board.Begin();
        return Periodically.RunAsync(options.Value.PreflightInterval, time, AskAllAsync, LogFailed, stoppingToken);
    }

    internal async Task AskAllAsync(CancellationToken cancellationToken)
    {
        var fleet = fleets.Current;
        var runs = (await rows.ReadRunsAsync(cancellationToken)).Where(run => !run.IsTombstone).ToList();
        board.Keep(runs.Select(run => run.Uid).ToHashSet());
        var healthy = (await rows.ReadMembersAsync(cancellationToken)).Where(member => member.Verdict == MemberVerdict.Healthy).Select(member => member.Name).ToHashSet();
        var members = fleet.Members.Where(member => healthy.Contains(member.Name));
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = MembersAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(members, parallel, async (member, token) => await AskAsync(member, runs, token));
    }

    private async Task AskAsync(MemberSpec member, IEnumerable<RunState> runs, CancellationToken cancellationToken)
    {
        // Those that wait come first: the others are asked for only to know it should they have to move.
        var due = runs.Where(run => (run.Spec.Regions.IsEmpty || run.Spec.Regions.Contains(member.Region)) && board.IsDue(run.Uid, member.Name))
            .OrderBy(run => run.Step == RunStep.Waiting ? 0 : 1).Take(RunsPerTurn);
        foreach (var run in due)
        {
            var answer = await workloads.PreflightAsync(member.Name, run, cancellationToken);
            // One that does not answer, or not for now, is asked again next turn; whether it is well is for others to find out.
            if (answer.Outcome is CallOutcome.Unknown or CallOutcome.Refused)
                return;
            if (answer.Note is { } note && _noted.TryAdd((member.Name, note), 0))
                LogNote(member.Name, note);
            if (answer.Outcome == CallOutcome.Invalid)
                LogRefused(member.Name, run.Spec.Name, answer.Detail);
            board.Post(run.Uid, member.Name, answer.Outcome == CallOutcome.Invalid ? answer.Detail : null);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Member {Member} would take runs; but {Note}")]
    private partial void LogNote(string member, string note);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Member {Member} would not take run {Run}: {Reason}")]
    private partial void LogRefused(string member, string run, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Members could not be asked and will be asked again: {Reason}")]
    private partial void LogFailed(string reason);
}
