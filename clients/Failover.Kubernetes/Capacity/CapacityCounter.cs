using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Failover.Domain.Members;

namespace Failover.Kubernetes.Capacity;

/// <summary>Counts a member's GPUs from one picture of its nodes and bound pods.</summary>
public static class CapacityCounter
{
    /// <summary>More nodes in trouble than these are not listed one by one: they are for people to read.</summary>
    private const int ProblemsMax = 50;

    /// <summary>
    /// The capacity. It is <paramref name="previous"/> itself if nothing differs, else its version is <paramref name="version"/>, or one above the
    /// previous where that is not above it. <paramref name="silent"/>: nodes that don't renew their leases, and so are as dead as those that are not ready.
    /// </summary>
    public static CapacitySnapshot Count(
        IReadOnlyCollection<NodeFacts> nodes, IReadOnlyCollection<PodFacts> pods, CapacitySnapshot? previous, long version, IReadOnlySet<string>? silent = null)
    {
        var held = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var pod in pods)
        {
            if (!pod.Ended)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(held, pod.Node, out _) += pod.Gpus;
            }
        }

        var pools = nodes.Where(node => node.Sku is not null).GroupBy(node => node.Sku!, StringComparer.Ordinal)
            .OrderBy(pool => pool.Key, StringComparer.Ordinal)
            .Select(pool => Pool(pool.Key, [.. pool], held))
            .ToImmutableArray();
        var counted = new CapacitySnapshot(Math.Max(version, (previous?.Version ?? 0) + 1), pools, Uses(nodes, pods, silent))
        {
            Problems = [.. nodes.Where(node => node.Problem is not null).Select(node => $"{node.Name}: {node.Problem}").Order(StringComparer.Ordinal).Take(ProblemsMax)],
        };
        return previous is not null && Same(previous, counted) ? previous : counted;
    }

    private static PoolSnapshot Pool(string sku, List<NodeFacts> nodes, Dictionary<string, int> held)
    {
        var (free, whole) = (new int[nodes.Max(node => node.Gpus) + 1], new int[nodes.Max(node => node.Gpus) + 1]);
        foreach (var node in nodes)
        {
            whole[node.Gpus]++;
            // More may be held than there is, where a device has failed under a pod.
            if (node.Open)
                free[Math.Max(0, node.Gpus - held.GetValueOrDefault(node.Name))]++;
        }

        return new PoolSnapshot(sku, nodes.Where(node => node.Ready).Sum(node => node.Gpus), [.. free]) { NodesByGpus = [.. whole] };
    }

    /// <summary>Our own pods' GPUs; those on nodes that are gone, or of no SKU that we know, are listed under an empty SKU rather than forgotten.</summary>
    private static ImmutableArray<WorkloadUse> Uses(IReadOnlyCollection<NodeFacts> nodes, IReadOnlyCollection<PodFacts> pods, IReadOnlySet<string>? silent)
    {
        var alive = nodes.Where(node => node.Ready && silent?.Contains(node.Name) != true).Select(node => node.Name).ToHashSet(StringComparer.Ordinal);
        var skus = nodes.ToDictionary(node => node.Name, node => node.Sku ?? "", StringComparer.Ordinal);
        return
        [
            .. pods.Where(pod => pod is { Ended: false, Owner: not null })
                .GroupBy(pod => (pod.Owner!.RunUid, pod.Owner.Epoch, Sku: skus.GetValueOrDefault(pod.Node, "")))
                .Select(use => new WorkloadUse(use.Key.RunUid, use.Key.Epoch, use.Key.Sku, use.Sum(pod => pod.Gpus))
                {
                    DeadPods = use.Count(pod => !alive.Contains(pod.Node)),
                    DeadGpus = use.Where(pod => !alive.Contains(pod.Node)).Sum(pod => pod.Gpus),
                })
                .OrderBy(use => use.RunUid, StringComparer.Ordinal).ThenBy(use => use.Epoch).ThenBy(use => use.Sku, StringComparer.Ordinal),
        ];
    }

    private static bool Same(CapacitySnapshot left, CapacitySnapshot right) =>
        left.Workloads.SequenceEqual(right.Workloads)
        && left.Problems.SequenceEqual(right.Problems)
        && left.Pools.Length == right.Pools.Length
        && left.Pools.Zip(right.Pools).All(pair =>
            (pair.First.Sku, pair.First.Gpus) == (pair.Second.Sku, pair.Second.Gpus)
            && pair.First.NodesByFreeGpus.SequenceEqual(pair.Second.NodesByFreeGpus) && pair.First.NodesByGpus.SequenceEqual(pair.Second.NodesByGpus));
}
