using System.Text.Json.Nodes;
using Failover.Simulator.ApiServer;

namespace Failover.Simulator.Cluster;

/// <summary>Says in each quota's status what is used of it, for those who read it; admission counts for itself.</summary>
internal sealed class QuotaController(ClusterStore store)
{
    public void Run()
    {
        foreach (var quota in store.Objects.All(ResourceKind.ResourceQuota))
        {
            var status = Admission.QuotaStatus(store.Objects, quota);
            if (JsonNode.DeepEquals(quota.Tree["status"], status))
                continue;
            store.Mutate(quota, tree =>
            {
                tree["status"] = status;
                return tree;
            });
        }
    }
}
