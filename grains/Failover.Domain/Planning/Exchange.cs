using System.Collections.Immutable;
using Failover.Domain.Placement;

namespace Failover.Domain.Planning;

/// <summary>Moves that have to be decided together, and those who leave for them.</summary>
internal sealed record Exchange(ImmutableArray<PlannedMove> Movers, ImmutableArray<PreemptedRun> Leavers)
{
    /// <summary>As a share of what the moves are worth: up to 1; negative where more is lost than gained.</summary>
    public double Gain => Movers.IsEmpty ? 0 : (Movers.Sum(move => (double)move.Value) - Leavers.Sum(leaver => (double)leaver.Loss)) / Movers.Sum(move => (double)move.Value);

    public IEnumerable<PreemptedRun> LeaversFor(string uid) => Leavers.Where(leaver => leaver.For.Contains(uid));

    /// <summary>Some of the moves, with those whom they need to leave.</summary>
    public Exchange Only(Func<PlannedMove, bool> which)
    {
        var some = Movers.Where(which).ToImmutableArray();
        return new Exchange(some, [.. Leavers.Where(leaver => leaver.For.Any(uid => some.Any(move => move.RunUid == uid)))]);
    }

    /// <summary>What has to be decided together: moves that need a victim in common, directly or by way of others, with all of their victims.</summary>
    public static IEnumerable<Exchange> Of(PlacementPlan proposal)
    {
        var moves = proposal.Moves.ToDictionary(move => move.RunUid);
        var groups = new List<(HashSet<string> Movers, List<PreemptedRun> Leavers)>();
        foreach (var leaver in proposal.Preempted)
        {
            var touched = groups.Where(group => leaver.For.Any(group.Movers.Contains)).ToArray();
            var movers = touched.SelectMany(group => group.Movers).Concat(leaver.For).ToHashSet();
            var leavers = touched.SelectMany(group => group.Leavers).Append(leaver).ToList();
            groups.RemoveAll(touched.Contains);
            groups.Add((movers, leavers));
        }

        return groups.Select(group => new Exchange(
            [.. group.Movers.Select(uid => moves[uid]).OrderByDescending(move => move.Value).ThenBy(move => move.RunUid, StringComparer.Ordinal)],
            [.. group.Leavers.OrderBy(leaver => leaver.RunUid, StringComparer.Ordinal)]));
    }
}
