using System.Collections.Concurrent;
using Failover.Abstractions.Ports;
using Failover.Domain.Fleet;
using Failover.Kubernetes.Launching;
using Failover.Kubernetes.Tests.Launching;
using Failover.Simulator.ApiServer;
using Failover.Simulator.Cluster;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Failover.Kubernetes.Tests;

/// <summary>A simulated member over HTTPS, whose inner time is fake, and clients of it.</summary>
internal sealed class TestMember : IAsyncDisposable, IApiObserver, IPodRuntime
{
    /// <summary>For conditions that always come about; a test that reaches it fails.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("failover-kubernetes-");
    private readonly List<IDisposable> clients = [];

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public SimulatedMember Member { get; private set; } = null!;

    public ConcurrentQueue<ApiCall> Calls { get; } = new();

    /// <summary>Runs on the path of each request, after it took effect and before it is answered.</summary>
    public Action<ApiCall> OnCall { get; set; } = _ => { };

    public static SimulatedMemberOptions Options { get; } = new()
    {
        Name = "east-1",
        Region = "eastus",
        Pools = [new NodePool("h100", "h100", "Standard_ND96isr_H100_v5", Nodes: 4, GpusPerNode: 8, "eastus-1")],
        Users = [new("admin", MemberRole.Admin), new("viewer", MemberRole.ReadOnly), new("nobody", MemberRole.Forbidden), new("late", MemberRole.Expired)],
    };

    /// <summary>Quick limits, for what does fail in a test.</summary>
    public static KubernetesOptions Quick => new()
    {
        TryTimeout = TimeSpan.FromSeconds(30),
        ConnectTimeout = TimeSpan.FromSeconds(30),
        KeepAliveDelay = TimeSpan.FromSeconds(1),
        KeepAliveTimeout = TimeSpan.FromSeconds(1),
        RetriesMax = 1,
        RetryDelay = TimeSpan.FromMilliseconds(1),
        RetryDelayMax = TimeSpan.FromMilliseconds(5),
        BreakerThroughputMin = 100,
        // A busy machine is slow to open its watches; tests that wait for a loss have less patience.
        SightGrace = TimeSpan.FromSeconds(20),
        ReconnectDelay = TimeSpan.FromMilliseconds(10),
        ReconnectDelayMax = TimeSpan.FromMilliseconds(50),
    };

    public static async Task<TestMember> StartAsync(SimulatedMemberOptions? options = null)
    {
        var test = new TestMember();
        test.Member = await SimulatedMember.StartAsync(options ?? Options, test.Time, test, test, TestContext.Current.CancellationToken);
        return test;
    }

    /// <summary>A file of the test's own.</summary>
    public string PathOf(string file) => Path.Combine(directory.FullName, file);

    public string Kubeconfig(string user = "admin") => Member.WriteKubeconfig(PathOf($"{user}.yaml"), user);

    public IMemberClient Client(string user = "admin", KubernetesOptions? options = null, TimeProvider? time = null) =>
        ClientOf(Kubeconfig(user), options, time);

    public IMemberClient ClientOf(string kubeconfig, KubernetesOptions? options = null, TimeProvider? time = null) =>
        ClientOf(new MemberSpec("east-1", "eastus", kubeconfig), options, time);

    public IMemberClient ClientOf(MemberSpec member, KubernetesOptions? options = null, TimeProvider? time = null)
    {
        var fleet = new FleetSpec
        {
            Installation = Launches.Installation,
            Regions = [new RegionSpec("eastus")],
            Members = [member],
            Stores = [],
            Tenants = [new TenantSpec("team", "train")],
            Skus = [new SkuSpec("h100", 1, "failover.dev/sku", "h100")],
            Sites = ["home"],
        };
        var members = new MemberClients(
            new FleetBook(fleet), [new JobWorkload()], Microsoft.Extensions.Options.Options.Create(options ?? Quick), time ?? TimeProvider.System,
            NullLogger<MemberClients>.Instance);
        clients.Add(members);
        return members.Get("east-1");
    }

    /// <summary>The library's own client, as somebody else's tool would use it.</summary>
    public k8s.Kubernetes Foreign()
    {
        var client = new k8s.Kubernetes(Failover.Kubernetes.Connection.Kubeconfig.Load(new MemberSpec("m", "r", Kubeconfig()), Quick));
        clients.Add(client);
        return client;
    }

    /// <summary>Lets time pass inside the member once all that is due has happened, and then all that falls due in it happen.</summary>
    public void Pass(TimeSpan span)
    {
        Member.Settle();
        Time.Advance(span);
        Member.Settle();
    }

    public int CountOf(string verb, string resource) => Calls.Count(call => (call.Verb, call.Resource) == (verb, resource));

    void IApiObserver.OnRequest(ApiCall call)
    {
        Calls.Enqueue(call);
        OnCall(call);
    }

    void IPodRuntime.PodStarted(PodInfo pod)
    {
        // The containers do nothing; the member's own calls are what is tested.
    }

    void IPodRuntime.PodTerminating(PodInfo pod, TimeSpan grace)
    {
        // They ignore SIGTERM, too.
    }

    void IPodRuntime.PodKilled(PodInfo pod)
    {
        // Nothing to clean up.
    }

    public async ValueTask DisposeAsync()
    {
        clients.ForEach(client => client.Dispose());
        await Member.DisposeAsync();
        directory.Delete(recursive: true);
    }
}
