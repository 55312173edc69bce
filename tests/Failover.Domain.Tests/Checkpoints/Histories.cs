using System.Collections.Immutable;
using System.Text.Json.Nodes;
using CsCheck;
using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;
using Failover.Domain.Runs;

namespace Failover.Domain.Tests.Checkpoints;

/// <summary>Makes commits, rows and listings.</summary>
internal static class Histories
{
    public const string Uid = "01jd2m7k3q8v5w9x0y1z2a3b4c";

    public static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    public static CommitRef Ref(int epoch, int commit) => new(epoch, commit);

    /// <summary>The first commit of an attempt, which says all the right things.</summary>
    public static Commit Commit(CommitRef at, Commit? parent, CommitRef? parentRef, long step, long bytes = 100, int attempt = 0) =>
        CommitFrom(parentRef, at, parent, parentRef, step, bytes, attempt);

    /// <summary>Any commit of an attempt that resumed from <paramref name="resumedFrom"/>.</summary>
    public static Commit CommitFrom(CommitRef? resumedFrom, CommitRef at, Commit? parent, CommitRef? parentRef, long step, long bytes = 100, int attempt = 0) => new()
    {
        RunUid = Uid,
        Epoch = at.Epoch,
        Attempt = attempt,
        Step = step,
        Parent = parentRef,
        ResumedFrom = resumedFrom,
        Nonce = "8f14e45fceea167a",
        Provenance = Provenance.Compute(Uid, parent?.Provenance, at.Epoch, attempt, "8f14e45fceea167a", resumedFrom, step),
        Files = [new CommitFile($"e{at.Epoch}/a{attempt}/{step}/weights.bin", bytes, new string('a', 64))],
    };

    /// <summary>The slots of an epoch: commits at the given steps, one after the other.</summary>
    public static ImmutableArray<SlotEntry> Slots(int epoch, ChainLink? from, params long[] steps)
    {
        var slots = ImmutableArray.CreateBuilder<SlotEntry>();
        var (parent, name) = (from?.Commit, from?.Ref);
        for (var slot = 0; slot < steps.Length; slot++)
        {
            parent = CommitFrom(from?.Ref, Ref(epoch, slot), parent, name, steps[slot]);
            name = Ref(epoch, slot);
            slots.Add(new SlotEntry(epoch, slot, parent, CopyHealth.Verified));
        }
        return slots.ToImmutable();
    }

    public static SlotEntry Seal(int epoch, int slot) => new(epoch, slot, null, CopyHealth.Missing);

    public static SlotEntry Unreadable(int epoch, int slot) => new(epoch, slot, null, CopyHealth.Corrupt);

    public static ChainLink Link(SlotEntry slot) => new(slot.Ref, slot.Commit!);

    public static StoreSurvey Listed(string store, params IEnumerable<SlotEntry> slots) => new(store, SurveyOutcome.Listed, [.. slots]);

    public static StoreSurvey Unreachable(string store) => new(store, SurveyOutcome.Unreachable, [], "no answer");

    public static StoreSurvey Denied(string store) => new(store, SurveyOutcome.Denied, [], "denied");

    public static Target In(string store) => new($"{store}-member", $"{store}-region", "h100", store);

    public static PastEpoch Past(int number, string store, CommitRef? resumeFrom, CommitRef? cutAt) => new(number, In(store), resumeFrom, cutAt, Sealed: true, Noon);

    public static EpochState Epoch(int number, string store, CommitRef? resumeFrom = null, long resumeStep = 0, long? progress = null) => new()
    {
        Number = number,
        Target = In(store),
        ResumeFrom = resumeFrom,
        ResumeStep = resumeStep,
        LaunchId = $"launch-{number}",
        Since = Noon,
        Progress = progress is { } step ? new Progress(number, 0, step, resumeFrom, Noon) : null,
    };

    public static RunState Run(EpochState? epoch, MoveCause cause = MoveCause.Failover, long? maxRollback = null, params ImmutableArray<StoreTip> tips) => new()
    {
        Uid = Uid,
        Spec = new RunSpec
        {
            Name = "run",
            Tenant = "tenant",
            Gang = new GangSpec(1, 8),
            Skus = ["h100"],
            Checkpoints = new CheckpointSpec("own", ["replica"]),
            MaxRollbackSteps = maxRollback,
            Workload = new JsonObject(),
        },
        Step = RunStep.Reserved,
        Now = Noon,
        StepSince = Noon,
        SubmittedAt = Noon,
        Epoch = epoch,
        Move = new MoveState { Number = 1, Cause = cause, Target = In("target"), ToEpoch = (epoch?.Number ?? 0) + 1 },
        Tips = tips,
    };

    public static StoreTip Tip(string store, CommitRef commit, long step = 0) => new(store, commit, step, Noon);

    /// <summary>What a random past left behind, and the chain that it comes to, worked out as it was made.</summary>
    internal sealed record History(
        ImmutableArray<PastEpoch> Past, EpochState Current, ImmutableArray<SlotEntry> Slots, ImmutableArray<SlotEntry> Zombies, ImmutableArray<ChainLink> Chain);

    /// <summary>
    /// Up to five epochs. Each begins at some commit of the chain so far (mostly its last; sometimes further back, after a bad one; sometimes from nothing), commits up to four
    /// times at steps that may fall as well as rise, may be sealed, and once it is cut may go on as a zombie, with steps far ahead of everybody's.
    /// </summary>
    public static readonly Gen<History> AnyHistory =
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 3], Gen.Bool, Gen.Int[0, 9], Gen.Long[1, 1000]).Array[1, 5].Select(Make);

    private static History Make((int Commits, int Zombies, bool Sealed, int Back, long Stride)[] epochs)
    {
        var chain = new List<ChainLink>();
        var slots = ImmutableArray.CreateBuilder<SlotEntry>();
        var zombies = ImmutableArray.CreateBuilder<SlotEntry>();
        var resumes = new List<CommitRef?>();
        for (var number = 1; number <= epochs.Length; number++)
        {
            var (commits, late, isSealed, back, stride) = epochs[number - 1];
            // 0 to 6: from the last; 7, 8: one or two before it; 9: from nothing.
            var keep = back == 9 ? 0 : Math.Max(Math.Min(1, chain.Count), chain.Count - Math.Max(0, back - 6));
            chain.RemoveRange(keep, chain.Count - keep);
            resumes.Add(chain.Count == 0 ? null : chain[^1].Ref);
            var steps = Enumerable.Range(1, commits).Select(i => (i * stride) % 977);
            var ahead = Enumerable.Range(1, late).Select(i => 1_000_000L + i);
            var all = Slots(number, chain.LastOrDefault(), [.. steps, .. number < epochs.Length ? ahead : []]);
            chain.AddRange(all.Take(commits).Select(Link));
            slots.AddRange(all.Take(commits));
            // After a seal they would be refused; that they are there all the same must change nothing. Without one, only the cut keeps them out.
            if (isSealed)
            {
                slots.Add(Seal(number, commits));
                zombies.AddRange(all.Skip(commits).Select(slot => slot with { Slot = slot.Slot + 1 }));
            }
            else
            {
                zombies.AddRange(all.Skip(commits));
            }
        }
        ImmutableArray<PastEpoch> past = [.. resumes.SkipLast(1).Select((from, i) => Past(i + 1, "own", from, resumes[i + 1]))];
        return new History(past, Epoch(epochs.Length, "own", resumes[^1]), slots.ToImmutable(), zombies.ToImmutable(), [.. chain]);
    }
}
