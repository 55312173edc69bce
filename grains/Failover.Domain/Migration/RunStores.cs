using System.Collections.Immutable;

namespace Failover.Domain.Migration;

/// <summary>The stores that something of a run hangs on.</summary>
public static class RunStores
{
    /// <summary>
    /// By name, each once: where its seals are owed; and while it lives, where it commits to or will, where copies are known or asked for.
    /// </summary>
    public static ImmutableArray<string> Of(RunState run)
    {
        ArgumentNullException.ThrowIfNull(run);
        var owed = run.PendingSeals.Select(seal => seal.Store);
        if (run.IsTombstone)
            return Sorted(owed);
        // Between its steps a move that is over may still be told of; only one under way has a target that counts.
        var places = new[] { run.Epoch?.Target, Planning.InFlight.HasTarget(run.Step) ? run.Move?.Target : null }.OfType<Target>().Select(target => target.Store);
        return Sorted([.. owed, .. places, .. run.Tips.Select(tip => tip.Store), .. run.Spec.Checkpoints.Replicas, run.Spec.Checkpoints.Store]);
    }

    private static ImmutableArray<string> Sorted(IEnumerable<string> names) => [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
}
