using System.CommandLine;
using Failover.Simulator.Cluster;
using Failover.Simulator.History;
using Failover.Simulator.Stores;
using Failover.Simulator.Trainers;

namespace Failover.Chaos.Commands;

/// <summary><c>serve FOLDER</c>: simulated members for somebody else's silo, given as kubeconfigs; faults by words on standard input.</summary>
internal static class ServeCommand
{
    private const string Admin = "admin";
    private const int NodesDefault = 4;
    private const int GpusPerNode = 8;

    private static readonly string[] Regions = ["eastus", "westeurope"];

    private static readonly Argument<DirectoryInfo> Folder = new("FOLDER") { Description = "Where kubeconfigs and stores go; made if absent." };
    private static readonly Option<int> Nodes = new("--nodes") { Description = "Nodes of a member, each of 8 GPUs.", DefaultValueFactory = _ => NodesDefault };

    public static Command Make()
    {
        var serve = new Command("serve", "Serves two simulated members with trainers and stores, for a silo of your own. Ends with 'quit' or Ctrl-C.") { Folder, Nodes };
        serve.SetAction(ServeAsync);
        return serve;
    }

    private static async Task<int> ServeAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var folder = parsed.GetRequiredValue(Folder).FullName;
        Directory.CreateDirectory(folder);
        var stores = new StoreWorld(Path.Combine(folder, "stores"), [.. Regions.Select(region => new StoreSpec(region, region))], Regions);
        using var history = HistoryWriter.Create(Path.Combine(folder, "history.jsonl"), TimeProvider.System);
        await using var trainers = new TrainerRuntime(stores, history, TimeProvider.System, new Random(1));
        var members = new Dictionary<string, SimulatedMember>(StringComparer.Ordinal);
        try
        {
            foreach (var region in Regions)
            {
                var member = await StartAsync($"{region}-a", region, parsed.GetValue(Nodes), history, trainers, cancellationToken);
                members.Add(member.Name, member);
                trainers.Attach(member.Name, member);
                Console.WriteLine($"member {member.Name}: region {region}, {member.Endpoint}, kubeconfig {member.WriteKubeconfig(Path.Combine(folder, $"{member.Name}.admin.yaml"), Admin)}");
            }

            foreach (var region in Regions)
                Console.WriteLine($"store {region}: path {stores.MountPath(StoreWorld.SiloOwner, region)}, uri {StoreWorld.UriPrefix}{region}");
            Console.WriteLine("kill MEMBER | revive MEMBER | cut MEMBER | heal MEMBER | quit");
            await ObeyAsync(members, stores, cancellationToken);
            return ExitCodes.Held;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Held;
        }
        finally
        {
            foreach (var member in members.Values)
                await member.DisposeAsync();
        }
    }

    private static Task<SimulatedMember> StartAsync(
        string name, string region, int nodes, HistoryWriter history, TrainerRuntime trainers, CancellationToken cancellationToken) => SimulatedMember.StartAsync(
        new SimulatedMemberOptions
        {
            Name = name,
            Region = region,
            Pools = [new NodePool("h100", "h100", "Standard_ND96isr_H100_v5", nodes, GpusPerNode, $"{region}-1")],
            Namespaces = [],
            Users = [new MemberUser(Admin, Simulator.ApiServer.MemberRole.Admin)],
        },
        TimeProvider.System,
        new ApiHistory(history),
        trainers,
        cancellationToken);

    private static async Task ObeyAsync(Dictionary<string, SimulatedMember> members, StoreWorld stores, CancellationToken cancellationToken)
    {
        while (await Console.In.ReadLineAsync(cancellationToken) is { } line && line.Trim() != "quit")
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [var word, var name] || !members.TryGetValue(name, out var member) || !await DoAsync(word, member, stores))
                Console.WriteLine($"not understood: {line}; the members are {string.Join(", ", members.Keys)}");
            else
                Console.WriteLine($"{word} {name}: done");
        }
    }

    /// <summary>A member that is killed takes its region's store along, as the loss of a region does.</summary>
    private static async Task<bool> DoAsync(string word, SimulatedMember member, StoreWorld stores)
    {
        switch (word)
        {
            case "kill":
                await member.PowerOffAsync();
                stores.PowerOffRegion(member.Region);
                return true;
            case "revive":
                stores.PowerOnRegion(member.Region);
                member.PowerOn();
                return true;
            case "cut":
                member.CutNetwork();
                return true;
            case "heal":
                member.RestoreNetwork();
                return true;
            default:
                return false;
        }
    }
}
