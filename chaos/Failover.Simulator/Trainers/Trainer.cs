using System.Text.Json;
using Failover.Simulator.History;
using Failover.Simulator.Stores;

namespace Failover.Simulator.Trainers;

/// <summary>How a trainer's process ended.</summary>
internal sealed record TrainerExit(int Code, string Reason)
{
    public const int Trained = 0;
    public const int Failed = 1;
    public const int Misconfigured = 2;
    public const int EpochOver = 86;
    public const int CorruptCheckpoint = 87;
    public const int Killed = 137;
    public const int Terminated = 143;
}

/// <summary>
/// One attempt: the leader's process from start to exit. Keeps docs/trainer-contract.md, and as real trainers with asynchronous checkpointing do, it trains on
/// while its store is out of reach and commits when it can. Used by one task at a time.
/// </summary>
/// <remarks>
/// Kills come as a cancelled token that is looked at between all stages of a write, so that they leave what a real SIGKILL leaves: half-written temporary
/// files, checkpoints without a slot, slots whose writer never learnt of them.
/// </remarks>
internal sealed class Trainer(
    TrainerSettings settings, string member, string region, string nonce, StoreWorld world, ITrainerPace pace, TimeProvider time, HistoryWriter history)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly TimeSpan RetryLeast = TimeSpan.FromMilliseconds(250);
    // Well below the silos' patience with an epoch that does not commit, and long enough not to hammer a store that is down.
    private static readonly TimeSpan RetryMost = TimeSpan.FromSeconds(4);
    // About 16 s in all: a container that still finds no store then ends, and its Job decides.
    private const int StartTries = 8;
    private const string Training = "training";
    private const string Loading = "loading";
    private const string Checkpointing = "checkpointing";

    private readonly EpochFolder _folder = new(world, region, settings);
    private readonly (StoreMount Mount, string Path)? _heartbeat = settings.HeartbeatUri is { } uri ? world.Resolve(region, uri) : null;
    private readonly List<long> _committed = [];
    private readonly List<long> _uncommitted = [];
    private TrainerId _id = new(settings.Uid, settings.Run, member, region, settings.Epoch, -1);
    private TrainingState _state = TrainingMath.Start(settings.Seed);
    private CommitRef? _resumedFrom;
    private CommitRef? _parent;
    private string? _parentProvenance;
    private int _nextSlot;
    private long _epochStep = -1; // The step of this epoch's newest commit that we know of.
    private long _executed;
    private long _beaten;
    private bool _beatFailed;
    private long _beats;
    private bool _commitNow;
    private TimeSpan _retryDelay = RetryLeast;
    private long? _failedAt;

    /// <summary>Runs until the process ends. <paramref name="terminating"/> is SIGTERM, <paramref name="killed"/> SIGKILL.</summary>
    public async Task<TrainerExit> RunAsync(CancellationToken terminating, CancellationToken killed)
    {
        TrainerExit exit;
        try
        {
            exit = await LiveAsync(terminating, killed);
        }
        catch (OperationCanceledException) when (killed.IsCancellationRequested)
        {
            exit = new(TrainerExit.Killed, "killed");
        }
        catch (OperationCanceledException) when (terminating.IsCancellationRequested)
        {
            exit = new(TrainerExit.Terminated, "SIGTERM before it trained");
        }

        history.Write(new AttemptExited(_id, exit.Code, exit.Reason, _executed));
        return exit;
    }

    private async Task<TrainerExit> LiveAsync(CancellationToken terminating, CancellationToken killed)
    {
        if (await BeginAsync(terminating, killed) is { } early) return early;
        var stepsAfterSigterm = settings.Awkward ? Draw(0) % 4 : 0;
        while (_state.Step < settings.Steps && (!terminating.IsCancellationRequested || stepsAfterSigterm-- > 0))
        {
            await pace.StepAsync(killed);
            killed.ThrowIfCancellationRequested();
            TrainingMath.Advance(_state);
            _executed++;
            if (time.GetElapsedTime(_beaten) >= settings.HeartbeatEvery) Beat();
            if (IsCommitDue() && await CommitAsync(killed) is { } over) return over;
        }

        if (await CommitAtLastAsync(killed) is { } ended) return ended;
        if (_state.Step < settings.Steps) return new(TrainerExit.Terminated, "SIGTERM");
        Beat();
        history.Write(new RunFinished(_id, _state.Step, _state.WeightsSha256(), _parentProvenance!));
        return new(TrainerExit.Trained, "trained to the end");
    }

    private async ValueTask<TrainerExit?> BeginAsync(CancellationToken terminating, CancellationToken killed)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(terminating, killed);
        for (var tries = 1; ; tries++)
        {
            try
            {
                if (_id.Attempt < 0) _id = _id with { Attempt = await _folder.ClaimAsync(nonce, m => pace.WriteAsync(m, killed)) };
                if (TakeUp(_folder.FindStart()) is { } over) return over;
                break;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (tries == StartTries) return new(TrainerExit.Failed, e.Message);
                await pace.PauseAsync(NextRetryDelay(), stop.Token);
            }
        }

        _retryDelay = RetryLeast;
        if (!settings.Terse) Say(Loading);
        if (settings.LoadTime > TimeSpan.Zero) await PauseAsync(settings.LoadTime, Loading, stop.Token);
        history.Write(new AttemptStarted(_id, nonce, _resumedFrom, _state.Step));
        Beat();
        return null;
    }

    private TrainerExit? TakeUp(StartingPoint start)
    {
        switch (start)
        {
            case StartingPoint.Over:
                return new(TrainerExit.EpochOver, "the epoch is sealed");
            case StartingPoint.Broken broken:
                return new(TrainerExit.CorruptCheckpoint, broken.Reason);
            case StartingPoint.Resume resume:
                if (_folder.Load(resume) is not { } state) return new(TrainerExit.CorruptCheckpoint, $"commit {resume.From} does not match its digests");
                _state = state;
                (_resumedFrom, _parent, _parentProvenance) = (resume.From, resume.From, resume.Commit.Provenance);
                if (resume.From.Epoch != settings.Epoch) return null;
                (_nextSlot, _epochStep) = (resume.From.Commit + 1, state.Step);
                return null;
            default:
                return null; // A fresh start is what the fields begin with.
        }
    }

    private bool IsCommitDue()
    {
        if (_failedAt is { } failed) return time.GetElapsedTime(failed) >= _retryDelay;
        if (_state.Step % settings.CommitEvery == 0) return true;
        if (!settings.Awkward) return false;
        var now = _commitNow || Draw(_state.Step) % (ulong)(3 * settings.CommitEvery) == 0;
        _commitNow = false;
        return now;
    }

    /// <summary>One try. Null to go on training: committed, or to be tried again.</summary>
    private async ValueTask<TrainerExit?> CommitAsync(CancellationToken killed)
    {
        await Task.Yield(); // Syncing blocks, and the thread that we step on is everybody's.
        try
        {
            var outcome = await WriteCommitAsync(killed);
            if (outcome != CommitOutcome.Committed) return new(TrainerExit.EpochOver, outcome == CommitOutcome.Sealed ? "the epoch is sealed" : "another attempt commits");
            (_failedAt, _retryDelay) = (null, RetryLeast);
            Prune();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Tried(CommitOutcome.Io, _state.Step, e.Message);
            if (_failedAt is not null) NextRetryDelay();
            _failedAt = time.GetTimestamp();
        }

        return null;
    }

    private async ValueTask<CommitOutcome> WriteCommitAsync(CancellationToken killed)
    {
        if (!_uncommitted.Contains(_state.Step)) _uncommitted.Add(_state.Step);
        var files = await _folder.WriteCheckpointAsync(_id.Attempt, _state, m => pace.WriteAsync(m, killed));
        // A slow commit: seals, cuts and kills between the files and the slot are the ones that matter.
        if (settings.Awkward) await pace.PauseAsync(TimeSpan.FromMilliseconds(Draw(_state.Step + 1) % 400), killed);
        while (true)
        {
            killed.ThrowIfCancellationRequested();
            var document = Document(files);
            var answer = await _folder.TakeSlotAsync(_nextSlot, document, m => pace.WriteAsync(m, killed));
            var counted = answer.Own ?? document;
            Tried(answer.Outcome, counted.Step, answer.Own is null ? null : "the answer to an earlier try was lost");
            if (answer.Outcome != CommitOutcome.Committed) return answer.Outcome;
            (_parent, _parentProvenance, _epochStep) = (new(settings.Epoch, _nextSlot), counted.Provenance, counted.Step);
            _nextSlot++;
            _uncommitted.Remove(counted.Step);
            _committed.Add(counted.Step);
            if (counted.Step == _state.Step) return CommitOutcome.Committed;
        }
    }

    private async ValueTask<TrainerExit?> CommitAtLastAsync(CancellationToken killed)
    {
        bool IsOwed() => _epochStep != _state.Step && (_executed > 0 || _state.Step >= settings.Steps);
        while (IsOwed())
        {
            if (await CommitAsync(killed) is { } over) return over;
            if (!IsOwed()) break;
            if (!settings.Terse) Say(Checkpointing);
            await PauseAsync(_retryDelay, Checkpointing, killed);
        }

        return null;
    }

    private CommitDocument Document(IReadOnlyList<CommitFile> files) => new()
    {
        Run = settings.Uid,
        Epoch = settings.Epoch,
        Attempt = _id.Attempt,
        Step = _state.Step,
        Parent = _parent,
        ResumedFrom = _resumedFrom,
        Nonce = nonce,
        Provenance = Provenance.Compute(settings.Uid, _parentProvenance, settings.Epoch, _id.Attempt, nonce, _resumedFrom, _state.Step),
        Files = files,
    };

    private void Prune()
    {
        if (settings.Keep == 0) return;
        // The newest commit is the last of the list, and at least one is kept.
        foreach (var step in _uncommitted.Concat(_committed.SkipLast(settings.Keep)).ToArray())
        {
            try
            {
                _folder.Prune(_id.Attempt, step);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return; // Still listed, so the next commit tries again.
            }

            _uncommitted.Remove(step);
            _committed.Remove(step);
            history.Write(new CheckpointPruned(_id, step));
        }
    }

    /// <summary>Waits without stepping, and says so as often as it would beat.</summary>
    private async ValueTask PauseAsync(TimeSpan duration, string phase, CancellationToken stop)
    {
        while (!settings.Terse && duration > settings.HeartbeatEvery)
        {
            await pace.PauseAsync(settings.HeartbeatEvery, stop);
            duration -= settings.HeartbeatEvery;
            Say(phase);
        }

        await pace.PauseAsync(duration, stop);
    }

    /// <summary>Writes a heartbeat; whether it could be, or need not be.</summary>
    private bool Say(string phase)
    {
        try
        {
            _heartbeat?.Mount.Replace(_heartbeat.Value.Path, JsonSerializer.SerializeToUtf8Bytes(Heartbeat(phase), Json));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // By contract a heartbeat that can't be written must not stop the training.
        }
    }

    private Dictionary<string, object?> Heartbeat(string phase)
    {
        var heartbeat = new Dictionary<string, object?>
        {
            ["uid"] = settings.Uid,
            ["epoch"] = settings.Epoch,
            ["attempt"] = _id.Attempt,
            ["step"] = _state.Step,
            ["resumedFrom"] = _resumedFrom,
        };
        if (!settings.Terse) (heartbeat["beat"], heartbeat["phase"]) = (++_beats, phase);
        return heartbeat;
    }

    private void Beat()
    {
        _beaten = time.GetTimestamp();
        var written = Say(Training) && _heartbeat is not null;
        var failed = _heartbeat is not null && !written;
        if (failed && !_beatFailed) _commitNow = true; // Just cut off: the most awkward moment to commit.
        _beatFailed = failed;
        history.Write(new StepReached(_id, _state.Step, _executed, written));
    }

    private void Tried(CommitOutcome outcome, long step, string? detail) =>
        history.Write(new CommitTried(_id, _nextSlot, step, _executed, outcome, detail));

    private TimeSpan NextRetryDelay()
    {
        var delay = _retryDelay;
        _retryDelay = delay * 2 < RetryMost ? delay * 2 : RetryMost;
        return delay;
    }

    // Apart from the data's streams, whose indexes are steps, by the seed.
    private ulong Draw(long index) => SplitMix64.For(~settings.Seed ^ (ulong)settings.Epoch, index).Next();
}
