using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;

namespace Failover.Grains.Effects;

/// <summary>Seals an epoch: SEALED in the next free slot, if absent. A commit that took the slot first counts, and the next slot is tried.</summary>
internal sealed class EpochSealer(ICheckpointStores stores)
{
    /// <summary>A trainer that commits faster than this many times while we look is broken.</summary>
    private const int Races = 1_000;

    public async Task SealAsync(RunRoot run, int epoch, string storeName, CancellationToken cancellationToken)
    {
        var store = stores.Get(storeName);
        var slots = await store.ListSlotsAsync(run, epoch, cancellationToken: cancellationToken);
        if (slots.Any(slot => SlotContent.Parse(slot.Content) is SlotContent.Seal))
            return;
        for (var slot = slots.Length; slot < slots.Length + Races; slot++)
        {
            var there = await store.CreateSlotAsync(run, epoch, slot, SlotContent.SealText(epoch), cancellationToken);
            if (there is null || SlotContent.Parse(there) is SlotContent.Seal)
                return;
        }
        throw new StoreUnavailableException($"{Races} commits were made in epoch {epoch} of {run} while it was being sealed.");
    }
}
