using System.Collections.Immutable;
using Failover.Domain.Migration;

namespace Failover.Domain.Checkpoints;

/// <summary>A commit of the chain.</summary>
public sealed record ChainLink(CommitRef Ref, Commit Commit)
{
    /// <summary>
    /// Its provenance is not what its parent's gives, so that it is not what it says it is: it keeps its place, since what was committed after it names it, and nothing is ever
    /// resumed from it. One whose parent is not listed is taken at its word.
    /// </summary>
    public bool IsForged { get; init; }
}

/// <summary>A slot that does not count though it is no seal, and why, in a sentence.</summary>
/// <param name="At">The slot.</param>
/// <param name="Text">The sentence.</param>
/// <param name="Strayed">The slot's commit, where its attempt did not resume from what it should have: the trainer broke its contract.</param>
public sealed record Anomaly(CommitRef At, string Text, Commit? Strayed = null);

/// <summary>
/// A run's chain, oldest first, as far back as the listings reach. <paramref name="Tip"/> is the newest commit's name even where its document was not listed.
/// <paramref name="Anomalies"/>: slots that don't count though they are not seals, and why. <paramref name="Disputed"/>: two stores hold different things in a slot that
/// matters, so nothing may be decided.
/// </summary>
public sealed record LineageChain(ImmutableArray<ChainLink> Commits, CommitRef? Tip, ImmutableArray<Anomaly> Anomalies, bool Disputed)
{
    /// <summary>
    /// The newest commit that is known of, but that no listing showed: everything from it back to the run's beginning is unknown. Null where the listings reach back to the
    /// first commit of all.
    /// </summary>
    public CommitRef? Unlisted => Commits is [var oldest, ..] ? oldest.Commit.Parent : Tip;
}

/// <summary>
/// The chain by its definition: L(n) = L(n-1) up to and including resumeFrom(n), then the commits of n in slot order up to its seal. Newest is the last of the chain, never
/// the highest step or the latest time; what an epoch adds after it was cut is not in it, whoever lists it.
/// </summary>
public static class Lineage
{
    /// <summary>
    /// Builds the chain from where the stored row says that each epoch was cut, and from the union of any number of stores' slots, in any order. A store may list any part of
    /// them: what no store lists is unknown, and nothing that needs it counts. With <paramref name="uid"/>, other runs' commits don't count either.
    /// </summary>
    public static LineageChain Chain(ImmutableArray<PastEpoch> past, EpochState? current, IEnumerable<SlotEntry> slots, string? uid = null)
    {
        var rows = past.ToDictionary(epoch => epoch.Number, epoch => epoch.ResumeFrom);
        var newest = current?.Number ?? (past.IsEmpty ? 0 : past[^1].Number);
        if (current is not null)
            rows[current.Number] = current.ResumeFrom;
        var walk = new Walk(Union(slots), uid);
        foreach (var (epoch, upTo) in Stretches(rows, newest))
            walk.Through(epoch, rows[epoch], upTo);
        return walk.Chain();
    }

    /// <summary>
    /// The epochs that the chain passes through, oldest first, and how far into each: found backwards from the newest, so that an epoch of which nothing was kept, and what it
    /// resumed from, has no say.
    /// </summary>
    private static Stack<(int Epoch, int UpTo)> Stretches(Dictionary<int, CommitRef?> rows, int newest)
    {
        var stretches = new Stack<(int Epoch, int UpTo)>();
        var (epoch, upTo) = (newest, int.MaxValue);
        while (rows.TryGetValue(epoch, out var resumeFrom))
        {
            stretches.Push((epoch, upTo));
            if (resumeFrom is not { } from || from.Epoch >= epoch)
                break;
            (epoch, upTo) = from;
        }
        return stretches;
    }

    private static Dictionary<CommitRef, Slot> Union(IEnumerable<SlotEntry> slots)
    {
        var known = new Dictionary<CommitRef, Slot>();
        foreach (var entry in slots)
        {
            if (!known.TryGetValue(entry.Ref, out var slot))
                known[entry.Ref] = new Slot(entry.Commit, IsUnreadable(entry), Disputed: false);
            else if (!SayTheSame(slot.Commit, entry.Commit))
                known[entry.Ref] = slot with { Disputed = true };
            else if (IsUnreadable(entry))
                known[entry.Ref] = slot with { Unreadable = true };
        }
        return known;
    }

    private static bool SayTheSame(Commit? one, Commit? other) => one is null || other is null ? one is null && other is null : one.SaysTheSameAs(other);

    /// <summary>Neither a seal nor a commit: listed as an entry without a commit whose content is corrupt.</summary>
    private static bool IsUnreadable(SlotEntry entry) => entry is { IsSeal: true, Health: CopyHealth.Corrupt };

    /// <summary>What all stores together say of a slot.</summary>
    private readonly record struct Slot(Commit? Commit, bool Unreadable, bool Disputed);

    /// <summary>One pass over the epochs, oldest first.</summary>
    private sealed class Walk(Dictionary<CommitRef, Slot> slots, string? uid)
    {
        private readonly List<ChainLink> _links = [];
        private readonly List<Anomaly> _anomalies = [];
        private readonly List<Anomaly> _disputes = [];
        private CommitRef? _tip;

        public LineageChain Chain() =>
            new([.. _links], _tip, [.. _anomalies, .. _disputes], _disputes.Count > 0);

        public void Through(int epoch, CommitRef? resumeFrom, int upTo)
        {
            Begin(resumeFrom);
            for (var slot = 0; slot <= upTo && slots.TryGetValue(new CommitRef(epoch, slot), out var found) && Take(new CommitRef(epoch, slot), found); slot++)
            {
                // Until the cut, the seal, or the end of what is listed.
            }
        }

        /// <summary>
        /// The row's word for what an epoch resumed from stands, even where the commits before it are not listed any more, or are disputed: nothing newer hangs on those.
        /// </summary>
        private void Begin(CommitRef? resumeFrom)
        {
            if (resumeFrom is not { } from || from == _tip)
                return;
            _tip = from;
            _links.Clear();
            _disputes.RemoveAll(dispute => dispute.At != from);
            if (slots.TryGetValue(from, out var found) && found is { Disputed: false, Commit: { } commit })
                _links.Add(Link(from, commit));
        }

        /// <summary>Whether the epoch may go on after this slot.</summary>
        private bool Take(CommitRef at, Slot found)
        {
            if (found.Disputed)
            {
                _disputes.Add(new Anomaly(at, $"Stores hold different things in slot {at}."));
                return false;
            }
            if (found.Commit is not { } commit)
            {
                if (found.Unreadable)
                    _anomalies.Add(new Anomaly(at, $"{at} holds neither a commit nor a seal: nothing from there on counts."));
                return false;
            }
            var due = DueSource(commit);
            if (Fault(at, commit, due) is { } fault)
            {
                _anomalies.Add(new Anomaly(at, $"{at} {fault}: it does not count.", commit.ResumedFrom == due ? null : commit));
                return true;
            }
            _links.Add(Link(at, commit));
            _tip = at;
            return true;
        }

        private ChainLink Link(CommitRef at, Commit commit) => new(at, commit) { IsForged = !Follows(commit) };

        private bool Follows(Commit commit) =>
            commit.Parent is not { } parent ? Provenance.Holds(commit, null)
            : !slots.TryGetValue(parent, out var known) || known is not { Disputed: false, Commit: { } before } || Provenance.Holds(commit, before.Provenance);

        private string? Fault(CommitRef at, Commit commit, CommitRef? due) =>
            uid is not null && commit.RunUid != uid ? $"is of the run {commit.RunUid}"
            : commit.Epoch != at.Epoch ? $"says that it is of epoch {commit.Epoch}"
            : commit.Parent != _tip ? $"names the parent {Name(commit.Parent)}, the chain ends with {Name(_tip)}"
            : commit.ResumedFrom != due ? $"was trained from {Name(commit.ResumedFrom)}, it was to be from {Name(due)}"
            : null;

        /// <summary>
        /// What the attempt of a commit must have resumed from. Its first commit continues what it loaded, and that is the end of the chain at that point: what the row says
        /// that the epoch resumes from, or the epoch's newest commit, by an earlier attempt. Its later commits must say the same as its first. A commit that names the right
        /// parent and was trained from elsewhere would leave the parent's training out of the history without a trace.
        /// </summary>
        private CommitRef? DueSource(Commit commit) =>
            _links is [.., { Commit: var before }] && before.Epoch == commit.Epoch && before.Attempt == commit.Attempt ? before.ResumedFrom : _tip;

        private static string Name(CommitRef? commit) => commit is { } some ? some.ToString() : "nothing";
    }
}
