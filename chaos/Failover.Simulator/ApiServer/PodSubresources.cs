using System.Text.Json.Nodes;

namespace Failover.Simulator.ApiServer;

/// <summary>What can be done to a pod besides reading and writing it.</summary>
internal static class PodSubresources
{
    public static JsonObject Success(JsonObject? details = null, int? code = null)
    {
        var status = new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success" };
        if (details is not null)
            status["details"] = details;
        if (code is not null)
            status["code"] = code;
        return status;
    }

    public static ApiAnswer Evict(ObjectStore store, ResourceRequest request)
    {
        var (ns, name) = (request.Target.Namespace, request.Target.Name);
        var options = RequestBody.Options(request.Body).Obj("deleteOptions");
        var pod = store.Get(ResourceKind.Pod, ns, name);
        var deletion = new DeleteOptions
        {
            GracePeriodSeconds = options.Int("gracePeriodSeconds"),
            Uid = options.Obj("preconditions").Str("uid"),
            DryRun = request.IsDryRun,
        };
        if (!pod.Pod.IsFinished && !request.IsDryRun)
        {
            var now = Json.Time(store.Time.GetUtcNow());
            store.Mutate(ResourceKind.Pod, ns, name, tree => WithCondition(tree, "DisruptionTarget", "True", now, "EvictionByEvictionAPI", "Eviction API: evicting"));
        }

        Deletion.Delete(store, ResourceKind.Pod, ns, name, deletion);
        return ApiAnswer.Of(201, Success(code: 201));
    }

    public static ApiAnswer Bind(ObjectStore store, ResourceRequest request)
    {
        var body = RequestBody.Options(request.Body);
        var node = body.Obj("target").Str("name") ?? throw ApiException.BadRequest("a binding needs a target");
        Bind(store, request.Target.Namespace, request.Target.Name, node);
        return ApiAnswer.Of(201, Success(code: 201));
    }

    /// <summary>Binds a pod to a node; throws a 409 if it is bound or being deleted already.</summary>
    public static void Bind(ObjectStore store, string ns, string name, string node)
    {
        var now = Json.Time(store.Time.GetUtcNow());
        var labels = store.Find(ResourceKind.Node, "", node)?.Labels;
        store.Mutate(ResourceKind.Pod, ns, name, tree =>
        {
            if (tree.Obj("spec").Str("nodeName") is { } taken)
                throw ApiException.Conflict(ResourceKind.Pod, name, $"pod {name} is already assigned to node \"{taken}\"");
            if (tree.Metadata().ContainsKey("deletionTimestamp"))
                throw ApiException.Conflict(ResourceKind.Pod, name, $"pod {name} is being deleted, cannot be assigned to a host");
            tree.Ensure("spec")["nodeName"] = node;
            foreach (var key in (string[])["topology.kubernetes.io/region", "topology.kubernetes.io/zone"])
            {
                if (labels?.GetValueOrDefault(key) is { } value)
                    tree.Metadata().Ensure("labels")[key] = value;
            }

            return WithCondition(tree, "PodScheduled", "True", now);
        });
    }

    /// <summary>Sets a pod's condition; its transition time moves only with its status.</summary>
    public static JsonObject WithCondition(JsonObject tree, string type, string value, string now, string? reason = null, string? message = null)
    {
        var status = tree.Ensure("status");
        status.Default("conditions", new JsonArray());
        var conditions = status.Arr("conditions")!;
        var old = conditions.OfType<JsonObject>().FirstOrDefault(c => c.Str("type") == type);
        var condition = new JsonObject
        {
            ["type"] = type,
            ["status"] = value,
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = old.Str("status") == value ? old.Str("lastTransitionTime") : now,
        };
        if (reason is not null)
            condition["reason"] = reason;
        if (message is not null)
            condition["message"] = message;
        if (old is null)
            conditions.Add(condition);
        else
            conditions[conditions.IndexOf(old)] = condition;
        return tree;
    }
}
