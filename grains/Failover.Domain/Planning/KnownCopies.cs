using System.Collections.Immutable;
using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;

namespace Failover.Domain.Planning;

/// <summary>The copies of a run's commits that are known to be whole, by its row.</summary>
public static class KnownCopies
{
    /// <summary>Those that are of the chain and were not found bad since: the newest commit first, copies of one commit by store.</summary>
    public static ImmutableArray<StoreTip> NewestFirst(RunState run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return
        [
            .. run.Tips.Where(tip => InChain(run, tip.Commit) && !run.BadCopies.Contains(new BadCopy(tip.Store, tip.Commit)))
                .OrderByDescending(tip => (tip.Commit.Epoch, tip.Commit.Commit)).ThenBy(tip => tip.Store, StringComparer.Ordinal),
        ];
    }

    /// <summary>
    /// Whether no cut since has left the commit behind. Within the chain, and only there, (epoch, slot) is its order.
    /// </summary>
    private static bool InChain(RunState run, CommitRef commit) =>
        run.Past.Where(past => past.Number >= commit.Epoch)
            .All(past => past.CutAt is { } cut && (commit.Epoch, commit.Commit).CompareTo((cut.Epoch, cut.Commit)) <= 0);
}
