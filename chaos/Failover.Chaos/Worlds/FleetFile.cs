using System.Text;
using Failover.Simulator.Stores;

namespace Failover.Chaos.Worlds;

/// <summary>The fleet file by which silos find a world.</summary>
public static class FleetFile
{
    /// <summary>The site that the silo witnesses from.</summary>
    public const string Site = "local";

    /// <summary>The document: members by their kubeconfigs, stores by the silos' mounts.</summary>
    public static string Of(WorldPlan plan, StoreWorld stores, Func<string, string> kubeconfigOf)
    {
        var text = new StringBuilder();
        text.AppendLine($"installation: chaos-{plan.Seed}").AppendLine($"sites: [{FleetFile.Site}]");
        text.AppendLine("regions:");
        foreach (var region in plan.Regions)
            text.AppendLine($"- {{ name: {region}, restoreMBps: 2000 }}");
        text.AppendLine("members:");
        foreach (var member in plan.Members)
            text.AppendLine($"- {{ name: {member.Name}, region: {member.Region}, kubeconfig: \"{kubeconfigOf(member.Name)}\" }}");
        text.AppendLine("stores:");
        foreach (var store in plan.Stores)
        {
            var path = stores.MountPath(StoreWorld.SiloOwner, store.Name);
            text.AppendLine($"- {{ name: {store.Name}, region: {store.Region}, path: \"{path}\", uri: \"{StoreWorld.UriPrefix}{store.Name}\" }}");
        }
        text.AppendLine("tenants:").AppendLine($"- {{ name: {WorldPlan.Tenant}, namespace: {WorldPlan.Namespace} }}");
        text.AppendLine("skus:");
        text.AppendLine("- { name: h100, throughput: 1, nodeLabel: failover.dev/sku, nodeLabelValue: h100 }");
        text.AppendLine("- { name: a100, throughput: 0.5, nodeLabel: failover.dev/sku, nodeLabelValue: a100 }");
        return text.ToString();
    }
}
