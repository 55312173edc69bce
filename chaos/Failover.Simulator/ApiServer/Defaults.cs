using System.Text.Json.Nodes;

namespace Failover.Simulator.ApiServer;

/// <summary>What the real server fills in before it stores an object.</summary>
internal static class Defaults
{
    private const string ControllerUid = "batch.kubernetes.io/controller-uid";

    /// <summary>Completes a new object; its name, namespace and uid are set already.</summary>
    public static void OnCreate(ResourceKind kind, JsonObject tree)
    {
        if (kind == ResourceKind.Job)
            NewJob(tree);
        else if (kind == ResourceKind.Pod)
            NewPod(tree);
        else if (kind == ResourceKind.Node)
            NewNode(tree);
        else if (kind == ResourceKind.Namespace)
            NewNamespace(tree);
        else if (kind == ResourceKind.CustomResourceDefinition)
            NewDefinition(tree);
    }

    /// <summary>Completes an object after a change of it.</summary>
    public static void OnUpdate(ResourceKind kind, JsonObject tree)
    {
        if (kind == ResourceKind.Job)
        {
            LabelJob(tree);
        }
        else if (kind == ResourceKind.Pod && tree.Obj("status") is { } status)
        {
            if (status.Str("podIP") is { } ip)
                status.Default("podIPs", new JsonArray(new JsonObject { ["ip"] = ip }));
        }
    }

    private static void NewJob(JsonObject tree)
    {
        var spec = tree.Ensure("spec");
        if (spec["parallelism"] is null && spec["completions"] is null)
            spec["completions"] = 1;
        spec.Default("parallelism", 1);
        spec.Default("backoffLimit", 6);
        spec.Default("completionMode", "NonIndexed");
        spec.Default("suspend", false);
        spec.Default("podReplacementPolicy", spec["podFailurePolicy"] is null ? "TerminatingOrFailed" : "Failed");
        var template = spec.Ensure("template");
        LabelJob(tree);
        PodSpec(template.Ensure("spec"));

        // The selector is the server's own business unless the user insists.
        if (spec.Bool("manualSelector") != true)
        {
            spec["manualSelector"] = false;
            var uid = tree.Metadata().Str("uid");
            var name = tree.Metadata().Str("name");
            spec["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { [ControllerUid] = uid } };
            var labels = template.Metadata().Ensure("labels");
            labels[ControllerUid] = uid;
            labels["batch.kubernetes.io/job-name"] = name;
            labels["controller-uid"] = uid;
            labels["job-name"] = name;
        }

        tree["status"] = new JsonObject();
    }

    // A Job without labels takes its template's, at every write.
    private static void LabelJob(JsonObject tree)
    {
        if (tree.Metadata().Obj("labels") is not { Count: > 0 } && tree.Obj("spec").Obj("template").Obj("metadata").Obj("labels") is { Count: > 0 } labels)
            tree.Metadata()["labels"] = Json.Copy(labels);
    }

    private static void NewPod(JsonObject tree)
    {
        var spec = tree.Ensure("spec");
        PodSpec(spec);
        spec.Default("restartPolicy", "Always");
        spec.Default("serviceAccountName", "default");
        spec["serviceAccount"] = spec.Str("serviceAccountName");
        spec.Default("priority", 0);
        spec.Default("enableServiceLinks", true);
        spec.Default("preemptionPolicy", "PreemptLowerPriority");
        Tolerate(spec, "node.kubernetes.io/not-ready");
        Tolerate(spec, "node.kubernetes.io/unreachable");
        foreach (var container in spec.Objects("containers"))
        {
            // A limit without a request is a request.
            var resources = container.Ensure("resources");
            foreach (var (name, value) in resources.Obj("limits") ?? [])
                resources.Ensure("requests").Default(name, value!.DeepClone());
        }

        tree["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = QualityOfService(spec) };
    }

    private static string QualityOfService(JsonObject spec)
    {
        // Only these two count; GPUs do not.
        string[] counted = ["cpu", "memory"];
        var containers = spec.Objects("containers").Select(c => c.Obj("resources")).ToList();
        if (!containers.Exists(r => counted.Any(c => r.Obj("requests")?[c] is not null)))
            return "BestEffort";
        return containers.TrueForAll(r => counted.All(c => r.Obj("limits")?[c] is { } limit && JsonNode.DeepEquals(limit, r.Obj("requests")?[c])))
            ? "Guaranteed"
            : "Burstable";
    }

    private static void Tolerate(JsonObject spec, string taint)
    {
        if (spec.Objects("tolerations").Any(t => t.Str("key") == taint))
            return;
        spec.Default("tolerations", new JsonArray());
        spec.Arr("tolerations")!.Add(new JsonObject { ["key"] = taint, ["operator"] = "Exists", ["effect"] = "NoExecute", ["tolerationSeconds"] = 300 });
    }

    private static void PodSpec(JsonObject spec)
    {
        spec.Default("terminationGracePeriodSeconds", 30);
        spec.Default("dnsPolicy", "ClusterFirst");
        spec.Default("securityContext", new JsonObject());
        spec.Default("schedulerName", "default-scheduler");
        foreach (var container in spec.Objects("containers").Concat(spec.Objects("initContainers")))
        {
            container.Default("resources", new JsonObject());
            container.Default("terminationMessagePath", "/dev/termination-log");
            container.Default("terminationMessagePolicy", "File");
            var image = container.Str("image") ?? "";
            var tag = image[(image.LastIndexOf('/') + 1)..].Split(':') is [_, var t] ? t : "latest";
            container.Default("imagePullPolicy", tag == "latest" ? "Always" : "IfNotPresent");
        }

        foreach (var secret in spec.Objects("volumes").Select(volume => volume.Obj("secret")).OfType<JsonObject>())
            secret.Default("defaultMode", 420);
    }

    private static void NewNode(JsonObject tree)
    {
        // A node that never reported is not ready, and admission says so from the first moment.
        var spec = tree.Ensure("spec");
        spec.Default("taints", new JsonArray());
        if (!spec.Objects("taints").Any(t => t.Str("key") == "node.kubernetes.io/not-ready"))
            spec.Arr("taints")!.Add(new JsonObject { ["key"] = "node.kubernetes.io/not-ready", ["effect"] = "NoSchedule" });
        var status = tree.Ensure("status");
        status.Default("daemonEndpoints", new JsonObject { ["kubeletEndpoint"] = new JsonObject { ["Port"] = 0 } });
        string[] unknown =
        [
            "machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "containerRuntimeVersion",
            "kubeletVersion", "kubeProxyVersion", "operatingSystem", "architecture",
        ];
        var info = status.Ensure("nodeInfo");
        foreach (var key in unknown)
            info.Default(key, "");
    }

    private static void NewNamespace(JsonObject tree)
    {
        tree.Metadata().Ensure("labels")["kubernetes.io/metadata.name"] = tree.Metadata().Str("name");
        tree["spec"] = new JsonObject { ["finalizers"] = new JsonArray("kubernetes") };
        tree["status"] = new JsonObject { ["phase"] = "Active" };
    }

    private static void NewDefinition(JsonObject tree)
    {
        var spec = tree.Ensure("spec");
        var names = spec.Ensure("names");
        names.Default("listKind", $"{names.Str("kind")}List");
        spec.Default("conversion", new JsonObject { ["strategy"] = "None" });
        var stored = spec.Objects("versions").Where(version => version.Bool("storage") == true).Select(version => (JsonNode?)version.Str("name"));
        tree["status"] = new JsonObject
        {
            ["conditions"] = null,
            ["acceptedNames"] = new JsonObject { ["plural"] = "", ["kind"] = "" },
            ["storedVersions"] = new JsonArray([.. stored]),
        };
    }
}
