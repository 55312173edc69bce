using System.Text.Json.Nodes;
using Failover.Simulator.ApiServer;

namespace Failover.Simulator.Cluster;

/// <summary>The member's own nodes with their leases, and the taints that follow from any node's readiness.</summary>
internal sealed class NodeController(SimulatedMemberOptions options, ClusterStore store)
{
    private const string NotReady = "node.kubernetes.io/not-ready";
    private const string Unreachable = "node.kubernetes.io/unreachable";
    private const string LeaseNamespace = "kube-node-lease";

    private readonly HashSet<string> _own = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _seen = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _failed = new(StringComparer.Ordinal);
    private DateTimeOffset _renewAt;

    public bool IsOwn(string node) => _own.Contains(node);

    /// <summary>Whether it is one of ours and its kubelet runs.</summary>
    public bool IsRun(string node) => _own.Contains(node) && !_failed.ContainsKey(node);

    public IReadOnlyList<string> Own => [.. _own.Order(StringComparer.Ordinal)];

    /// <summary>Their kubelets end.</summary>
    public void Fail(IEnumerable<string> nodes)
    {
        foreach (var name in nodes.Where(IsRun).ToList())
            _failed[name] = store.Now;
    }

    /// <summary>Their kubelets run again.</summary>
    public void Recover(IEnumerable<string> nodes)
    {
        foreach (var name in nodes.Where(name => _failed.Remove(name)).ToList())
            Report(name, isReady: true);
        _renewAt = store.Now;
    }

    public void SetGpus(string node, int gpus)
    {
        if (store.Objects.Find(ResourceKind.Node, "", node) is { } found)
        {
            store.Mutate(found, tree =>
            {
                tree.Ensure("status").Ensure("allocatable")["nvidia.com/gpu"] = gpus.ToString();
                return tree;
            });
        }
    }

    /// <summary>Makes the system's namespaces, the user's, the nodes and their leases.</summary>
    public void Install()
    {
        foreach (var ns in (string[])["default", "kube-system", "kube-public", LeaseNamespace, .. options.Namespaces])
            Create(ResourceKind.Namespace, new JsonObject { ["metadata"] = new JsonObject { ["name"] = ns } });
        foreach (var pool in options.Pools)
        {
            for (var i = 0; i < pool.Nodes; i++)
                AddNode(pool, $"aks-{pool.Name}-{i:D4}");
        }

        _renewAt = store.Now + options.LeaseInterval;
    }

    public void Run(bool kubeletsRun, IReadOnlyList<StoredObject> pods, Deadlines deadlines)
    {
        MissFailed(pods, deadlines);
        foreach (var node in store.Objects.All(ResourceKind.Node))
        {
            if (_seen.TryGetValue(node.Name, out var revision) && revision == node.Revision)
                continue;
            _seen[node.Name] = node.Revision;
            store.Mutate(node, Tainted);
        }

        if (!kubeletsRun)
            return;
        if (store.Now >= _renewAt)
        {
            RenewLeases();
            _renewAt = store.Now + options.LeaseInterval;
        }

        deadlines.Add(_renewAt);
    }

    /// <summary>Sets the readiness that the own nodes, or those who look after them, report.</summary>
    public void Report(bool isReady)
    {
        foreach (var name in _own.Where(name => !isReady || IsRun(name)))
            Report(name, isReady);
        if (isReady)
            _renewAt = store.Now;
    }

    private void Report(string name, bool isReady)
    {
        if (store.Objects.Find(ResourceKind.Node, "", name) is { } node)
        {
            store.Mutate(node, tree =>
            {
                tree.Ensure("status")["conditions"] = Conditions(isReady, store.NowText);
                return tree;
            });
        }
    }

    /// <summary>Calls nodes not ready whose kubelets have been gone for long, and their pods with them.</summary>
    private void MissFailed(IReadOnlyList<StoredObject> pods, Deadlines deadlines)
    {
        foreach (var (name, since) in _failed)
        {
            var due = since + options.NodeMonitorGrace;
            if (store.Now < due)
            {
                deadlines.Add(due);
                continue;
            }

            if (store.Objects.Find(ResourceKind.Node, "", name) is not { } node || !IsReady(node.Tree))
                continue;
            Report(name, isReady: false);
            foreach (var pod in pods.Where(pod => pod.Pod.NodeName == name && pod.Pod.IsReady))
                store.Mutate(pod, tree => PodSubresources.WithCondition(tree, "Ready", "False", store.NowText, "NodeNotReady"));
        }
    }

    private static bool IsReady(JsonObject node) => Ready(node) == "True";

    private static string? Ready(JsonObject node) => node.Obj("status").Objects("conditions").FirstOrDefault(c => c.Str("type") == "Ready").Str("status");

    private void AddNode(NodePool pool, string name)
    {
        _own.Add(name);
        var capacity = new JsonObject { ["cpu"] = "96", ["memory"] = "1900Gi", ["pods"] = "110" };
        if (pool.GpusPerNode > 0)
            capacity["nvidia.com/gpu"] = pool.GpusPerNode.ToString();
        var node = Create(ResourceKind.Node, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = Labels(pool, name) },
            ["spec"] = new JsonObject { ["providerID"] = $"azure:///simulated/{options.Name}/{name}" },
            ["status"] = new JsonObject
            {
                ["capacity"] = capacity,
                ["allocatable"] = capacity.DeepClone(),
                ["conditions"] = Conditions(isReady: true, store.NowText),
                ["nodeInfo"] = new JsonObject
                {
                    ["kubeletVersion"] = "v1.36.2",
                    ["kubeProxyVersion"] = "v1.36.2",
                    ["operatingSystem"] = "linux",
                    ["architecture"] = "amd64",
                    ["osImage"] = "Simulated",
                },
            },
        });
        Create(ResourceKind.Lease, new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["namespace"] = LeaseNamespace,
                ["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = name, ["uid"] = node.Uid }),
            },
            ["spec"] = new JsonObject { ["holderIdentity"] = name, ["leaseDurationSeconds"] = 40, ["renewTime"] = Json.MicroTime(store.Now) },
        });
    }

    private JsonObject Labels(NodePool pool, string name) => new()
    {
        ["kubernetes.io/hostname"] = name,
        ["kubernetes.io/os"] = "linux",
        ["kubernetes.io/arch"] = "amd64",
        ["topology.kubernetes.io/region"] = options.Region,
        ["topology.kubernetes.io/zone"] = pool.Zone,
        ["node.kubernetes.io/instance-type"] = pool.InstanceType,
        ["kubernetes.azure.com/agentpool"] = pool.Name,
        ["failover.dev/sku"] = pool.Sku,
    };

    private StoredObject Create(ResourceKind kind, JsonObject tree)
    {
        tree.Metadata()["uid"] = store.Objects.NewUid();
        Defaults.OnCreate(kind, tree);
        return store.Objects.Create(kind, tree, dryRun: false);
    }

    private static JsonArray Conditions(bool isReady, string now) => new(new JsonObject
    {
        ["type"] = "Ready",
        ["status"] = isReady ? "True" : "Unknown",
        ["lastHeartbeatTime"] = now,
        ["lastTransitionTime"] = now,
        ["reason"] = isReady ? "KubeletReady" : "NodeStatusUnknown",
        ["message"] = isReady ? "kubelet is posting ready status" : "Kubelet stopped posting node status.",
    });

    private static JsonObject Tainted(JsonObject tree)
    {
        var ready = Ready(tree);
        var due = ready switch
        {
            "True" => null,
            "Unknown" => Unreachable,
            _ => NotReady,
        };
        var spec = tree.Ensure("spec");
        var taints = spec.Objects("taints").Where(t => t.Str("key") is not (NotReady or Unreachable) || t.Str("key") == due).ToList();
        if (due is not null && !taints.Exists(t => t.Str("key") == due))
            taints.Add(new JsonObject { ["key"] = due, ["effect"] = "NoSchedule" });
        spec.Remove("taints");
        if (taints.Count > 0)
            spec["taints"] = new JsonArray([.. taints.Select(t => t.DeepClone())]);
        tree.Metadata().Ensure("annotations").Default("node.alpha.kubernetes.io/ttl", "0");
        return tree;
    }

    private void RenewLeases()
    {
        var now = Json.MicroTime(store.Now);
        foreach (var lease in store.Objects.All(ResourceKind.Lease).Where(l => l.Namespace == LeaseNamespace && IsRun(l.Name)))
        {
            store.Mutate(lease, tree =>
            {
                tree.Ensure("spec")["renewTime"] = now;
                return tree;
            });
        }
    }
}
