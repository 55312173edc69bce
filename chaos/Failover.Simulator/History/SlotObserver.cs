using System.Security.Cryptography;
using Failover.Simulator.Stores;

namespace Failover.Simulator.History;

/// <summary>
/// Watches the stores themselves, past every mount that may be cut, and writes each slot and each pin to the history once. It sees what counted, whoever wrote it.
/// </summary>
public sealed class SlotObserver(StoreWorld world, HistoryWriter history, TimeProvider time)
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, byte[]> _slots = new(StringComparer.Ordinal);
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _pins = new(StringComparer.Ordinal);

    /// <summary>Looks every 200 ms until cancelled. A folder that goes away under our eyes is looked at again the next time.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                try
                {
                    Scan();
                }
                catch (IOException)
                {
                    // Retention deletes folders while we list them; what we missed is still there at the next look.
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The way to end it.
        }
    }

    /// <summary>Writes what is new.</summary>
    public void Scan() => Look(again: false);

    /// <summary>Writes what is new, and reads every slot again to see whether it still holds what it held.</summary>
    public void FinalScan() => Look(again: true);

    private void Look(bool again)
    {
        lock (_lock)
        {
            foreach (var store in world.Stores)
            {
                var root = world.StorePath(store.Name);
                foreach (var slot in StoreLayout.Slots(root)) LookAt(store.Name, slot, again);
                foreach (var pin in StoreLayout.Pins(root))
                    if (_pins.Add(pin)) history.Write(new PinSeen(store.Name, Path.GetRelativePath(root, pin)));
            }
        }
    }

    private void LookAt(string store, FoundSlot slot, bool again)
    {
        var known = _slots.TryGetValue(slot.Path, out var digest);
        if (known && !again) return;
        var content = File.ReadAllBytes(slot.Path);
        var now = SHA256.HashData(content);
        if (!known)
        {
            _slots[slot.Path] = now;
            var (isSealed, commit) = CommitSlot.Parse(content);
            history.Write(new SlotSeen(store, slot.Tenant, slot.Uid, slot.Epoch, slot.Slot, isSealed, commit));
        }
        else if (!now.AsSpan().SequenceEqual(digest) && _changed.Add(slot.Path))
        {
            history.Write(new SlotChanged(store, slot.Tenant, slot.Uid, slot.Epoch, slot.Slot));
        }
    }
}
