using System.Globalization;
using Failover.Domain.Runs;
using Failover.Kubernetes.Capacity;
using k8s.Models;

namespace Failover.Kubernetes.Launching;

/// <summary>Whether a namespace's quotas have room for a whole gang. The server holds each pod against them by itself, and takes the first of a gang that can't be had whole.</summary>
internal static class GangQuota
{
    /// <summary>
    /// The first quota that has no room for the gang, in the server's own words; <see langword="null"/> where all have. <paramref name="own"/>: pods of the run that are there already,
    /// which are gone before its next epoch comes. A quota with scopes is passed over: which pods it is about is the server's to say, and the dry run of a pod asks it.
    /// </summary>
    public static string? Shortfall(GangSpec gang, IEnumerable<V1ResourceQuota> quotas, IReadOnlyCollection<V1Pod> own)
    {
        foreach (var quota in quotas.Where(quota => quota.Spec is { Scopes: null or { Count: 0 }, ScopeSelector: null }).OrderBy(quota => quota.Metadata.Name, StringComparer.Ordinal))
        {
            foreach (var (resource, wanted, held) in Needs(gang, own))
            {
                if ((Amount(quota.Status?.Hard, resource) ?? Amount(quota.Spec.Hard, resource)) is not { } limit)
                    continue;
                // Before its controller has looked nothing is known to be used; what is, the launch will find.
                var used = Math.Max(0, (Amount(quota.Status?.Used, resource) ?? 0) - held);
                if (used + wanted > limit)
                    return $"exceeded quota: {quota.Metadata.Name}, the whole gang requests: {resource}={wanted}, used by others: {resource}={Text(used)}, limited: {resource}={Text(limit)}";
            }
        }

        return null;
    }

    /// <summary>What a gang takes of each resource that quotas are commonly about, and what the run holds of it already.</summary>
    private static (string Resource, int Wanted, int Held)[] Needs(GangSpec gang, IReadOnlyCollection<V1Pod> own) =>
    [
        ($"requests.{GpuCount.Resource}", gang.Gpus, own.Sum(pod => GpuCount.Of(pod.Spec))),
        ("pods", gang.Workers, own.Count),
        ("count/pods", gang.Workers, own.Count),
    ];

    private static decimal? Amount(IDictionary<string, ResourceQuantity>? quantities, string resource) =>
        quantities is not null && quantities.TryGetValue(resource, out var quantity) ? quantity.ToDecimal() : null;

    private static string Text(decimal amount) => amount.ToString("0.###", CultureInfo.InvariantCulture);
}
