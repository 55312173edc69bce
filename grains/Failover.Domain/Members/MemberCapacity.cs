using System.Collections.Immutable;

namespace Failover.Domain.Members;

/// <summary>What of a member's GPUs is neither bound nor promised (I7).</summary>
public static class MemberCapacity
{
    /// <summary>
    /// The pools as last observed, less what was promised and is not bound yet: each such worker is put, biggest first, onto the fullest node that has
    /// room for it. Deterministic; ties go by run uid. Empty before the first listing. Says nothing of whether the member is a target.
    /// </summary>
    public static ImmutableArray<FreePool> Free(MemberState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.Capacity is null
            ? []
            : [.. state.Capacity.Pools.Select(pool => Less(pool, state.Capacity, state.Reservations))];
    }

    /// <summary>Workers of a reservation whose pods are not bound yet.</summary>
    public static int OutstandingWorkers(GpuReservation reservation, CapacitySnapshot capacity)
    {
        ArgumentNullException.ThrowIfNull(reservation);
        ArgumentNullException.ThrowIfNull(capacity);
        var bound = capacity.Workloads
            .Where(use => use.RunUid == reservation.RunUid && use.Epoch == reservation.Epoch && use.Sku == reservation.Sku)
            .Sum(use => use.Gpus);
        return Math.Max(0, reservation.Workers - (bound / reservation.GpusPerWorker));
    }

    private static FreePool Less(PoolSnapshot pool, CapacitySnapshot capacity, ImmutableArray<GpuReservation> reservations)
    {
        var free = new FreePool(pool.Sku, pool.NodesByFreeGpus);
        var promised = reservations
            .Where(reservation => reservation.Sku == pool.Sku)
            .OrderByDescending(reservation => reservation.GpusPerWorker)
            .ThenBy(reservation => reservation.RunUid, StringComparer.Ordinal);
        foreach (var reservation in promised)
            free = free.TakeUpTo(OutstandingWorkers(reservation, capacity), reservation.GpusPerWorker).Left;
        return free;
    }
}

/// <summary>Free GPUs of one type on a member. <paramref name="NodesByFreeGpus"/>[f]: nodes with exactly f GPUs free.</summary>
public sealed record FreePool(string Sku, ImmutableArray<int> NodesByFreeGpus)
{
    /// <summary>All free GPUs, whether or not a given gang could use them.</summary>
    public int FreeGpus => NodesByFreeGpus.Select((nodes, free) => nodes * free).Sum();

    /// <summary>Whether so many workers (0 or more) of so many GPUs each (1 or more) have room; a worker never spans nodes.</summary>
    public bool Fits(int workers, int gpusPerWorker) => TakeUpTo(workers, gpusPerWorker).Taken == workers;

    /// <summary>What is left once they are placed, or <see langword="null"/> where they don't fit.</summary>
    public FreePool? Take(int workers, int gpusPerWorker)
    {
        var (left, taken) = TakeUpTo(workers, gpusPerWorker);
        return taken == workers ? left : null;
    }

    /// <summary>
    /// Places workers by best fit until there is no room. Filling the fullest node that has room goes on with the same node until it has none, so the
    /// histogram is walked once. With GPUs per worker of 1, 2, 4 or 8 and 8 a node, taken biggest first, best fit is optimal.
    /// </summary>
    internal (FreePool Left, int Taken) TakeUpTo(int workers, int gpusPerWorker)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(workers);
        ArgumentOutOfRangeException.ThrowIfLessThan(gpusPerWorker, 1);
        var nodes = NodesByFreeGpus.ToArray();
        var wanted = workers;
        for (var free = gpusPerWorker; free < nodes.Length && wanted > 0; free++)
        {
            var perNode = free / gpusPerWorker;
            var filled = Math.Min(nodes[free], wanted / perNode);
            nodes[free] -= filled;
            nodes[free % gpusPerWorker] += filled;
            wanted -= filled * perNode;
            if (wanted == 0 || nodes[free] == 0)
                continue;
            nodes[free]--;
            nodes[free - (wanted * gpusPerWorker)]++;
            wanted = 0;
        }

        return (this with { NodesByFreeGpus = [.. nodes] }, workers - wanted);
    }

    /// <summary>No more of it than so many GPUs: those of the nodes with the most free stay, so that gangs of whole nodes find room.</summary>
    internal FreePool AtMost(int gpus)
    {
        var nodes = new int[NodesByFreeGpus.Length];
        for (var free = nodes.Length - 1; free > 0; free--)
        {
            nodes[free] = Math.Min(NodesByFreeGpus[free], Math.Max(0, gpus) / free);
            gpus -= nodes[free] * free;
        }

        return this with { NodesByFreeGpus = [.. nodes] };
    }

    /// <summary>With what a gang would give back: where its workers sit is not known, so each counts as a node of its own.</summary>
    internal FreePool Plus(int workers, int gpusPerWorker)
    {
        var nodes = new int[Math.Max(NodesByFreeGpus.Length, gpusPerWorker + 1)];
        NodesByFreeGpus.CopyTo(nodes);
        nodes[gpusPerWorker] += workers;
        return this with { NodesByFreeGpus = [.. nodes] };
    }
}
