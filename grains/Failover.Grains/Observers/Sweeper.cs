using System.Collections.Immutable;
using Failover.Abstractions.Grains;
using Failover.Abstractions.Ports;
using Failover.Domain.Fleet;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Grains.Effects;
using Failover.Grains.State;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failover.Grains.Observers;

/// <summary>
/// The standing rule: whatever of an epoch that is not current is seen on a member is deleted, by its Kubernetes uid, after its run's row was read once more. Also tells
/// runs what became of their workloads.
/// </summary>
internal sealed partial class Sweeper(
    SightingBoard sightings,
    StateReader rows,
    WorkloadActions workloads,
    IGrainFactory grains,
    FleetSpec fleet,
    IOptions<ObserverOptions> options,
    TimeProvider time,
    ILogger<Sweeper> logger) : BackgroundService
{
    private readonly Dictionary<(string Member, string Uid, int Epoch), long> _absentSince = [];
    private readonly HashSet<string> _strangeTold = [];

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Periodically.RunAsync(options.Value.SweepInterval, time, SweepAllAsync, LogFailed, stoppingToken);

    internal async Task SweepAllAsync(CancellationToken cancellationToken)
    {
        foreach (var member in fleet.Members)
        {
            var startedAt = time.GetUtcNow();
            if (sightings.Latest(member.Name) is { } sight)
                await SweepAsync(member.Name, sight, startedAt, cancellationToken);
        }
    }

    private async Task SweepAsync(string member, MemberObservation sight, DateTimeOffset startedAt, CancellationToken cancellationToken)
    {
        var runs = (await rows.ReadRunsAsync(cancellationToken)).ToDictionary(run => run.Uid);
        var review = WorkloadReview.Of(member, sight.Workloads, runs, time.GetUtcNow());
        foreach (var addressed in review.Events)
            await grains.GetGrain<IRunGrain>(addressed.RunUid).ApplyAsync(addressed.Event);
        await TellAbsentAsync(member, review.Absent);
        TellStrange(member, review.Strange);
        foreach (var stale in review.Stale.Where(workload => workload.Phase != WorkloadPhase.Terminating))
            await DeleteAsync(member, stale, cancellationToken);
        var names = review.Stale.Select(workload => $"{workload.Namespace}/{workload.Name}").ToImmutableArray();
        // A deleted workload is out of sight at once; its pods hold their GPUs until they are gone.
        var held = sight.Capacity.Workloads.Any(use => runs.GetValueOrDefault(use.RunUid)?.EpochNumber > use.Epoch);
        var clean = review.Stale.IsEmpty && !held;
        await grains.GetGrain<IMemberGrain>(member).ApplyAsync(new MemberEvent.SweptClean(time.GetUtcNow(), startedAt, clean, names));
    }

    private async Task DeleteAsync(string member, SeenWorkload stale, CancellationToken cancellationToken)
    {
        // The row decides, as it is now: the picture may be old.
        var run = await rows.ReadRunAsync(stale.RunUid, cancellationToken);
        if (run is null || (stale.Epoch >= run.EpochNumber && run.Step != RunStep.Cancelled))
            return;
        var result = await workloads.DeleteAsync(member, stale, cancellationToken);
        LogSwept(stale.Name, member, stale.Epoch, run.EpochNumber, result.Outcome.ToString());
    }

    /// <summary>Once for each: what another installation's restore, or a hand, left there is for a person to look at.</summary>
    private void TellStrange(string member, ImmutableArray<SeenWorkload> strange)
    {
        foreach (var workload in strange.Where(workload => _strangeTold.Add(workload.ObjectUid)))
            LogStrange(workload.Name, member, workload.RunUid, workload.Epoch);
    }

    /// <summary>A workload that a fresh launch has just created may not be in the picture yet; one that stays away is gone.</summary>
    private async Task TellAbsentAsync(string member, ImmutableArray<(string Uid, int Epoch)> absent)
    {
        var now = time.GetTimestamp();
        var keys = absent.Select(one => (Member: member, one.Uid, one.Epoch)).ToList();
        foreach (var gone in keys)
        {
            if (_absentSince.TryAdd(gone, now) || time.GetElapsedTime(_absentSince[gone], now) < options.Value.AbsentAfter)
                continue;
            _absentSince.Remove(gone);
            var failed = new RunEvent.WorkloadFailed(time.GetUtcNow(), gone.Epoch, null, "its workload is gone");
            await grains.GetGrain<IRunGrain>(gone.Uid).ApplyAsync(failed);
        }
        foreach (var back in _absentSince.Keys.Where(known => known.Member == member).Except(keys).ToList())
            _absentSince.Remove(back);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Swept {Workload} on {Member}: epoch {Epoch}, current is {Current}: {Outcome}")]
    private partial void LogSwept(string workload, string member, int epoch, int current, string outcome);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Workload} on {Member} bears our labels, but no row knows of it there (run {Uid}, epoch {Epoch}); it is left alone")]
    private partial void LogStrange(string workload, string member, string uid, int epoch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A sweep broke off and will be repeated: {Reason}")]
    private partial void LogFailed(string reason);
}
