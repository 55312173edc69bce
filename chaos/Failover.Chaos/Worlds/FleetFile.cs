using System.Text.Json;
using Failover.Simulator.Stores;

namespace Failover.Chaos.Worlds;

/// <summary>The fleet file by which silos find a world.</summary>
public static class FleetFile
{
    /// <summary>The site that the silo witnesses from.</summary>
    public const string Site = "local";

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    /// <summary>The document, as JSON, which is YAML as well: members by their kubeconfigs, stores by the silos' mounts.</summary>
    public static string Of(WorldPlan plan, StoreWorld stores, Func<string, string> kubeconfigOf) => JsonSerializer.Serialize(
        new
        {
            installation = $"chaos-{plan.Seed}",
            sites = new[] { Site },
            regions = plan.Regions.Select(region => new { name = region, restoreMBps = 2000 }),
            members = plan.Members.Select(member => new { name = member.Name, region = member.Region, kubeconfig = kubeconfigOf(member.Name) }),
            stores = plan.Stores.Select(store => new
            {
                name = store.Name,
                region = store.Region,
                path = stores.MountPath(StoreWorld.SiloOwner, store.Name),
                uri = StoreWorld.UriPrefix + store.Name,
            }),
            tenants = new[] { new Dictionary<string, string> { ["name"] = WorldPlan.Tenant, ["namespace"] = WorldPlan.Namespace } },
            skus = new[]
            {
                new { name = "h100", throughput = 1.0, nodeLabel = "failover.dev/sku", nodeLabelValue = "h100" },
                new { name = "a100", throughput = 0.5, nodeLabel = "failover.dev/sku", nodeLabelValue = "a100" },
            },
        },
        Readable);
}
