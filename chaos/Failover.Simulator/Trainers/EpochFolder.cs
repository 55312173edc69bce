using System.Security.Cryptography;
using System.Text.Json;
using Failover.Simulator.History;
using Failover.Simulator.Stores;

namespace Failover.Simulator.Trainers;

/// <summary>Where an attempt goes on from: a closed set.</summary>
internal abstract record StartingPoint
{
    /// <summary>From nothing.</summary>
    internal sealed record Fresh : StartingPoint;

    /// <summary>From a commit whose files lie below a run's root in a store.</summary>
    internal sealed record Resume(CommitRef From, CommitDocument Commit, StoreMount Mount, string RunRoot) : StartingPoint;

    /// <summary>The epoch is sealed.</summary>
    internal sealed record Over : StartingPoint;

    /// <summary>There should be a commit, and there is none that can be read.</summary>
    internal sealed record Broken(string Reason) : StartingPoint;
}

/// <summary>What became of a try to take a slot. <paramref name="Own"/> is our own earlier commit, if that is what the slot holds.</summary>
internal sealed record SlotAnswer(CommitOutcome Outcome, CommitDocument? Own = null);

/// <summary>
/// The trainer's side of the store: claims, resuming, checkpoints and slots, as docs/trainer-contract.md has them. Written from that page alone, and shares no
/// code with the readers on the silos' side, so that one mistake cannot hide in both.
/// </summary>
internal sealed class EpochFolder
{
    private readonly TrainerSettings _settings;
    private readonly StoreMount _mount;
    private readonly string _epoch;
    private readonly string _runRoot;
    private readonly (StoreMount Mount, string RunRoot, CommitRef From)? _resume;

    /// <summary>Throws <see cref="ArgumentException"/> where the settings' URIs don't lead into a store.</summary>
    public EpochFolder(StoreWorld world, string region, TrainerSettings settings)
    {
        _settings = settings;
        (_mount, _epoch) = world.Resolve(region, settings.CheckpointUri);
        if (!_epoch.EndsWith($"/e{settings.Epoch}", StringComparison.Ordinal))
            throw new ArgumentException($"FAILOVER_CHECKPOINT_URI '{settings.CheckpointUri}' does not end with e{settings.Epoch}.", nameof(settings));
        _runRoot = Parent(_epoch);
        if (settings.ResumeUri is not { } uri) return;
        var (mount, path) = world.Resolve(region, uri);
        var segments = path.Split('/');
        _resume = segments is [.., var e, "commits", var k] && StoreLayout.Number(e, "e") is { } epoch && StoreLayout.Number(k, "") is { } commit
            ? (mount, string.Join('/', segments.SkipLast(3)), new(epoch, commit))
            : throw new ArgumentException($"FAILOVER_RESUME_URI '{uri}' names no commit slot.", nameof(settings));
    }

    /// <summary>Takes the lowest free attempt.</summary>
    public async ValueTask<int> ClaimAsync(string nonce, Func<WriteMoment, ValueTask> moment)
    {
        var claim = JsonSerializer.SerializeToUtf8Bytes(new { nonce });
        for (var attempt = 0; ; attempt++)
        {
            if (_mount.TryRead($"{_epoch}/a{attempt}/claim") is null && await _mount.TryCreateAsync($"{_epoch}/a{attempt}/claim", claim, moment)) return attempt;
        }
    }

    /// <summary>Own epoch's newest commit, else the commit that we were given, else nothing.</summary>
    public StartingPoint FindStart()
    {
        var newest = _mount.List($"{_epoch}/commits").Select(n => StoreLayout.Number(n, "")).Max();
        if (newest is { } slot) return ReadCommit(_mount, _runRoot, new(_settings.Epoch, slot));
        return _resume is var (mount, root, from) ? ReadCommit(mount, root, from) : new StartingPoint.Fresh();
    }

    /// <summary>Loads and checks a commit's files; null where one is missing or does not match.</summary>
    public TrainingState? Load(StartingPoint.Resume start)
    {
        byte[]? File(string name) =>
            start.Commit.Files.FirstOrDefault(f => Path.GetFileName(f.Path) == name) is { } file
            && start.Mount.TryRead($"{start.RunRoot}/{file.Path}") is { } content
            && content.Length == file.SizeBytes && Sha256(content) == file.Sha256
                ? content
                : null;

        var state = File(TrainingState.WeightsFile) is { } weights && File(TrainingState.OptimizerFile) is { } optimizer
            ? TrainingState.TryParse(weights, optimizer)
            : null;
        return state?.Step == start.Commit.Step && state.Seed == _settings.Seed ? state : null;
    }

    /// <summary>Writes a checkpoint's files, which count for nothing yet. Files that are there are ours, from a try of the same step.</summary>
    public async ValueTask<IReadOnlyList<CommitFile>> WriteCheckpointAsync(int attempt, TrainingState state, Func<WriteMoment, ValueTask> moment)
    {
        var files = new List<CommitFile>();
        foreach (var (name, content) in new[] { (TrainingState.WeightsFile, state.WeightsBytes()), (TrainingState.OptimizerFile, state.OptimizerBytes()) })
        {
            var path = $"e{_settings.Epoch}/a{attempt}/{state.Step}/{name}";
            await _mount.TryCreateAsync($"{_runRoot}/{path}", content, moment);
            files.Add(new(path, content.Length, Sha256(content)));
        }

        return files;
    }

    /// <summary>Tries to make the commit count.</summary>
    public async ValueTask<SlotAnswer> TakeSlotAsync(int slot, CommitDocument commit, Func<WriteMoment, ValueTask> moment)
    {
        var name = $"{_epoch}/commits/{slot}";
        if (await _mount.TryCreateAsync(name, commit.ToBytes(), moment)) return new(CommitOutcome.Committed);
        // Slots are never deleted while their epoch runs; one that is gone again is the store's failure.
        var found = CommitSlot.Parse(_mount.TryRead(name) ?? throw new IOException($"{name} was there and is gone."));
        if (found.IsSealed) return new(CommitOutcome.Sealed);
        return found.Commit is { } other && other.Attempt == commit.Attempt && other.Nonce == commit.Nonce
            ? new(CommitOutcome.Committed, other)
            : new(CommitOutcome.Taken);
    }

    /// <summary>Deletes an own checkpoint.</summary>
    public void Prune(int attempt, long step)
    {
        _mount.Delete($"{_epoch}/a{attempt}/{step}/{TrainingState.WeightsFile}");
        _mount.Delete($"{_epoch}/a{attempt}/{step}/{TrainingState.OptimizerFile}");
    }

    private static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static string Parent(string path) => path[..path.LastIndexOf('/')];

    private StartingPoint ReadCommit(StoreMount mount, string runRoot, CommitRef from)
    {
        if (mount.TryRead($"{runRoot}/e{from.Epoch}/commits/{from.Commit}") is not { } content)
            return new StartingPoint.Broken($"commit {from} is not in store {mount.Store}");
        var slot = CommitSlot.Parse(content);
        if (slot.IsSealed) return from.Epoch == _settings.Epoch ? new StartingPoint.Over() : new StartingPoint.Broken($"{from} is a seal, not a commit");
        if (slot.Commit is not { } commit || commit.Run != _settings.Uid || commit.Epoch != from.Epoch || commit.Files.Any(f => !IsBelow(f.Path, commit)))
            return new StartingPoint.Broken($"commit {from} cannot be read");
        return new StartingPoint.Resume(from, commit, mount, runRoot);
    }

    private static bool IsBelow(string path, CommitDocument commit) =>
        path.StartsWith($"e{commit.Epoch}/a{commit.Attempt}/", StringComparison.Ordinal) && path.Length <= 512 && !path.Contains('\\')
        && path.Split('/').All(s => s is not ("" or "." or ".."));
}
