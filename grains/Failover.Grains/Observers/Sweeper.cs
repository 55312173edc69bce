using System.Collections.Concurrent;
using System.Collections.Immutable;
using Failover.Abstractions.Grains;
using Failover.Abstractions.Ports;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
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
    FleetBook fleets,
    IOptions<ObserverOptions> options,
    TimeProvider time,
    ILogger<Sweeper> logger) : BackgroundService
{
    // Members are swept side by side.
    private readonly ConcurrentDictionary<(string Member, string Uid, int Epoch), long> _absentSince = [];
    private readonly ConcurrentDictionary<string, byte> _strangeTold = [];

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Periodically.RunAsync(options.Value.SweepInterval, time, SweepAllAsync, LogFailed, stoppingToken);

    internal async Task SweepAllAsync(CancellationToken cancellationToken)
    {
        var startedAt = time.GetUtcNow();
        var pictures = fleets.Current.Members
            .Select(member => (member.Name, Sight: sightings.Latest(member.Name)))
            .Where(picture => picture.Sight is not null)
            .ToList();
        if (pictures.Count == 0)
            return;
        // After the pictures: what they show was launched for rows that were stored before.
        var read = await rows.ReadRunRowsAsync(cancellationToken);
        var runs = read.Runs.ToDictionary(run => run.Uid);
        await Fanout.ForEachAsync(
            pictures,
            picture => SweepAsync(picture.Name, picture.Sight!, runs, read.Unreadable, startedAt, cancellationToken),
            (picture, failure) => Tell(picture.Name, failure),
            cancellationToken);
    }

    private async Task SweepAsync(
        string member, MemberObservation sight, Dictionary<string, RunState> runs, ImmutableHashSet<string> unreadable, DateTimeOffset startedAt, CancellationToken cancellationToken)
    {
        var review = WorkloadReview.Of(member, sight.Workloads, runs, time.GetUtcNow());
        var events = review.Events.Concat(Gone(member, review.Absent));
        // Of one whose row can't be read the log has told already.
        TellStrange(member, review.Strange.RemoveAll(workload => unreadable.Contains(workload.RunUid)));
        await Fanout.ForEachAsync(
            events, addressed => grains.GetGrain<IRunGrain>(addressed.RunUid).ApplyAsync(addressed.Event), (addressed, failure) => Tell(addressed.RunUid, failure), cancellationToken);
        await Fanout.ForEachAsync(
            review.Stale.Where(workload => workload.Phase != WorkloadPhase.Terminating),
            stale => DeleteAsync(member, stale, cancellationToken), (stale, failure) => Tell(stale.Name, failure), cancellationToken);
        var names = review.Stale.Select(workload => $"{workload.Namespace}/{workload.Name}").ToImmutableArray();
        // A deleted workload is out of sight at once; its pods hold their GPUs until they are gone.
        var held = sight.Capacity.Workloads.Any(use => runs.GetValueOrDefault(use.RunUid)?.EpochNumber > use.Epoch);
        // Whether it is stale nobody can say while its run's row can't be read: it is left alone (I7), and the member is not called clean over it (I9).
        var doubtful = sight.Workloads.Any(workload => unreadable.Contains(workload.RunUid)) || sight.Capacity.Workloads.Any(use => unreadable.Contains(use.RunUid));
        var clean = review.Stale.IsEmpty && !held && !doubtful;
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
        foreach (var workload in strange.Where(workload => _strangeTold.TryAdd(workload.ObjectUid, 0)))
            LogStrange(workload.Name, member, workload.RunUid, workload.Epoch);
    }

    /// <summary>A workload that a fresh launch has just created may not be in the picture yet; one that stays away is gone.</summary>
    private List<AddressedEvent> Gone(string member, ImmutableArray<(string Uid, int Epoch)> absent)
    {
        var events = new List<AddressedEvent>();
        var now = time.GetTimestamp();
        var keys = absent.Select(one => (Member: member, one.Uid, one.Epoch)).ToList();
        foreach (var gone in keys)
        {
            if (_absentSince.TryAdd(gone, now) || time.GetElapsedTime(_absentSince[gone], now) < options.Value.AbsentAfter)
                continue;
            _absentSince.TryRemove(gone, out _);
            events.Add(new AddressedEvent(gone.Uid, new RunEvent.WorkloadFailed(time.GetUtcNow(), gone.Epoch, null, "its workload is gone")));
        }
        foreach (var back in _absentSince.Keys.Where(known => known.Member == member).Except(keys).ToList())
            _absentSince.TryRemove(back, out _);
        return events;
    }

    private void Tell(string whom, Exception failure)
    {
        if (Periodically.IsPassing(failure))
            LogFailed($"{whom}: {failure.Message}");
        else
            LogOdd(failure, whom);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Swept {Workload} on {Member}: epoch {Epoch}, current is {Current}: {Outcome}")]
    private partial void LogSwept(string workload, string member, int epoch, int current, string outcome);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Workload} on {Member} bears our labels, but no row knows of it there (run {Uid}, epoch {Epoch}); it is left alone")]
    private partial void LogStrange(string workload, string member, string uid, int epoch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A sweep broke off and will be repeated: {Reason}")]
    private partial void LogFailed(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "What was seen of {Whom} could not be dealt with; the sweep went on with the others")]
    private partial void LogOdd(Exception failure, string whom);
}
