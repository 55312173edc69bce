using System.Collections.Immutable;
using Failover.Domain.Migration;

namespace Failover.Domain.Checkpoints;

/// <summary>What was pinned for <paramref name="ForEpoch"/> in <paramref name="Store"/>; its removal is not tried again before <paramref name="NotBefore"/>.</summary>
public sealed record PinRef(string Store, int ForEpoch, DateTimeOffset? NotBefore = null);

/// <summary>Which pins nobody needs any more.</summary>
public static class Retention
{
    /// <summary>
    /// Of the pins that the row holds: those of epochs that are over, those of the current epoch's number in a store where it does not run, its own once it has
    /// <paramref name="ownCommits"/> verified commits, and all once the run has ended. A pin for an epoch that is still to come is kept: a late removal could meet it
    /// being set anew. Removing a pin that is not there is harmless.
    /// </summary>
    public static ImmutableArray<PinRef> Unneeded(RunState state, int ownCommits) =>
        [.. state.Pins.Where(pin => state.IsTombstone || (state.Epoch is { } epoch && IsUnneeded(pin, epoch, ownCommits)))];

    private static bool IsUnneeded(PinRef pin, EpochState epoch, int ownCommits) =>
        pin.ForEpoch < epoch.Number
        || (pin.ForEpoch == epoch.Number && (pin.Store != epoch.Target.Store || epoch.OwnCommits >= ownCommits));
}
