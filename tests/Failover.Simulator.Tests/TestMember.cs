using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Failover.Simulator.ApiServer;
using Failover.Simulator.Cluster;
using k8s;
using Microsoft.Extensions.Time.Testing;

namespace Failover.Simulator.Tests;

/// <summary>A member under fake time, with what its observer and its pods' runtime were told.</summary>
internal sealed class TestMember : IAsyncDisposable, IApiObserver, IPodRuntime
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly List<IDisposable> _clients = [];

    private TestMember(FakeTimeProvider time) => Time = time;

    public FakeTimeProvider Time { get; }

    public SimulatedMember Member { get; private set; } = null!;

    public ConcurrentQueue<ApiCall> Calls { get; } = new();

    /// <summary>"started|terminating|killed NAME", in the order told.</summary>
    public ConcurrentQueue<(string What, PodInfo Pod)> Told { get; } = new();

    public static SimulatedMemberOptions Options { get; } = new()
    {
        Name = "east-1",
        Region = "eastus",
        Pools = [new NodePool("h100", "h100", "Standard_ND96isr_H100_v5", Nodes: 4, GpusPerNode: 8, "eastus-1")],
        Users = [new("admin", MemberRole.Admin), new("viewer", MemberRole.ReadOnly), new("nobody", MemberRole.Forbidden), new("late", MemberRole.Expired)],
    };

    public static async Task<TestMember> StartAsync(SimulatedMemberOptions? options = null)
    {
        var test = new TestMember(new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 10, 0, 0, TimeSpan.Zero)));
        test.Member = await SimulatedMember.StartAsync(options ?? Options, test.Time, test, test, TestContext.Current.CancellationToken);
        return test;
    }

    public Kubernetes Client(string user = "admin", Action<SocketsHttpHandler>? configure = null)
    {
        var client = new Kubernetes(new KubernetesClientConfiguration
        {
            Host = Member.Endpoint.ToString(),
            AccessToken = Member.TokenOf(user),
            FirstMessageHandlerSetup = handler =>
            {
                var sockets = (SocketsHttpHandler)handler;
                sockets.SslOptions.CertificateChainPolicy = Trust();
                configure?.Invoke(sockets);
            },
        });
        _clients.Add(client);
        return client;
    }

    public HttpClient Http()
    {
        var handler = new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = Trust() } };
        var client = new HttpClient(handler) { BaseAddress = Member.Endpoint };
        _clients.Add(client);
        return client;
    }

    public X509ChainPolicy Trust()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(X509Certificate2.CreateFromPem(Member.AuthorityPem));
        return policy;
    }

    /// <summary>Lets time pass inside the member, and all that falls due in it happen.</summary>
    public void Pass(TimeSpan span)
    {
        Member.Settle();
        Time.Advance(span);
        Member.Settle();
    }

    public void Exit(PodInfo pod, int exitCode)
    {
        Member.PodExited(pod.Namespace, pod.Name, pod.Uid, exitCode);
        Member.Settle();
    }

    public IReadOnlyList<PodInfo> ToldOf(string what) => [.. Told.Where(t => t.What == what).Select(t => t.Pod)];

    void IApiObserver.OnRequest(ApiCall call) => Calls.Enqueue(call);

    void IPodRuntime.PodStarted(PodInfo pod) => Told.Enqueue(("started", pod));

    void IPodRuntime.PodTerminating(PodInfo pod, TimeSpan grace) => Told.Enqueue(("terminating", pod));

    void IPodRuntime.PodKilled(PodInfo pod) => Told.Enqueue(("killed", pod));

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            client.Dispose();
        await Member.DisposeAsync();
    }
}
