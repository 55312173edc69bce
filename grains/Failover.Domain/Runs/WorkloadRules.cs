using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Failover.Domain.Documents;
using Failover.Domain.Fleet;

namespace Failover.Domain.Runs;

/// <summary>
/// What a run's own manifest may be: a <c>batch/v1</c> Job made of the fields listed here, that agrees with the run, and asks for nothing outside Pod
/// Security's <c>restricted</c> level. We hold credentials to every member, and what a user writes must not borrow them. An absent security field is
/// no fault: the namespace's own admission has the last word.
/// </summary>
public static class WorkloadRules
{
    // Environment and labels are how we talk to trainers, and how we know our own workloads again.
    private const string OurVariables = "FAILOVER_";
    private const string OurLabels = "failover.dev/";

    private const string Deadlines = "leave it out: a run's time limits are in spec.deadlines";
    private const string HostNamespaces = "workloads don't share the node's namespaces";

    private static readonly ImmutableArray<string> JobFields =
    [
        "parallelism", "completions", "completionMode", "backoffLimit", "backoffLimitPerIndex", "maxFailedIndexes", "podFailurePolicy", "successPolicy",
        "podReplacementPolicy", "suspend", "template",
    ];

    private static readonly ImmutableArray<string> PodFields =
    [
        "affinity", "automountServiceAccountToken", "containers", "dnsConfig", "dnsPolicy", "enableServiceLinks", "hostAliases", "hostIPC", "hostNetwork", "hostPID",
        "imagePullSecrets", "initContainers", "nodeSelector", "priorityClassName", "restartPolicy", "runtimeClassName", "schedulerName", "securityContext",
        "serviceAccountName", "shareProcessNamespace", "subdomain", "terminationGracePeriodSeconds", "tolerations", "topologySpreadConstraints", "volumes",
    ];

    private static readonly ImmutableArray<string> ContainerFields =
    [
        "args", "command", "env", "envFrom", "image", "imagePullPolicy", "lifecycle", "livenessProbe", "name", "ports", "readinessProbe", "resources",
        "restartPolicy", "securityContext", "startupProbe", "terminationMessagePath", "terminationMessagePolicy", "volumeMounts", "workingDir",
    ];

    private static readonly ImmutableArray<string> PodSecurityFields =
    [
        "appArmorProfile", "fsGroup", "fsGroupChangePolicy", "runAsGroup", "runAsNonRoot", "runAsUser", "seccompProfile", "supplementalGroups",
        "supplementalGroupsPolicy", "sysctls",
    ];

    private static readonly ImmutableArray<string> ContainerSecurityFields =
    [
        "allowPrivilegeEscalation", "appArmorProfile", "capabilities", "privileged", "procMount", "readOnlyRootFilesystem", "runAsGroup", "runAsNonRoot",
        "runAsUser", "seccompProfile",
    ];

    private static readonly ImmutableArray<string> VolumeKinds =
        ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];

    private static readonly ImmutableArray<string> ProjectedSources = ["configMap", "downwardAPI", "secret"];

    // Fields that people do write, with what to do instead.
    private static readonly ImmutableDictionary<string, string> Refusals = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["generateName"] = "leave it out: workloads are named after run and epoch",
        ["ttlSecondsAfterFinished"] = "leave it out: how a workload ended has to be seen before it goes; we delete it",
        ["activeDeadlineSeconds"] = Deadlines,
        ["managedBy"] = "leave it out: the member's own Job controller runs it",
        ["selector"] = "leave it out: Kubernetes sets it",
        ["manualSelector"] = "leave it out: Kubernetes sets the selector",
        ["nodeName"] = "leave it out: the scheduler chooses nodes, of the SKU that the run got",
        ["serviceAccount"] = "leave it out: the service account comes from the tenant's entry in the fleet file",
        ["hostUsers"] = "leave it out: " + HostNamespaces,
        ["hostPath"] = "use a persistentVolumeClaim or an emptyDir: nodes' own files are out of bounds",
        ["serviceAccountToken"] = "leave it out: workloads get no tokens of members",
        ["resourceClaims"] = "ask for GPUs by resources.limits: claims are not counted yet",
        ["claims"] = "ask for GPUs by resources.limits: claims are not counted yet",
        ["seLinuxOptions"] = "leave it out: it is outside Pod Security's restricted level",
        ["windowsOptions"] = "leave it out: trainers run on Linux",
        ["hostIP"] = "leave it out: workloads don't listen on nodes' addresses",
    }.ToImmutableDictionary(StringComparer.Ordinal);

    /// <summary>
    /// Every fault of <paramref name="manifest"/>, with paths that begin with <paramref name="path"/>. What must agree with <paramref name="gang"/> and
    /// <paramref name="tenant"/> is not looked at where they are <see langword="null"/>.
    /// </summary>
    public static ImmutableArray<Fault> Check(JsonObject manifest, string path, GangSpec? gang, TenantSpec? tenant)
    {
        var faults = new List<Fault>();
        Check(Section.Root(manifest, path, faults), gang, tenant);
        return Fault.Listed(faults);
    }

    internal static void Check(Section job, GangSpec? gang, TenantSpec? tenant)
    {
        if (!job.Exists)
            return;
        job.Word("apiVersion", ["batch/v1"], "write apiVersion: batch/v1");
        job.Word("kind", ["Job"], "write kind: Job");
        AllowOnly(job, ["apiVersion", "kind", "metadata", "spec"]);
        CheckMetadata(job.Object("metadata"), ["annotations", "labels", "name", "namespace"], tenant);
        var spec = job.Object("spec", "write the Job's spec, with its pod template");
        AllowOnly(spec, JobFields);
        AgreesWithWorkers(spec, "parallelism", gang);
        AgreesWithWorkers(spec, "completions", gang);
        Must(spec, "podReplacementPolicy", "Failed", "two pods of one worker must never run at once");
        Must(spec, "suspend", false, "we start and stop workloads by creating and deleting them");
        var template = spec.Object("template", "write the pod template");
        AllowOnly(template, ["metadata", "spec"]);
        CheckMetadata(template.Object("metadata"), ["annotations", "labels"], tenant);
        CheckPod(template.Object("spec", "write the pod's spec, with its containers"), gang, tenant);
    }

    private static void CheckMetadata(Section metadata, ImmutableArray<string> fields, TenantSpec? tenant)
    {
        AllowOnly(metadata, fields);
        var space = metadata.Text("namespace");
        if (tenant is not null && space is not null && space != tenant.Namespace)
            metadata.Fault("namespace", $"is {Names.Quote(space)}; leave it out, or write {tenant.Namespace}, the tenant's namespace");
        foreach (var section in new[] { metadata.Object("labels"), metadata.Object("annotations") })
        {
            foreach (var name in section.FieldNames)
            {
                if (name.Contains(OurLabels, StringComparison.OrdinalIgnoreCase))
                    section.Fault(name, $"leave it out: {OurLabels} is ours");
                else
                    section.Text(name);
            }
        }
    }

    private static void CheckPod(Section pod, GangSpec? gang, TenantSpec? tenant)
    {
        if (!pod.Exists)
            return;
        AllowOnly(pod, PodFields);
        foreach (var name in (ReadOnlySpan<string>)["hostNetwork", "hostPID", "hostIPC"])
            Must(pod, name, false, HostNamespaces);
        CheckServiceAccount(pod, tenant);
        pod.Word("restartPolicy", ["Never", "OnFailure"]);
        var priority = pod.Text("priorityClassName");
        if (priority?.StartsWith("system-", StringComparison.Ordinal) == true)
            pod.Fault("priorityClassName", $"is {Names.Quote(priority)}; use a class of your own: system classes are the cluster's");
        CheckPodSecurity(pod.Object("securityContext"));
        foreach (var volume in pod.Objects("volumes"))
            CheckVolume(volume);
        var containers = pod.Objects("containers", "list the containers");
        var first = pod.Objects("initContainers");
        foreach (var container in containers.AddRange(first))
            CheckContainer(container);
        CheckGpus(pod, containers, first, gang);
    }

    private static void CheckServiceAccount(Section pod, TenantSpec? tenant)
    {
        var account = pod.Text("serviceAccountName");
        if (tenant is null || account is null || account == tenant.ServiceAccount)
            return;
        var way = tenant.ServiceAccount is { } own ? $"leave it out, or write {own}, the tenant's own" : "leave it out: the tenant has none in the fleet file";
        pod.Fault("serviceAccountName", $"is {Names.Quote(account)}; {way}");
    }

    private static void CheckVolume(Section volume)
    {
        volume.Text("name", "name the volume");
        AllowOnly(volume, VolumeKinds.Add("name"));
        foreach (var source in volume.Object("projected").Objects("sources"))
            AllowOnly(source, ProjectedSources);
    }

    private static void CheckContainer(Section container)
    {
        container.Text("name", "name the container");
        container.Text("image", "name its image");
        AllowOnly(container, ContainerFields);
        foreach (var variable in container.Objects("env"))
            CheckVariable(variable, "name", variable.Text("name", "name the variable"));
        foreach (var source in container.Objects("envFrom"))
            CheckVariable(source, "prefix", source.Text("prefix"));
        foreach (var port in container.Objects("ports"))
        {
            AllowOnly(port, ["containerPort", "hostPort", "name", "protocol"]);
            Must(port, "hostPort", 0, "workloads don't listen on nodes' addresses");
        }
        foreach (var name in (ReadOnlySpan<string>)["livenessProbe", "readinessProbe", "startupProbe"])
            CheckHandler(container.Object(name));
        var lifecycle = container.Object("lifecycle");
        CheckHandler(lifecycle.Object("postStart"));
        CheckHandler(lifecycle.Object("preStop"));
        CheckContainerSecurity(container.Object("securityContext"));
    }

    private static void CheckVariable(Section section, string field, string? name)
    {
        if (name?.StartsWith(OurVariables, StringComparison.OrdinalIgnoreCase) == true)
            section.Fault(field, $"is {Names.Quote(name)}; choose another name: variables that begin with {OurVariables} are set by us");
    }

    // A probe's host would have the node's kubelet call any address for the user.
    private static void CheckHandler(Section handler)
    {
        foreach (var action in new[] { handler.Object("httpGet"), handler.Object("tcpSocket") })
        {
            if (action.Text("host") is not null)
                action.Fault("host", "leave it out: probes and hooks call their own pod");
        }
    }

    private static void CheckPodSecurity(Section security)
    {
        AllowOnly(security, PodSecurityFields);
        CheckIdentity(security);
        if (security.Take("sysctls", ifMissing: null) is not (null or JsonArray { Count: 0 }))
            security.Fault("sysctls", "leave it out: the node's kernel is not the workload's");
    }

    private static void CheckContainerSecurity(Section security)
    {
        AllowOnly(security, ContainerSecurityFields);
        CheckIdentity(security);
        Must(security, "privileged", false, "workloads have no privileges on nodes");
        Must(security, "allowPrivilegeEscalation", false, "it is outside Pod Security's restricted level");
        Must(security, "procMount", "Default", "it is outside Pod Security's restricted level");
        var capabilities = security.Object("capabilities");
        AllowOnly(capabilities, ["add", "drop"]);
        if (capabilities.Take("add", ifMissing: null) is not (null or JsonArray { Count: 0 }))
            capabilities.Fault("add", "leave it out: workloads get no capabilities");
    }

    private static void CheckIdentity(Section security)
    {
        Must(security, "runAsNonRoot", true, "workloads don't run as root");
        if (security.Whole("runAsUser", 0, int.MaxValue) == 0)
            security.Fault("runAsUser", "is 0; write another user's id: workloads don't run as root");
        foreach (var profile in (ReadOnlySpan<string>)["seccompProfile", "appArmorProfile"])
            security.Object(profile).Word("type", ["RuntimeDefault", "Localhost"]);
    }

    private static void CheckGpus(Section pod, ImmutableArray<Section> containers, ImmutableArray<Section> first, GangSpec? gang)
    {
        long together = 0;
        var counted = true;
        foreach (var container in containers.AddRange(first))
        {
            var gpus = ReadGpus(container);
            counted = counted && gpus is not null;
            // Init containers that go on as sidecars count; the others are gone by the time that the workers train.
            var stays = containers.Contains(container) || container.Text("restartPolicy") == "Always";
            together += stays ? gpus ?? 0 : 0;
        }
        if (!containers.IsEmpty && counted && gang is not null && together != gang.GpusPerWorker)
            pod.Fault("containers", $"their GPU limits add up to {together}, but spec.gang.gpusPerWorker is {gang.GpusPerWorker}; make them agree");
    }

    // Null where what is written can't be read as a number of GPUs; that is a fault of its own.
    private static long? ReadGpus(Section container)
    {
        var resources = container.Object("resources");
        AllowOnly(resources, ["limits", "requests"]);
        var (limits, requests) = (resources.Object("limits"), resources.Object("requests"));
        long sum = 0;
        var read = true;
        foreach (var name in limits.FieldNames.Union(requests.FieldNames).Where(IsGpu))
        {
            var limit = Gpus(limits, name);
            if (Gpus(requests, name) is { } request && limit is not null && request != limit && requests.FieldNames.Contains(name))
                requests.Fault(name, "differs from the limit; leave it out: GPUs are not shared");
            read = read && limit is not null;
            sum += limit ?? 0;
        }
        return read ? sum : null;
    }

    private static bool IsGpu(string resource) => resource.EndsWith("/gpu", StringComparison.Ordinal);

    private static long? Gpus(Section resources, string name)
    {
        var value = resources.Take(name, ifMissing: null);
        if (value is null)
            return 0;
        var text = Section.TryText(value, out var written) ? written : Section.Describe(value);
        if (int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var count) && count <= 1_000)
            return count;
        resources.Fault(name, $"is {Section.Describe(value)}; write a whole number of GPUs");
        return null;
    }

    private static void AgreesWithWorkers(Section spec, string field, GangSpec? gang)
    {
        if (spec.Whole(field, 1, int.MaxValue) is { } count && gang is not null && count != gang.Workers)
            spec.Fault(field, $"is {count}, but spec.gang.workers is {gang.Workers}; leave it out, or make them agree");
    }

    private static void Must(Section section, string field, JsonNode only, string reason)
    {
        var value = section.Take(field, ifMissing: null);
        if (value is not null && !JsonNode.DeepEquals(value, only))
            section.Fault(field, $"is {Section.Describe(value)}; leave it out, or write {Section.Describe(only)}: {reason}");
    }

    private static void AllowOnly(Section section, ImmutableArray<string> fields)
    {
        foreach (var name in section.FieldNames.Except(fields, StringComparer.Ordinal))
        {
            var way = Refusals.GetValueOrDefault(name) ?? $"not allowed in a workload; allowed here: {string.Join(", ", fields)}{Names.Suggest(name, fields)}";
            section.Fault(name, way);
        }
    }
}
