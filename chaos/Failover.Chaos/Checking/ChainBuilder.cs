using Failover.Simulator.History;
using Failover.Simulator.Stores;

namespace Failover.Chaos.Checking;

/// <summary>One commit of a lineage as the checker rebuilt it.</summary>
public sealed record ChainLink(CommitRef Ref, CommitDocument Document, DateTimeOffset SeenAt);

/// <summary>
/// Rebuilds a run's lineage from what was seen in the stores and from where its rows say that each epoch was cut: L(n) = L(n-1) up to and including the
/// resumeFrom of n, then the commits of n in slot order up to its seal.
/// </summary>
public static class ChainBuilder
{
    /// <summary>The lineage of the epochs up to <paramref name="epoch"/>, oldest first, with what is wrong with it.</summary>
    public static (IReadOnlyList<ChainLink> Chain, IReadOnlyList<string> Faults) Build(Record record, string uid, int epoch)
    {
        var faults = new List<string>();
        List<ChainLink> chain = [];
        for (var number = 1; number <= epoch; number++)
        {
            if (record.MadeCurrent(uid, number) is not { } made)
                continue;
            var resume = made.Row.Epoch!.ResumeFrom;
            var cut = resume is null ? -1 : chain.FindIndex(link => link.Ref == resume);
            if (resume is not null && cut < 0)
                faults.Add($"{uid} epoch {number} resumes from {resume}, which is not in the lineage of the epochs before it.");
            chain = chain[..(cut + 1)];
            foreach (var slot in CommitsOf(record, uid, number))
            {
                var tip = chain.Count == 0 ? null : chain[^1].Ref;
                if (slot.Commit!.Parent == tip)
                    chain.Add(new ChainLink(new CommitRef(number, slot.Slot), slot.Commit, slot.At));
                else
                    faults.Add($"{uid} e{number}/{slot.Slot} has the parent {slot.Commit.Parent?.ToString() ?? "nothing"}, the lineage ends with {tip?.ToString() ?? "nothing"}.");
            }
        }
        return (chain, faults);
    }

    /// <summary>An epoch's commits in slot order, each as it was seen first, up to the first seal seen in any store.</summary>
    public static IEnumerable<SlotSeen> CommitsOf(Record record, string uid, int epoch)
    {
        var slots = record.Slots.Where(slot => slot.Uid == uid && slot.Epoch == epoch).ToList();
        var seal = slots.Where(slot => slot.Sealed).Select(slot => slot.Slot).DefaultIfEmpty(int.MaxValue).Min();
        return slots
            .Where(slot => slot.Commit is not null && slot.Slot < seal)
            .GroupBy(slot => slot.Slot)
            .OrderBy(group => group.Key)
            .Select(group => group.MinBy(slot => slot.At)!);
    }
}
