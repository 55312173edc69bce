using System.Collections.Immutable;
using Failover.Domain.Migration;

namespace Failover.Domain.Checkpoints;

/// <summary>What was pinned for <paramref name="ForEpoch"/> in <paramref name="Store"/>.</summary>
public sealed record PinRef(string Store, int ForEpoch);

/// <summary>Which pins nobody needs any more.</summary>
public static class Retention
{
    /// <summary>
    /// The pins of all epochs that are over, and the current one's once it has <paramref name="ownCommits"/> verified commits of its own, or the run has ended. A later epoch
    /// has a pin of its own on what it resumed from, and a move under way pins for an epoch that is not in this list. Removing a pin that is not there is harmless.
    /// </summary>
    public static ImmutableArray<PinRef> Unneeded(RunState state, int ownCommits)
    {
        var pins = state.Past.Where(past => past.ResumeFrom is not null).Select(past => new PinRef(past.Target.Store, past.Number));
        if (state.Epoch is { ResumeFrom: not null } epoch && (state.IsTombstone || epoch.OwnCommits >= ownCommits))
            pins = pins.Append(new PinRef(epoch.Target.Store, epoch.Number));
        return [.. pins];
    }
}
