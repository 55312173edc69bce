using System.Collections.Concurrent;
using Failover.Abstractions.Ports;
using Failover.Domain.Fleet;
using Failover.Kubernetes.Launching;
using Failover.Kubernetes.Tests.Launching;
using Microsoft.Extensions.Logging;

namespace Failover.Kubernetes.Tests.Watching;

/// <summary>What no API server should say, over HTTPS: it is told once, and the watch of all else goes on.</summary>
public sealed class OddObjectTests
{
    private const string Lease = """{"metadata":{"name":"n1","uid":"l1","resourceVersion":"1"},"spec":{"leaseDurationSeconds":40,"renewTime":"2026-01-01T00:00:00.000000Z"}}""";

    public static TheoryData<string> Odd =>
    [
        """{"metadata":{"name":"odd","resourceVersion":"2"}}""",
        """{"metadata":{"name":"odd","uid":7,"resourceVersion":"2"}}""",
        """{"metadata":{"name":"odd","uid":null,"resourceVersion":"2"}}""",
        """{"metadata":"none"}""",
        """{"metadata":null}""",
        """{}""",
        """{"metadata":{"name":"odd","uid":"o1","resourceVersion":"2"},"status":"fine"}""",
        """{"metadata":{"name":"odd","uid":"o1","resourceVersion":2},"spec":{"taints":[null]}}""",
        "[]",
        "null",
    ];

    [Theory]
    [MemberData(nameof(Odd))]
    public async Task Watch_OddObjectInAWatch_IsToldOnceAndTheRestIsSeen(string odd)
    {
        var log = new RecordingLogger();
        await using var server = await ScriptedServer.StartAsync(
            ("nodes", [Node("n1", "1")], [Event("MODIFIED", odd), Event("MODIFIED", odd), Event("DELETED", odd), Event("ADDED", Node("n2", "3"))]),
            ("leases", [Lease], [Event("ADDED", odd), Event("DELETED", odd)]),
            ("pods", [], [Event("ADDED", odd)]),
            ("jobs", [], [Event("ADDED", odd)]));

        var seen = await WatchAsync(server, log, seen => seen.Nodes == 2);

        Assert.Equal(2, seen.NodesReady);
        Assert.Empty(seen.Workloads);
        var told = log.Warnings.ToList();
        Assert.All(told, message => Assert.Contains("can't be read", message, StringComparison.Ordinal));
        Assert.Single(told, message => message.Contains("of nodes:", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Odd))]
    public async Task Watch_OddObjectInAList_TheRestIsSeen(string odd)
    {
        await using var server = await ScriptedServer.StartAsync(
            ("nodes", [odd, Node("n1", "1")], []), ("leases", [odd, Lease], []), ("pods", [odd], []), ("jobs", [odd], []));

        var seen = await WatchAsync(server, new RecordingLogger(), seen => seen.NodesReady == 1);

        Assert.Equal((1, 1), (seen.NodesReady, seen.LeasesRenewed));
    }

    [Fact]
    public async Task Watch_KnownObjectTurnsOdd_StaysAsItWasKnown()
    {
        await using var server = await ScriptedServer.StartAsync(
            ("nodes", [Node("n1", "1")], [Event("MODIFIED", """{"metadata":{"name":"n1","uid":"u-n1","resourceVersion":"2"},"status":"?"}"""), Event("ADDED", Node("n2", "3"))]));

        Assert.Equal(2, (await WatchAsync(server, new RecordingLogger(), seen => seen.Nodes == 2)).NodesReady);
    }

    [Theory]
    [InlineData("""{"type":"ERROR","object":"gone"}""")]
    [InlineData("""{"type":"ERROR","object":{"code":"410","message":7}}""")]
    [InlineData("""{"type":7,"object":{}}""")]
    [InlineData("""["ADDED"]""")]
    public async Task Watch_OddEvent_IsNoBugOfOurs(string line)
    {
        await using var server = await ScriptedServer.StartAsync(("nodes", [Node("n1", "1")], [line, Event("ADDED", Node("n2", "3"))]));

        // A watch that an odd event broke is opened again.
        Assert.Equal(2, (await WatchAsync(server, new RecordingLogger(), seen => seen.Nodes == 2)).NodesReady);
    }

    private sealed class RecordingLogger : ILogger<MemberClients>
    {
        public ConcurrentQueue<string> Warnings { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning)
            {
                Warnings.Enqueue(formatter(state, exception));
            }
        }
    }

    private static string Event(string type, string entry) => $$"""{"type":"{{type}}","object":{{entry}}}""";

    private static string Node(string name, string version) =>
        $$$"""{"metadata":{"name":"{{{name}}}","uid":"u-{{{name}}}","resourceVersion":"{{{version}}}"},"status":{"conditions":[{"type":"Ready","status":"True"}]}}""";

    private static async Task<MemberObservation> WatchAsync(ScriptedServer server, RecordingLogger log, Func<MemberObservation, bool> wanted)
    {
        var fleet = new FleetSpec
        {
            Installation = Launches.Installation,
            Regions = [new RegionSpec("eastus")],
            Members = [new MemberSpec("east-1", "eastus", server.Kubeconfig)],
            Stores = [],
            Tenants = [new TenantSpec("team", "train")],
            Skus = [new SkuSpec("h100", 1, "failover.dev/sku", "h100")],
            Sites = ["home"],
        };
        using var members = new MemberClients(new FleetBook(fleet), [new JobWorkload()], Microsoft.Extensions.Options.Options.Create(TestMember.Quick), TimeProvider.System, log);
        using var ending = new CancellationTokenSource();
        var observer = new RecordingObserver();
        var watch = members.Get("east-1").WatchAsync(observer, TimeSpan.FromMilliseconds(1), ending.Token);
        try
        {
            var seen = observer.SeeAsync(wanted);
            // A watch that a bug ends takes the others with it.
            await await Task.WhenAny(seen, watch);
            return await seen;
        }
        finally
        {
            await ending.CancelAsync();
            await watch.ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }
}
