using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Failover.Abstractions.State;
using Failover.Cli;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Silo.Hosting;
using Failover.Simulator.ApiServer;
using Failover.Simulator.Cluster;
using Failover.Simulator.Stores;
using Failover.Storage.Tables;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Failover.Silo.Tests.Hosting;

/// <summary>A whole silo over seven members, six of which can't be used, each for another reason; looked at through the real command line.</summary>
public sealed class BadMembersTests : IAsyncLifetime
{
    // A probe may take long on a busy machine without saying anything of the member.
    private static readonly string[] Patient = ["--Failover:Observers:ProbeTimeout=00:00:20", "--Failover:Policy:Health:SlowAfter=00:00:19", "--Failover:Policy:Health:LagIntervals=100"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("failover-bad-");
    private readonly Dictionary<string, SimulatedMember> _members = [];
    private readonly Containers _containers = new();
    private readonly string _endpoint = $"http://127.0.0.1:{FreePort()}";
    private WatchedTable? _table;
    private WebApplication? _silo;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        foreach (var name in (string[])["unreachable", "other-authority", "expired", "forbidden", "deleted", "good"])
            await StartMemberAsync(name, ["127.0.0.1", "localhost"]);
        await StartMemberAsync("other-host", ["elsewhere.example"]);
        await _members["unreachable"].PowerOffAsync();

        _silo = SiloHost.Build(
            [
                "--fleet", WriteFleet(), "--data", PathOf("data"), "--listen", _endpoint, "--health", $"http://127.0.0.1:{FreePort()}",
                "--silo-port", $"{FreePort()}", "--gateway-port", $"{FreePort()}", .. Patient,
            ],
            services => services.AddSingleton<IConditionalTable>(provider => _table = new WatchedTable(provider.GetRequiredService<SqliteConditionalTable>())));
        await _silo.StartAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (_silo is not null)
            await _silo.DisposeAsync();
        foreach (var member in _members.Values)
            await member.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task SixBadMembers_EachHasItsOwnStateAndAdvice_NoneIsLost_AndTheSeventhTakesRuns()
    {
        await _table!.WaitForAsync("good", member => MemberMachine.IsTarget(member).IsTarget, Cancellation);
        foreach (var name in (string[])["unreachable", "other-authority", "other-host", "expired", "deleted"])
            await _table.WaitForAsync(name, member => member.Verdict == MemberVerdict.Suspect, Cancellation);
        await _table.WaitForAsync("forbidden", member => member is { Verdict: MemberVerdict.Healthy, SightLost.Trouble: ApiTrouble.NotPermitted }, Cancellation);

        var listed = JsonNode.Parse(await RunAsync("member", "list", "--json"))!.AsArray();

        (string Name, string Verdict, ApiTrouble Trouble)[] expected =
        [
            ("deleted", "Suspect", ApiTrouble.NoSuchHost), ("expired", "Suspect", ApiTrouble.CredentialsRefused), ("forbidden", "Healthy", ApiTrouble.NotPermitted),
            ("good", "Healthy", ApiTrouble.None), ("other-authority", "Suspect", ApiTrouble.WrongAuthority), ("other-host", "Suspect", ApiTrouble.WrongHostName),
            ("unreachable", "Suspect", ApiTrouble.Unreachable),
        ];
        Assert.Equal(
            expected.Select(member => (member.Name, member.Verdict, member.Trouble == ApiTrouble.None ? "" : $"{member.Trouble}", ApiTroubles.Advice(member.Trouble))),
            listed.Select(member => (Text(member, "name"), Text(member, "verdict"), Text(member, "trouble"), Text(member, "advice"))).OrderBy(member => member.Item1, StringComparer.Ordinal));
        Assert.Equal(["good"], listed.Where(member => (bool)member!["isTarget"]!).Select(member => Text(member, "name")));

        // As people read it: a line for each, with what to do.
        var page = await RunAsync("member", "list");
        Assert.All(expected.Where(member => member.Trouble != ApiTrouble.None), member => Assert.Contains($"{member.Trouble}", page, StringComparison.Ordinal));

        await File.WriteAllTextAsync(PathOf("run.yaml"), Run, Cancellation);
        await RunAsync("run", "submit", PathOf("run.yaml"));
        Assert.Equal("good", (await _containers.Started.Task.WaitAsync(TimeSpan.FromMinutes(3), TimeProvider.System, Cancellation)).Member);

        var written = _table.Written;
        Assert.DoesNotContain(written, member => member.Verdict == MemberVerdict.Lost);
        Assert.All(written.Where(member => member.Name == "good").SkipWhile(member => member.Verdict != MemberVerdict.Healthy), member => Assert.Equal(MemberVerdict.Healthy, member.Verdict));
    }

    private async Task StartMemberAsync(string name, IReadOnlyList<string> hosts)
    {
        var options = new SimulatedMemberOptions
        {
            Name = name,
            Region = RegionOf(name),
            Pools = [new NodePool("h100", "h100", "Standard_ND96isr_H100_v5", Nodes: 2, GpusPerNode: 8, "1")],
            Users = [new("admin", MemberRole.Admin), new("nobody", MemberRole.Forbidden), new("late", MemberRole.Expired)],
            CertificateHostNames = hosts,
        };
        _members[name] = await SimulatedMember.StartAsync(options, TimeProvider.System, _containers, new Kubelet(name, _containers), Cancellation);
    }

    /// <summary>The good one is in a region of its own, whose standing the others do not bear upon.</summary>
    private static string RegionOf(string member) => member == "good" ? "west" : "east";

    private string Kubeconfig(string name)
    {
        var user = name switch { "expired" => "late", "forbidden" => "nobody", _ => "admin" };
        var path = _members[name].WriteKubeconfig(PathOf($"{name}.yaml"), user);
        var text = File.ReadAllText(path);
        if (name == "other-authority")
            text = text.Replace(Base64(_members[name].AuthorityPem), Base64(_members["good"].AuthorityPem), StringComparison.Ordinal);
        // RFC 6761: no name below it is ever known.
        if (name == "deleted")
            text = text.Replace(_members[name].Endpoint.GetLeftPart(UriPartial.Authority), "https://gone.deleted.invalid:443", StringComparison.Ordinal);
        File.WriteAllText(path, text);
        return path;
    }

    private string WriteFleet()
    {
        string[] regions = ["east", "west"];
        var stores = new StoreWorld(PathOf("stores"), [.. regions.Select(region => new StoreSpec(region, region))], regions);
        var fleet = new JsonObject
        {
            ["apiVersion"] = "failover.dev/v1",
            ["kind"] = "Fleet",
            ["installation"] = "bad-members",
            ["sites"] = new JsonArray("local"),
            ["regions"] = new JsonArray([.. regions.Select(region => new JsonObject { ["name"] = region })]),
            ["members"] = new JsonArray([.. _members.Keys.Select(name => new JsonObject { ["name"] = name, ["region"] = RegionOf(name), ["kubeconfig"] = Kubeconfig(name) })]),
            ["stores"] = new JsonArray(
            [
                .. regions.Select(region => new JsonObject
                {
                    ["name"] = region, ["region"] = region, ["path"] = stores.MountPath(StoreWorld.SiloOwner, region), ["uri"] = $"{StoreWorld.UriPrefix}{region}",
                }),
            ]),
            ["tenants"] = new JsonArray(new JsonObject { ["name"] = "research", ["namespace"] = "train" }),
            ["skus"] = new JsonArray(new JsonObject { ["name"] = "h100", ["throughput"] = 1, ["nodeLabel"] = "failover.dev/sku", ["nodeLabelValue"] = "h100" }),
        };
        File.WriteAllText(PathOf("fleet.yaml"), fleet.ToJsonString());
        return PathOf("fleet.yaml");
    }

    private async Task<string> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var surroundings = new Surroundings { Out = output, Error = error, In = TextReader.Null, User = "ada", Width = 400 };
        var code = await CommandLine.RunAsync([.. args, "--endpoint", _endpoint], surroundings, Cancellation);
        Assert.True(code == 0, $"{code}: {error}");
        return output.ToString();
    }

    private static string Text(JsonNode? member, string field) => (string)member![field]!;

    private static string Base64(string pem) => Convert.ToBase64String(Encoding.ASCII.GetBytes(pem));

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private const string Run =
        """
        apiVersion: failover.dev/v1
        kind: TrainingRun
        metadata: { name: llama, tenant: research }
        spec:
          gang: { workers: 1, gpusPerWorker: 8 }
          skus: [h100]
          tier: 1
          checkpoints: { store: west, expectedSizeGB: 0.001 }
          workload:
            apiVersion: batch/v1
            kind: Job
            spec:
              backoffLimit: 0
              template:
                spec:
                  restartPolicy: Never
                  containers:
                  - name: trainer
                    image: registry.example/trainer:1
                    resources: { limits: { nvidia.com/gpu: "8" } }
        """;

    private sealed class Containers : IApiObserver
    {
        public TaskCompletionSource<(string Member, string Pod)> Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void OnRequest(ApiCall call)
        {
            // What the members are asked is not what is looked at here.
        }
    }

    private sealed class Kubelet(string member, Containers containers) : IPodRuntime
    {
        public void PodStarted(PodInfo pod) => containers.Started.TrySetResult((member, pod.Name));

        public void PodTerminating(PodInfo pod, TimeSpan grace)
        {
            // It ignores SIGTERM.
        }

        public void PodKilled(PodInfo pod)
        {
            // Nothing to clean up.
        }
    }
}
