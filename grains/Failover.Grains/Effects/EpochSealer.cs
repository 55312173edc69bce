using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;
using Microsoft.Extensions.Options;

namespace Failover.Grains.Effects;

/// <summary>
/// Seals an epoch: SEALED in the next free slot, if absent. A commit that took the slot first counts, and the next slot is tried. A seal that was not there in time may still be
/// set later; that closes an epoch which is to be closed anyway.
/// </summary>
internal sealed class EpochSealer(ICheckpointStores stores, IOptions<EffectOptions> options, TimeProvider time)
{
    /// <summary>A trainer that commits faster than this many times while we look is broken.</summary>
    private const int Races = 1_000;

    /// <summary>Throws <see cref="StoreUnavailableException"/> where the store does not answer, or not in time.</summary>
    public Task SealAsync(RunRoot run, int epoch, string storeName, CancellationToken cancellationToken) =>
        StoreLimit.WithinAsync(storeName, options.Value.StoreTimeout, time, token => SealAsync(run, epoch, stores.Get(storeName), token), cancellationToken);

    private static async Task<bool> SealAsync(RunRoot run, int epoch, ICheckpointStore store, CancellationToken cancellationToken)
    {
        var slots = await store.ListSlotsAsync(run, epoch, cancellationToken: cancellationToken);
        if (slots.Any(slot => SlotContent.Parse(slot.Content) is SlotContent.Seal))
            return true;
        for (var slot = slots.Length; slot < slots.Length + Races; slot++)
        {
            var there = await store.CreateSlotAsync(run, epoch, slot, SlotContent.SealText(epoch), cancellationToken);
            if (there is null || SlotContent.Parse(there) is SlotContent.Seal)
                return true;
        }
        throw new StoreUnavailableException($"{Races} commits were made in epoch {epoch} of {run} while it was being sealed.");
    }
}
