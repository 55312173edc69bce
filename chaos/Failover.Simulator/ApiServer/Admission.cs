using System.Globalization;
using System.Text.Json.Nodes;

namespace Failover.Simulator.ApiServer;

/// <summary>
/// What stands between a well-formed object and the store: the plug-ins that a real server runs on pods, and quotas. They see pods, not Jobs, so that a Job may be
/// taken whose pods never are.
/// </summary>
internal static class Admission
{
    private const string DefaultAccount = "default";
    private const string RequestsPrefix = "requests.";
    private const string CountPrefix = "count/";

    // These two are always there, and not listed by the simulator.
    private static readonly Dictionary<string, int> SystemPriorities = new(StringComparer.Ordinal)
    {
        ["system-cluster-critical"] = 2_000_000_000,
        ["system-node-critical"] = 2_000_001_000,
    };

    /// <summary>Completes, checks and stores a new object, whose name, namespace and uid are set. Throws what the real server would answer.</summary>
    public static StoredObject Create(ObjectStore store, ResourceKind kind, JsonObject tree, bool dryRun)
    {
        if (kind == ResourceKind.Pod)
            AdmitPod(store, tree);
        Defaults.OnCreate(kind, tree);
        Validation.OnCreate(kind, tree);
        if (kind.Namespaced)
            CheckQuotas(store, kind, tree);
        return store.Create(kind, tree, dryRun);
    }

    private static void AdmitPod(ObjectStore store, JsonObject pod)
    {
        var (ns, name) = (pod.Metadata().Str("namespace") ?? "", pod.Metadata().Str("name") ?? "");
        var spec = pod.Ensure("spec");
        var account = spec.Str("serviceAccountName") ?? DefaultAccount;
        // Each namespace's own account is made by a controller as soon as there is a namespace.
        if (account != DefaultAccount && store.Find(ResourceKind.ServiceAccount, ns, account) is null)
            throw Refused(name, $"error looking up service account {ns}/{account}: serviceaccount \"{account}\" not found");
        if (spec.Str("priorityClassName") is { Length: > 0 } priority)
        {
            spec["priority"] = store.Find(ResourceKind.PriorityClass, "", priority)?.Tree.Int("value")
                ?? (SystemPriorities.TryGetValue(priority, out var value) ? value : throw Refused(name, $"no PriorityClass with name {priority} was found"));
        }

        if (spec.Str("runtimeClassName") is { Length: > 0 } runtime && store.Find(ResourceKind.RuntimeClass, "", runtime) is null)
            throw Refused(name, $"pod rejected: RuntimeClass \"{runtime}\" not found");
        AddTokenVolume(spec, store.NewSuffix());
    }

    private static ApiException Refused(string pod, string why) => ApiException.NotAdmitted(ResourceKind.Pod, pod, why);

    /// <summary>Each quota of the namespace that this object would take part of; what is used is counted anew each time.</summary>
    private static void CheckQuotas(ObjectStore store, ResourceKind kind, JsonObject tree)
    {
        var ns = tree.Metadata().Str("namespace");
        foreach (var quota in store.All(ResourceKind.ResourceQuota).Where(quota => quota.Namespace == ns))
        {
            var exceeded = new List<(string Name, long Wanted, long Used, long Hard)>();
            foreach (var (resource, limit) in quota.Tree.Obj("spec").Obj("hard") ?? [])
            {
                var wanted = Takes(kind, tree, resource);
                if (wanted == 0 || !long.TryParse(limit?.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var hard))
                    continue;
                var used = store.All(kind).Where(one => one.Namespace == ns && !one.Pod.IsFinished).Sum(one => Takes(kind, one.Tree, resource));
                if (used + wanted > hard)
                    exceeded.Add((resource, wanted, used, hard));
            }

            if (exceeded.Count > 0)
            {
                throw ApiException.NotAdmitted(
                    kind,
                    tree.Metadata().Str("name") ?? "",
                    $"exceeded quota: {quota.Name}, requested: {Each(e => e.Wanted)}, used: {Each(e => e.Used)}, limited: {Each(e => e.Hard)}");
            }

            string Each(Func<(string Name, long Wanted, long Used, long Hard), long> of) =>
                string.Join(",", exceeded.OrderBy(e => e.Name, StringComparer.Ordinal).Select(e => $"{e.Name}={of(e)}"));
        }
    }

    /// <summary>A quota's limits, and what of each is used.</summary>
    public static JsonObject QuotaStatus(ObjectStore store, StoredObject quota)
    {
        var hard = quota.Tree.Obj("spec").Obj("hard") ?? [];
        var used = hard.Select(limit => KeyValuePair.Create(limit.Key, (JsonNode?)JsonValue.Create($"{Used(store, quota.Namespace, limit.Key)}")));
        return new JsonObject { ["hard"] = hard.DeepClone(), ["used"] = new JsonObject(used) };
    }

    private static long Used(ObjectStore store, string? ns, string resource) =>
        ((ResourceKind[])[ResourceKind.Pod, ResourceKind.Job]).Sum(
            kind => store.All(kind).Where(one => one.Namespace == ns && !one.Pod.IsFinished).Sum(one => Takes(kind, one.Tree, resource)));

    /// <summary>What an object takes of a quota's resource: a count, or whole units that a pod requests (fractions, as of cpu, are not counted).</summary>
    private static long Takes(ResourceKind kind, JsonObject tree, string resource)
    {
        if (resource == CountPrefix + kind.QualifiedPlural || (resource == "pods" && kind == ResourceKind.Pod))
            return 1;
        if (kind != ResourceKind.Pod || !resource.StartsWith(RequestsPrefix, StringComparison.Ordinal))
            return 0;
        return tree.Obj("spec").Objects("containers")
            .Select(container => container.Obj("resources").Obj("requests")?[resource[RequestsPrefix.Length..]]?.ToString())
            .Sum(text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var units) ? units : 0);
    }

    // Every pod gets its service account's token, which readers of real pods have to look past.
    private static void AddTokenVolume(JsonObject spec, string suffix)
    {
        if (spec.Bool("automountServiceAccountToken") == false)
            return;
        var name = $"kube-api-access-{suffix}";
        spec.Default("volumes", new JsonArray());
        spec.Arr("volumes")!.Add(new JsonObject
        {
            ["name"] = name,
            ["projected"] = new JsonObject
            {
                ["sources"] = new JsonArray(
                    new JsonObject { ["serviceAccountToken"] = new JsonObject { ["expirationSeconds"] = 3607, ["path"] = "token" } },
                    new JsonObject
                    {
                        ["configMap"] = new JsonObject
                        {
                            ["name"] = "kube-root-ca.crt",
                            ["items"] = new JsonArray(new JsonObject { ["key"] = "ca.crt", ["path"] = "ca.crt" }),
                        },
                    },
                    new JsonObject
                    {
                        ["downwardAPI"] = new JsonObject
                        {
                            ["items"] = new JsonArray(new JsonObject
                            {
                                ["path"] = "namespace",
                                ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = "metadata.namespace" },
                            }),
                        },
                    }),
                ["defaultMode"] = 420,
            },
        });
        foreach (var container in spec.Objects("containers"))
        {
            container.Default("volumeMounts", new JsonArray());
            container.Arr("volumeMounts")!.Add(new JsonObject
            {
                ["name"] = name,
                ["readOnly"] = true,
                ["mountPath"] = "/var/run/secrets/kubernetes.io/serviceaccount",
            });
        }
    }
}
