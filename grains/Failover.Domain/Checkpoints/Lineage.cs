using System.Collections.Immutable;
using Failover.Domain.Migration;

namespace Failover.Domain.Checkpoints;

/// <summary>A commit of the chain.</summary>
public sealed record ChainLink(CommitRef Ref, Commit Commit);

/// <summary>
/// A run's chain, oldest first, as far back as the listings reach. <paramref name="Tip"/> is the newest commit's name even where its document was not listed.
/// <paramref name="Disputed"/>: two stores hold different things in one slot, so nothing may be decided.
/// </summary>
public sealed record LineageChain(ImmutableArray<ChainLink> Commits, CommitRef? Tip, ImmutableArray<string> Anomalies, bool Disputed);

/// <summary>
/// The chain by its definition: L(n) = L(n-1) up to and including resumeFrom(n), then the commits of n in slot order up to its seal. Newest is the last of the chain, never
/// the highest step or the latest time; what an epoch adds after it was cut is not in it, whoever lists it.
/// </summary>
public static class Lineage
{
    /// <summary>
    /// Builds the chain from where the stored row says that each epoch was cut, and from the union of any number of stores' slots, in any order.
    /// </summary>
    public static LineageChain Chain(ImmutableArray<PastEpoch> past, EpochState? current, IEnumerable<SlotEntry> slots)
    {
        var anomalies = ImmutableArray.CreateBuilder<string>();
        var known = Union(slots, anomalies, out var disputed);
        var chain = new List<ChainLink>();
        CommitRef? tip = null;
        var epochs = past.Select(epoch => (epoch.Number, epoch.ResumeFrom));
        if (current is not null)
            epochs = epochs.Append((current.Number, current.ResumeFrom));
        foreach (var (number, resumeFrom) in epochs)
        {
            CutTo(chain, resumeFrom, known);
            tip = Append(chain, number, resumeFrom, known, anomalies);
        }
        return new LineageChain([.. chain], tip, anomalies.ToImmutable(), disputed);
    }

    /// <summary>The row's word for what an epoch resumed from stands, even where the commits before it are not listed any more.</summary>
    private static void CutTo(List<ChainLink> chain, CommitRef? resumeFrom, SortedDictionary<(int, int), SlotEntry> known)
    {
        var cut = resumeFrom is null ? -1 : chain.FindIndex(link => link.Ref == resumeFrom);
        chain.RemoveRange(cut + 1, chain.Count - cut - 1);
        if (cut < 0 && resumeFrom is { } from && known.TryGetValue((from.Epoch, from.Commit), out var entry) && entry.Commit is { } commit)
            chain.Add(new ChainLink(from, commit));
    }

    private static CommitRef? Append(
        List<ChainLink> chain, int epoch, CommitRef? tip, SortedDictionary<(int, int), SlotEntry> known, ImmutableArray<string>.Builder anomalies)
    {
        for (var slot = 0; known.TryGetValue((epoch, slot), out var entry); slot++)
        {
            if (entry.Commit is not { } commit)
                return tip;
            if (commit.Epoch != epoch || commit.Parent != tip)
            {
                anomalies.Add($"{entry.Ref} names the parent {Name(commit.Parent)}, the chain ends with {Name(tip)}: it does not count.");
                continue;
            }
            chain.Add(new ChainLink(entry.Ref, commit));
            tip = entry.Ref;
        }
        return tip;
    }

    private static SortedDictionary<(int, int), SlotEntry> Union(
        IEnumerable<SlotEntry> slots, ImmutableArray<string>.Builder anomalies, out bool disputed)
    {
        disputed = false;
        var known = new SortedDictionary<(int, int), SlotEntry>();
        foreach (var entry in slots)
        {
            if (known.TryAdd((entry.Epoch, entry.Slot), entry) || known[(entry.Epoch, entry.Slot)].Commit?.Provenance == entry.Commit?.Provenance)
                continue;
            disputed = true;
            anomalies.Add($"Stores hold different things in slot {entry.Ref}.");
        }
        return known;
    }

    private static string Name(CommitRef? commit) => commit is { } some ? some.ToString() : "nothing";
}
