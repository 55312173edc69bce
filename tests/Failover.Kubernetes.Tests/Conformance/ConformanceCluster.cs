using System.Text.Json.Nodes;
using Failover.Abstractions.Ports;
using Failover.Domain.Fleet;
using Failover.Kubernetes.Connection;
using Failover.Kubernetes.Launching;
using Failover.Kubernetes.Tests.Launching;
using Failover.Simulator.ApiServer;
using Failover.Simulator.Cluster;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Failover.Kubernetes.Tests.Conformance;

/// <summary>
/// A cluster that the suite runs against: the simulator, whose time is the machine's here, or a real one. What a case makes lies in a namespace of its own, and goes
/// with it; nothing else is written to. Pods are never scheduled: they ask for a node that there is not.
/// </summary>
internal sealed class ConformanceCluster : IAsyncDisposable, IApiObserver, IPodRuntime
{
    /// <summary>Names the kubeconfig of a real cluster.</summary>
    public const string Variable = "FAILOVER_TEST_KUBECONFIG";

    /// <summary>For conditions that always come about; real clusters are not quick.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("failover-conformance-");
    private readonly List<IDisposable> clients = [];
    private string namespaceUid = "";

    private ConformanceCluster()
    {
    }

    /// <summary>The real cluster's kubeconfig, or <see langword="null"/>.</summary>
    public static string? RealKubeconfig => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? path : null;

    /// <summary>The clusters at hand: the simulator, and a real one where it is named.</summary>
    public static TheoryData<string> AtHand => RealKubeconfig is null ? ["simulator"] : ["simulator", "real cluster"];

    /// <summary>The simulator's faults; <see langword="null"/> on a real cluster, which nobody may harm.</summary>
    public SimulatedMember? Simulated { get; private set; }

    public string Kubeconfig { get; private set; } = "";

    public string Namespace { get; } = $"failover-conformance-{Guid.NewGuid():N}"[..32];

    /// <summary>Installation of the labels: no other's workloads are seen, and ours by no other.</summary>
    public string Installation => Namespace;

    /// <summary>The library's own client, as somebody else's tool would use it.</summary>
    public k8s.Kubernetes Foreign { get; private set; } = null!;

    public static KubernetesOptions Options => new()
    {
        RetryDelay = TimeSpan.FromMilliseconds(10),
        KeepAliveDelay = TimeSpan.FromSeconds(1),
        KeepAliveTimeout = TimeSpan.FromSeconds(1),
        SightGrace = TimeSpan.FromSeconds(20),
        ReconnectDelay = TimeSpan.FromMilliseconds(50),
        ReconnectDelayMax = TimeSpan.FromMilliseconds(500),
        BreakerThroughputMin = 100,
    };

    /// <summary>Starts a simulated cluster, or goes to the real one, and makes the namespace.</summary>
    public static async Task<ConformanceCluster> StartAsync(string which, int watchHistory = 4096)
    {
        var cluster = new ConformanceCluster();
        if (which == "simulator")
        {
            var options = TestMember.Options with { Namespaces = [], WatchHistory = watchHistory, JobSyncPeriod = TimeSpan.FromMilliseconds(20) };
            cluster.Simulated = await SimulatedMember.StartAsync(options, TimeProvider.System, cluster, cluster, TestContext.Current.CancellationToken);
            cluster.Kubeconfig = cluster.Simulated.WriteKubeconfig(cluster.PathOf("kubeconfig"), "admin");
        }
        else
        {
            cluster.Kubeconfig = RealKubeconfig!;
        }

        cluster.Foreign = new k8s.Kubernetes(Failover.Kubernetes.Connection.Kubeconfig.Load(cluster.Fleet(cluster.Kubeconfig).Members[0], Options));
        var made = await cluster.Foreign.CreateNamespaceAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = cluster.Namespace } });
        cluster.namespaceUid = made.Metadata.Uid;
        return cluster;
    }

    /// <summary>A case that needs a fault can't be run where nobody may make one.</summary>
    public SimulatedMember WithFaults()
    {
        Assert.SkipWhen(Simulated is null, "This case needs faults to be injected, which a real cluster is spared.");
        return Simulated;
    }

    public string PathOf(string file) => Path.Combine(directory.FullName, file);

    /// <summary>Our client, as a silo has it.</summary>
    public IMemberClient Client(string? kubeconfig = null, KubernetesOptions? options = null)
    {
        var members = new MemberClients(
            new FleetBook(Fleet(kubeconfig ?? Kubeconfig)), [new JobWorkload()], Microsoft.Extensions.Options.Options.Create(options ?? Options), TimeProvider.System,
            NullLogger<MemberClients>.Instance);
        clients.Add(members);
        return members.Get("member");
    }

    /// <summary>Our list and watch of one resource, which begins at once and ends with its disposal.</summary>
    public ConformanceWatch Watch(string path, string? selector = null, KubernetesOptions? options = null, string? from = null)
    {
        options ??= Options;
        var connection = new MemberConnection(Fleet(Kubeconfig).Members[0], options);
        return new ConformanceWatch(path, selector, connection, options, from);
    }

    /// <summary>Whether a watch from there is refused with 410, as one is where what happened since is no longer kept.</summary>
    public async Task<bool> HasForgottenAsync(string path, string version)
    {
        using var client = new MemberKubernetes(Failover.Kubernetes.Connection.Kubeconfig.Load(Fleet(Kubeconfig).Members[0], Options));
        try
        {
            using var response = await client.GetAsync($"{path}?watch=1&resourceVersion={version}&timeoutSeconds=1", CancellationToken.None);
            return (await response.Content.ReadAsStringAsync()).Contains("\"code\":410", StringComparison.Ordinal);
        }
        catch (HttpOperationException fault) when (fault.Response.StatusCode == System.Net.HttpStatusCode.Gone)
        {
            return true;
        }
    }

    public string ConfigMapsPath => $"api/v1/namespaces/{Namespace}/configmaps";

    /// <summary>A launch whose pods stay pending.</summary>
    public LaunchRequest Launch(string run = "llm", string launchId = "launch-1", int epoch = 1, JsonObject? workload = null) =>
        Launches.Request(workers: 2, gpus: 1, run, epoch, launchId, workload) with
        {
            Installation = Installation,
            Namespace = Namespace,
            NodeSelector = new KeyValuePair<string, string>("failover.dev/conformance", Namespace),
        };

    /// <summary>Looks again until it holds: for what a controller does in its own time.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        while (!await condition())
        {
            Assert.True(await pace.WaitForNextTickAsync(patience.Token));
        }
    }

    void IApiObserver.OnRequest(ApiCall call)
    {
        // What is compared is what the client sees.
    }

    void IPodRuntime.PodStarted(PodInfo pod)
    {
        // None is ever scheduled.
    }

    void IPodRuntime.PodTerminating(PodInfo pod, TimeSpan grace)
    {
        // None is ever scheduled.
    }

    void IPodRuntime.PodKilled(PodInfo pod)
    {
        // None is ever scheduled.
    }

    public async ValueTask DisposeAsync()
    {
        clients.ForEach(client => client.Dispose());
        if (Simulated is not null)
        {
            await Simulated.DisposeAsync();
        }
        else
        {
            await RemoveNamespaceAsync();
        }

        Foreign.Dispose();
        directory.Delete(recursive: true);
    }

    private async Task RemoveNamespaceAsync()
    {
        try
        {
            var options = new V1DeleteOptions { Preconditions = new V1Preconditions { Uid = namespaceUid }, PropagationPolicy = "Background" };
            await Foreign.DeleteNamespaceAsync(Namespace, options);
        }
        catch (HttpOperationException fault) when (fault.Response.StatusCode == System.Net.HttpStatusCode.Conflict)
        {
            // It is being deleted already.
        }
    }

    private FleetSpec Fleet(string kubeconfig) => new()
    {
        Installation = Installation,
        Regions = [new RegionSpec("region")],
        Members = [new MemberSpec("member", "region", kubeconfig)],
        Stores = [],
        Tenants = [new TenantSpec("team", Namespace)],
        Skus = [new SkuSpec("gpu", 1, "failover.dev/conformance", Namespace)],
        Sites = ["home"],
    };
}
