using System.Collections.Immutable;
using Failover.Domain.Members;
using Failover.Domain.Placement;

namespace Failover.Domain.Planning;

/// <summary>What there is for runs without a place.</summary>
/// <param name="Pools">By member and GPU type, what is free there.</param>
/// <param name="Ingest">By region, the bytes that may still be brought in.</param>
/// <param name="Held">By group and region, the GPUs that runs of the group have there or are on their way to.</param>
internal sealed record Room(
    ImmutableDictionary<(string Member, string Sku), FreePool> Pools,
    ImmutableDictionary<string, long> Ingest,
    ImmutableDictionary<(string Group, string Region), long> Held)
{
    /// <summary>What is left once these have their places.</summary>
    public Room Less(IEnumerable<PlannedMove> moves, IReadOnlyDictionary<string, PosedRun> seekers)
    {
        var (pools, ingest, held) = (Pools.ToBuilder(), Ingest.ToBuilder(), Held.ToBuilder());
        // The widest workers first: what is left of a node after them serves the narrower ones.
        foreach (var (move, run) in moves.Select(move => (move, seekers[move.RunUid].Run)).OrderByDescending(one => one.Run.Spec.Gang.GpusPerWorker))
        {
            var bin = (move.Target.Member, move.Target.Sku);
            pools[bin] = pools[bin].TakeUpTo(run.Spec.Gang.Workers, run.Spec.Gang.GpusPerWorker).Left;
            ingest[move.Target.Region] -= move.IngestBytes;
            if (run.Spec.Group is { } group)
                held[(group, move.Target.Region)] = held.GetValueOrDefault((group, move.Target.Region)) + run.Spec.Gang.Gpus;
        }

        return new Room(pools.ToImmutable(), ingest.ToImmutable(), held.ToImmutable());
    }
}
