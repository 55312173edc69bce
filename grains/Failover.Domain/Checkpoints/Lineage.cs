using System.Collections.Immutable;
using Failover.Domain.Migration;

namespace Failover.Domain.Checkpoints;

/// <summary>A commit of the chain.</summary>
public sealed record ChainLink(CommitRef Ref, Commit Commit);

/// <summary>
/// A run's chain, oldest first, as far back as the listings reach. <paramref name="Tip"/> is the newest commit's name even where its document was not listed.
/// <paramref name="Anomalies"/>: slots that don't count though they are not seals, and why. <paramref name="Disputed"/>: two stores hold different things in a slot that
/// matters, so nothing may be decided.
/// </summary>
public sealed record LineageChain(ImmutableArray<ChainLink> Commits, CommitRef? Tip, ImmutableArray<string> Anomalies, bool Disputed)
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

    private sealed record Anomaly(CommitRef At, string Text, bool Disputes = false);

    /// <summary>One pass over the epochs, oldest first.</summary>
    private sealed class Walk(Dictionary<CommitRef, Slot> slots, string? uid)
    {
        private readonly List<ChainLink> _links = [];
        private readonly List<Anomaly> _anomalies = [];
        private CommitRef? _tip;

        public LineageChain Chain() =>
            new([.. _links], _tip, [.. _anomalies.Select(anomaly => anomaly.Text)], _anomalies.Any(anomaly => anomaly.Disputes));

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
            _anomalies.RemoveAll(anomaly => anomaly.Disputes && anomaly.At != from);
            if (slots.TryGetValue(from, out var found) && found is { Disputed: false, Commit: { } commit })
                _links.Add(new ChainLink(from, commit));
        }

        /// <summary>Whether the epoch may go on after this slot.</summary>
        private bool Take(CommitRef at, Slot found)
        {
            if (found.Disputed)
            {
                _anomalies.Add(new Anomaly(at, $"Stores hold different things in slot {at}.", Disputes: true));
                return false;
            }
            if (found.Commit is not { } commit)
            {
                if (found.Unreadable)
                    _anomalies.Add(new Anomaly(at, $"{at} holds neither a commit nor a seal: nothing from there on counts."));
                return false;
            }
            if (Fault(at, commit) is { } fault)
            {
                _anomalies.Add(new Anomaly(at, $"{at} {fault}: it does not count."));
                return true;
            }
            _links.Add(new ChainLink(at, commit));
            _tip = at;
            return true;
        }

        private string? Fault(CommitRef at, Commit commit) =>
            uid is not null && commit.RunUid != uid ? $"is of the run {commit.RunUid}"
            : commit.Epoch != at.Epoch ? $"says that it is of epoch {commit.Epoch}"
            : commit.Parent != _tip ? $"names the parent {Name(commit.Parent)}, the chain ends with {Name(_tip)}"
            : null;

        private static string Name(CommitRef? commit) => commit is { } some ? some.ToString() : "nothing";
    }
}
