using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Failover.Domain.Documents;
using Failover.Domain.Fleet;
using Failover.Domain.Runs;

namespace Failover.Domain.Tests.Runs;

public sealed class WorkloadRulesTests
{
    private const string Pod = "spec.template.spec";
    private const string Container = Pod + ".containers[0]";

    private static readonly GangSpec Gang = new(4, 8);
    private static readonly TenantSpec Tenant = new("research", "research", "trainer");

    [Theory]
    [InlineData("apiVersion", "\"batch/v1beta1\"", "is \"batch/v1beta1\"; write batch/v1")]
    [InlineData("kind", "\"Pod\"", "is \"Pod\"; write Job")]
    [InlineData("metadata.generateName", "\"x-\"", "leave it out: workloads are named after run and epoch")]
    [InlineData("metadata.namespace", "\"kube-system\"", "is \"kube-system\"; leave it out, or write research, the tenant's namespace")]
    [InlineData("metadata.labels.team", "5", "is 5; write a text, in quotes if need be")]
    [InlineData("metadata.finalizers", "[]", "not allowed in a workload; allowed here: annotations, labels, name, namespace")]
    [InlineData("spec", "", "is missing; write the Job's spec, with its pod template")]
    [InlineData("spec.parallelism", "3", "is 3, but spec.gang.workers is 4; leave it out, or make them agree")]
    [InlineData("spec.completions", "8", "is 8, but spec.gang.workers is 4; leave it out, or make them agree")]
    [InlineData("spec.podReplacementPolicy", "\"TerminatingOrFailed\"", "is \"TerminatingOrFailed\"; leave it out, or write \"Failed\": two pods of one worker must never run at once")]
    [InlineData("spec.suspend", "true", "is true; leave it out, or write false: we start and stop workloads by creating and deleting them")]
    [InlineData("spec.ttlSecondsAfterFinished", "60", "leave it out: how a workload ended has to be seen before it goes; we delete it")]
    [InlineData("spec.activeDeadlineSeconds", "60", "leave it out: a run's time limits are in spec.deadlines")]
    [InlineData("spec.template", "", "is missing; write the pod template")]
    [InlineData("spec.template.metadata.name", "\"x\"", "not allowed in a workload; allowed here: annotations, labels")]
    [InlineData(Pod, "", "is missing; write the pod's spec, with its containers")]
    [InlineData(Pod + ".hostNetwork", "true", "is true; leave it out, or write false: workloads don't share the node's namespaces")]
    [InlineData(Pod + ".nodeName", "\"n1\"", "leave it out: the scheduler chooses nodes, of the SKU that the run got")]
    [InlineData(Pod + ".serviceAccountName", "\"admin\"", "is \"admin\"; leave it out, or write trainer, the tenant's own")]
    [InlineData(Pod + ".restartPolicy", "\"Always\"", "is \"Always\"; write Never or OnFailure")]
    [InlineData(Pod + ".priorityClassName", "\"system-node-critical\"", "is \"system-node-critical\"; use a class of your own: system classes are the cluster's")]
    [InlineData(Pod + ".securityContext.sysctls", "[{}]", "leave it out: the node's kernel is not the workload's")]
    [InlineData(Pod + ".securityContext.runAsUser", "0", "is 0; write another user's id: workloads don't run as root")]
    [InlineData(Pod + ".securityContext.runAsNonRoot", "false", "is false; leave it out, or write true: workloads don't run as root")]
    [InlineData(Pod + ".securityContext.seccompProfile.type", "\"Unconfined\"", "is \"Unconfined\"; write RuntimeDefault or Localhost")]
    [InlineData(Pod + ".volumes[0].hostPath", "{}", "use a persistentVolumeClaim or an emptyDir: nodes' own files are out of bounds")]
    [InlineData(Pod + ".volumes[1].projected.sources[0].serviceAccountToken", "{}", "leave it out: workloads get no tokens of members")]
    [InlineData(Pod + ".containers", "[]", "is an empty list; list the containers")]
    [InlineData(Container + ".image", "", "is missing; name its image")]
    [InlineData(Container + ".env[0].name", "\"FAILOVER_EPOCH\"", "is \"FAILOVER_EPOCH\"; choose another name: variables that begin with FAILOVER_ are set by us")]
    [InlineData(Container + ".envFrom[0].prefix", "\"FAILOVER_\"", "is \"FAILOVER_\"; choose another name: variables that begin with FAILOVER_ are set by us")]
    [InlineData(Container + ".ports[0].hostPort", "80", "is 80; leave it out, or write 0: workloads don't listen on nodes' addresses")]
    [InlineData(Container + ".livenessProbe.httpGet.host", "\"169.254.169.254\"", "leave it out: probes and hooks call their own pod")]
    [InlineData(Container + ".lifecycle.preStop.tcpSocket.host", "\"10.0.0.1\"", "leave it out: probes and hooks call their own pod")]
    [InlineData(Container + ".securityContext.privileged", "true", "is true; leave it out, or write false: workloads have no privileges on nodes")]
    [InlineData(Container + ".securityContext.allowPrivilegeEscalation", "true", "is true; leave it out, or write false: it is outside Pod Security's restricted level")]
    [InlineData(Container + ".securityContext.procMount", "\"Unmasked\"", "is \"Unmasked\"; leave it out, or write \"Default\": it is outside Pod Security's restricted level")]
    [InlineData(Container + ".securityContext.capabilities.add", "[\"SYS_ADMIN\"]", "leave it out: workloads get no capabilities")]
    [InlineData(Container + ".resources.claims", "[]", "ask for GPUs by resources.limits: claims are not counted yet")]
    [InlineData(Container + ".volumeDevices", "[]", "not allowed in a workload; allowed here: args, command, env, envFrom, image, imagePullPolicy, lifecycle, livenessProbe, name, ports, readinessProbe, resources, restartPolicy, securityContext, startupProbe, terminationMessagePath, terminationMessagePolicy, volumeMounts, workingDir")]
    public void Check_OneViolation_IsOneFault(string path, string json, string message)
    {
        var faults = Check(path, json);

        Assert.Equal(new Fault("w." + path, message), Assert.Single(faults));
    }

    [Theory]
    [InlineData("labels")]
    [InlineData("annotations")]
    public void Check_OurLabels_AreOurs(string field)
    {
        var manifest = Manifest();
        manifest["metadata"]![field] = new JsonObject { ["failover.dev/run"] = "x" };

        var fault = Assert.Single(WorkloadRules.Check(manifest, "w", Gang, Tenant));

        Assert.Equal(new Fault($"w.metadata.{field}['failover.dev/run']", "leave it out: failover.dev/ is ours"), fault);
    }

    [Theory]
    [InlineData("4", "their GPU limits add up to 4, but spec.gang.gpusPerWorker is 8; make them agree")]
    [InlineData("null", "their GPU limits add up to 0, but spec.gang.gpusPerWorker is 8; make them agree")]
    public void Check_GpusDiffer_IsAFault(string limit, string message)
    {
        var manifest = Manifest();
        manifest["spec"]!["template"]!["spec"]!["containers"]![0]!["resources"] = new JsonObject { ["limits"] = new JsonObject { ["nvidia.com/gpu"] = JsonNode.Parse(limit) } };

        Assert.Equal(new Fault($"w.{Pod}.containers", message), Assert.Single(WorkloadRules.Check(manifest, "w", Gang, Tenant)));
    }

    [Theory]
    [InlineData("\"8000m\"", "is \"8000m\"; write a whole number of GPUs")]
    [InlineData("[]", "is a list; write a whole number of GPUs")]
    [InlineData("1001", "is 1001; write a whole number of GPUs")]
    public void Check_GpusUnreadable_IsOneFaultAtThem(string limit, string message)
    {
        var manifest = Manifest();
        Gpus(manifest, "containers", "limits", limit);

        var fault = Assert.Single(WorkloadRules.Check(manifest, "w", Gang, Tenant));

        Assert.Equal(new Fault($"w.{Container}.resources.limits['nvidia.com/gpu']", message), fault);
    }

    [Fact]
    public void Check_RequestDiffersFromLimit_IsAFault()
    {
        var manifest = Manifest();
        Gpus(manifest, "containers", "requests", "4");

        Assert.Equal($"w.{Container}.resources.requests['nvidia.com/gpu']", Assert.Single(WorkloadRules.Check(manifest, "w", Gang, Tenant)).Path);
    }

    [Fact]
    public void Check_Sidecar_CountsItsGpus()
    {
        var manifest = Manifest();
        manifest["spec"]!["template"]!["spec"]!["initContainers"]![0]!["restartPolicy"] = "Always";

        var fault = Assert.Single(WorkloadRules.Check(manifest, "w", Gang, Tenant));

        Assert.Contains("add up to 16", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_WithoutGangOrTenant_LooksAtTheRest()
    {
        var manifest = Manifest();
        manifest["metadata"]!["namespace"] = "any";

        Assert.Empty(WorkloadRules.Check(manifest, "w", gang: null, tenant: null));
    }

    [Fact]
    public void Check_TenantWithoutServiceAccount_AllowsNone()
    {
        var fault = Assert.Single(WorkloadRules.Check(Manifest(), "w", Gang, Tenant with { ServiceAccount = null }));

        Assert.Equal(new Fault($"w.{Pod}.serviceAccountName", "is \"trainer\"; leave it out: the tenant has none in the fleet file"), fault);
    }

    private static JsonObject Manifest() => (JsonObject)RunDocuments.Valid()["spec"]!["workload"]!.DeepClone();

    private static void Gpus(JsonObject manifest, string containers, string kind, string json) =>
        manifest["spec"]!["template"]!["spec"]![containers]![0]!["resources"]![kind]!["nvidia.com/gpu"] = JsonNode.Parse(json);

    private static ImmutableArray<Fault> Check(string path, string json) =>
        WorkloadRules.Check(RunDocuments.With(Manifest(), path, json), "w", Gang, Tenant);
}
