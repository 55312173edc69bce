using System.Security.Cryptography.X509Certificates;
using Failover.Simulator.ApiServer;

namespace Failover.Simulator.Cluster;

/// <summary>
/// One Kubernetes cluster in this process: an API server that speaks the real protocol over HTTPS on loopback, and
/// behind it the controllers, the scheduler and the kubelets that an orchestrator of Jobs relies on. Faults are methods,
/// effective while it runs. Everything ends with its disposal.
/// </summary>
public sealed class SimulatedMember : IPodControl, IAsyncDisposable
{
    private readonly SimulatedMemberOptions _options;
    private readonly CancellationTokenSource _stopping = new();
    private readonly MemberCertificates _certificates;
    private readonly ObjectStore _store;
    private readonly Users _users;
    private readonly ApiHandler _handler;
    private readonly MemberCluster _cluster;
    private ApiServerHost? _host;
    private Task _running = Task.CompletedTask;

    private SimulatedMember(SimulatedMemberOptions options, TimeProvider time, IApiObserver observer, IPodRuntime runtime)
    {
        _options = options;
        _certificates = new MemberCertificates(options.Name, options.CertificateHostNames, options.CertificateExpired);
        _store = new ObjectStore(time, SeedOf(options), Math.Max(16, options.WatchHistory));
        _users = new Users(options.Users.Select(u => (u.Name, u.Role)));
        _handler = new ApiHandler(options.Name, _store, new KindRegistry(_store), _users, observer, _stopping.Token);
        _cluster = new MemberCluster(options, _store, runtime);
    }

    /// <summary>The member's name.</summary>
    public string Name => _options.Name;

    /// <summary>The region that it lies in.</summary>
    public string Region => _options.Region;

    /// <summary>Where its API server is, for clients; the same through every fault.</summary>
    public Uri Endpoint => new($"https://{_host!.Port.EndPoint}");

    /// <summary>The certificate of its own authority, as PEM.</summary>
    public string AuthorityPem => _certificates.AuthorityPem;

    /// <summary>Whether it has power.</summary>
    public bool IsPoweredOn => _cluster.IsPoweredOn;

    /// <summary>Starts the member; its nodes are Ready when this completes.</summary>
    public static async Task<SimulatedMember> StartAsync(
        SimulatedMemberOptions options,
        TimeProvider time,
        IApiObserver observer,
        IPodRuntime runtime,
        CancellationToken cancellationToken)
    {
        var member = new SimulatedMember(options, time, observer, runtime);
        try
        {
            member._cluster.Install();
            member._host = await ApiServerHost.StartAsync(member._handler, member._certificates, cancellationToken);
            member._running = member._cluster.RunAsync(member._stopping.Token);
            return member;
        }
        catch
        {
            await member.DisposeAsync();
            throw;
        }
    }

    /// <summary>The user's bearer token; throws <see cref="ArgumentException"/> if there is no such user.</summary>
    public string TokenOf(string user) => _users.TokenOf(user);

    /// <summary>A client certificate for a user, signed by the member's authority; the caller disposes of it.</summary>
    public X509Certificate2 ClientCertificateOf(string user) => _certificates.Client(user);

    /// <summary>Writes a kubeconfig with the authority's certificate and the user's token; returns its path.</summary>
    public string WriteKubeconfig(string path, string user) =>
        Kubeconfig.Write(path, Name, Endpoint, AuthorityPem, user, _users.TokenOf(user));

    /// <inheritdoc/>
    public void PodExited(string ns, string podName, string podUid, int exitCode) => _cluster.PodExited(podUid, exitCode);

    /// <summary>
    /// Cuts the member off, silently: connections hang and new ones are never answered. Inside, all goes on.
    /// What clients send meanwhile may arrive when the network is restored.
    /// </summary>
    public void CutNetwork() => _host!.Port.Cut();

    /// <summary>Ends <see cref="CutNetwork"/>.</summary>
    public void RestoreNetwork() => _host!.Port.Restore();

    /// <summary>
    /// The power goes: connections are reset and refused, every pod is killed at once, leases stop. What is stored stays.
    /// When this completes the runtime has been told of every pod.
    /// </summary>
    public async Task PowerOffAsync()
    {
        if (_cluster.PowerOff())
            await _host!.Port.CloseAsync();
    }

    /// <summary>
    /// The power returns: the API answers with what was stored, the nodes boot and become Ready after the boot delay;
    /// pods that had run are reported failed, and their Jobs act on that, stale or not.
    /// </summary>
    public void PowerOn()
    {
        if (_cluster.PowerOn())
            _host!.Port.Open();
    }

    /// <summary>Kills a running pod's containers, as running out of memory would; false if no such pod runs.</summary>
    public bool KillPod(string ns, string name) => _cluster.KillPod(ns, name);

    /// <summary>
    /// Nodes' kubelets end, behind an API server that goes on: their leases are renewed no more, and after the monitor's grace they are not ready. Where
    /// <paramref name="containersDie"/> the machines are gone; else what runs there runs on, and nobody can stop it.
    /// </summary>
    public void FailNodes(IReadOnlyCollection<string> nodes, bool containersDie) => _cluster.FailNodes(nodes, containersDie);

    /// <summary>Ends <see cref="FailNodes"/>: the kubelets run again, and report what became of their pods.</summary>
    public void RecoverNodes(IReadOnlyCollection<string> nodes) => _cluster.RecoverNodes(nodes);

    /// <summary>A node has so many GPUs from now on, 0 or more; what holds them goes on to.</summary>
    public void SetGpus(string node, int gpus) => _cluster.SetGpus(node, gpus);

    /// <summary>The names of its own nodes.</summary>
    public IReadOnlyList<string> Nodes => _cluster.Nodes;

    /// <summary>From now on pods take this long from binding to running; 0 or more.</summary>
    public void SetStartupDelay(TimeSpan delay) => _cluster.StartupDelay = delay;

    /// <summary>Makes the API server slow or unwell; <see cref="ApiFault.None"/> ends it.</summary>
    public void SetApiFault(ApiFault fault) => _handler.Fault = fault;

    /// <summary>The pods whose containers run now, by namespace and name.</summary>
    public IReadOnlyList<PodInfo> RunningPods() => _cluster.RunningPods();

    /// <summary>Lets controllers, scheduler and kubelets do all that is due at the present time, before it returns.</summary>
    public void Settle() => _cluster.Settle();

    /// <summary>Whether the member's own loop has broken, which is a fault of the simulator; disposal then throws why.</summary>
    public bool IsBroken => _running.IsFaulted;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_host is not null)
            await _host.DisposeAsync();
        _certificates.Dispose();
        _stopping.Dispose();
        await _running.WaitAsync(CancellationToken.None);
    }

    // Uids must differ between members, whatever seed they share; string's own hash code differs from run to run.
    private static int SeedOf(SimulatedMemberOptions options) =>
        options.Name.Aggregate(unchecked((int)2166136261) ^ options.Seed, (hash, c) => unchecked((hash ^ c) * 16777619));
}
