using System.Collections.Immutable;
using System.Text.Json;
using Failover.Abstractions.Grains;
using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;
using Failover.Domain.Fleet;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using Failover.Domain.Runs;
using Failover.Grains.Effects;
using Failover.Grains.State;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failover.Grains.Observers;

/// <summary>
/// The witness that needs neither a member's API nor our path to it: reads the heartbeats of each member's runs from a store in another region, and the commits of those that
/// send none from the stores that they commit to; slowly while all is well and at the probes' pace when in doubt. Each store has a canary of its own.
/// </summary>
internal sealed partial class ProgressReader(
    ICheckpointStores stores,
    StateReader rows,
    DoubtBoard doubts,
    IGrainFactory grains,
    FleetBook fleets,
    HealthPolicy policy,
    IOptions<ObserverOptions> options,
    TimeProvider time,
    ILogger<ProgressReader> logger) : BackgroundService
{
    private readonly SemaphoreSlim _reading = new(1);
    private (long At, ImmutableArray<RunState> Runs)? _read;

    public override void Dispose()
    {
        _reading.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => FleetLoops.RunAsync(
        fleets,
        fleet => from member in fleet.Members
                 let store = HeartbeatStore.For(member.Name, fleet)
                 where store is not null
                 select (member.Reached, store),
        WitnessAsync,
        stoppingToken);

    private async Task WitnessAsync((MemberSpec Member, StoreSpec Store) heard, CancellationToken stopping)
    {
        var (member, store) = heard;
        var stored = await SeedsAsync(member.Name, stopping);
        var state = new ProgressWitnessState { Seeds = stored };
        var start = time.GetTimestamp();
        var last = TimeSpan.MinValue;
        await Periodically.RunAsync(policy.ProbeInterval, time, ReadAsync, LogFailed, stopping);

        async Task ReadAsync(CancellationToken cancellationToken)
        {
            var now = time.GetElapsedTime(start);
            var inDoubt = doubts.InDoubt(member.Name);
            if (!inDoubt && last != TimeSpan.MinValue && now - last < policy.ReadInterval)
                return;
            last = now;
            var (reading, beats) = await LookAsync(member, store, cancellationToken);
            var commits = await LookAtCommitsAsync(member, beats, cancellationToken);
            var step = ProgressWitness.Next(state, new ProgressReading(time.GetElapsedTime(start), inDoubt, [reading, .. commits]), policy);
            state = step.State;
            // What shows in commits is told by the Custodian, which reads them whole.
            foreach (var rise in step.Rises.Where(rise => beats.ContainsKey(rise.RunUid)))
                await TellRiseAsync(rise, beats);
            if (step.Report is { } report)
                await grains.GetGrain<IMemberGrain>(member.Name).ApplyAsync(new MemberEvent.ProgressReported(time.GetUtcNow(), options.Value.Site, report));
        }
    }

    private async Task<ImmutableArray<RunPace>> SeedsAsync(string member, CancellationToken stopping)
    {
        try
        {
            var stored = (await rows.ReadMembersAsync(stopping)).FirstOrDefault(known => known.Name == member);
            return ProgressSeeds.Of(member, stored, await rows.ReadRunsAsync(stopping));
        }
        catch (Exception failure) when (Periodically.IsPassing(failure))
        {
            // Without seeds it learns anew, and is no witness until it has.
            LogFailed(failure.Message);
            return [];
        }
    }

    private async Task<(StoreReading Reading, ImmutableDictionary<string, Heartbeat> Beats)> LookAsync(
        MemberSpec member, StoreSpec store, CancellationToken cancellationToken)
    {
        var outside = store.Region != member.Region;
        try
        {
            var port = stores.Get(store.Name);
            await port.TouchCanaryAsync(options.Value.Site, time.GetTimestamp().ToString("x"), cancellationToken);
            var texts = await port.ReadHeartbeatsAsync(member.Name, cancellationToken);
            var runs = (await SharedRunsAsync(cancellationToken)).Where(run => run.Epoch?.Target.Member == member.Name && !run.IsTombstone).ToDictionary(run => run.Uid);
            // A file that bears another name than its run's is somebody's temporary, or a mistake: passed over.
            var beats = texts.Select(text => (Name: text.Key, Beat: Heartbeat.Parse(text.Value)))
                .Where(file => file.Beat is { } beat && beat.Uid == file.Name && runs.TryGetValue(beat.Uid, out var run) && beat.Epoch == run.EpochNumber)
                .ToImmutableDictionary(file => file.Name, file => file.Beat!);
            var seen = beats.Values.Select(beat => new RunSighting(beat.Uid, beat.Epoch, beat.Attempt, beat.Step, runs[beat.Uid].Spec.Progress.HeartbeatInterval)
            {
                Beat = beat.Beat,
                Busy = beat.Phase is not (null or "training"),
                StartMax = runs[beat.Uid].Spec.Deadlines.Verify,
            });
            return (new StoreReading(store.Name, Answered: true, outside, [.. seen]), beats);
        }
        catch (StoreUnavailableException)
        {
            // Silence of a store says nothing of the member's runs.
            return (new StoreReading(store.Name, Answered: false, outside, []), ImmutableDictionary<string, Heartbeat>.Empty);
        }
    }

    /// <summary>A reading for each store that runs of this member commit to which send no heartbeats and need not.</summary>
    private async Task<ImmutableArray<StoreReading>> LookAtCommitsAsync(MemberSpec member, ImmutableDictionary<string, Heartbeat> beats, CancellationToken cancellationToken)
    {
        var silent = (await SharedRunsAsync(cancellationToken)).Where(run =>
            run is { IsTombstone: false, Epoch: not null, Spec.Progress.By: not ProgressKind.Heartbeat } && run.Epoch.Target.Member == member.Name && !beats.ContainsKey(run.Uid));
        var readings = ImmutableArray.CreateBuilder<StoreReading>();
        foreach (var store in silent.GroupBy(run => run.Epoch!.Target.Store).Where(store => fleets.Current.FindStore(store.Key) is not null))
            readings.Add(await LookAtCommitsAsync(member, fleets.Current.FindStore(store.Key)!, [.. store], cancellationToken));
        return readings.ToImmutable();
    }

    private async Task<StoreReading> LookAtCommitsAsync(MemberSpec member, StoreSpec store, ImmutableArray<RunState> runs, CancellationToken cancellationToken)
    {
        // Under a name of its own: the same store may hold other runs' heartbeats as well, and answer for those.
        var (name, outside) = ($"{store.Name}/commits", store.Region != member.Region);
        try
        {
            var port = stores.Get(store.Name);
            await port.TouchCanaryAsync(options.Value.Site, time.GetTimestamp().ToString("x"), cancellationToken);
            var seen = ImmutableArray.CreateBuilder<RunSighting>();
            foreach (var run in runs)
            {
                var slots = await port.ListSlotsAsync(EffectActions.Root(run), run.EpochNumber, cancellationToken: cancellationToken);
                seen.Add(new RunSighting(run.Uid, run.EpochNumber, 0, slots.Length, run.Spec.Progress.HeartbeatInterval) { ByCommit = true, StartMax = run.Spec.Deadlines.Verify });
            }

            return new StoreReading(name, Answered: true, outside, seen.ToImmutable());
        }
        catch (StoreUnavailableException)
        {
            return new StoreReading(name, Answered: false, outside, []);
        }
    }

    /// <summary>One reading of all rows for all members whose turn falls within half a pass: each for itself would read them as often as there are members.</summary>
    private async Task<ImmutableArray<RunState>> SharedRunsAsync(CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken);
        try
        {
            if (_read is not { } read || time.GetElapsedTime(read.At) >= policy.ProbeInterval / 2)
                _read = read = (time.GetTimestamp(), await rows.ReadRunsAsync(cancellationToken));
            return read.Runs;
        }
        finally
        {
            _reading.Release();
        }
    }

    private async Task TellRiseAsync(RunRise rise, ImmutableDictionary<string, Heartbeat> beats)
    {
        var now = time.GetUtcNow();
        var progress = new Progress(rise.Epoch, rise.Attempt, rise.Step, beats[rise.RunUid].ResumedFrom, now);
        await grains.GetGrain<IRunGrain>(rise.RunUid).ApplyAsync(new RunEvent.Progressed(now, progress, ProgressKind.Heartbeat));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Progress could not be told and will be told again: {Reason}")]
    private partial void LogFailed(string reason);

    /// <summary>A heartbeat as docs/trainer-contract.md has it; what is none is passed over.</summary>
    private sealed record Heartbeat(string Uid, int Epoch, int Attempt, long Step, CommitRef? ResumedFrom)
    {
        /// <summary>Rises with each heartbeat written, where the trainer counts them.</summary>
        public long Beat { get; init; }

        /// <summary>training, loading, compiling, checkpointing; left out: training.</summary>
        public string? Phase { get; init; }

        private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

        public static Heartbeat? Parse(string text)
        {
            try
            {
                return JsonSerializer.Deserialize<Heartbeat>(text, Json) is { Uid: not null, Epoch: > 0 } beat ? beat : null;
            }
            catch (JsonException)
            {
                return null;
            }
        }
    }
}
