using Failover.Simulator.Cluster;
using Failover.Simulator.History;
using Failover.Simulator.Stores;
using Failover.Simulator.Trainers;

namespace Failover.Chaos.Worlds;

/// <summary>
/// A world that runs: members, stores and trainers below one folder, and the history of what the outside sees. What the silos remember is below
/// <see cref="DataFolder"/>. Everything but the files ends with its disposal.
/// </summary>
public sealed class World : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<string, SimulatedMember> _members = [];
    private readonly TrainerRuntime _trainers;
    private readonly SlotObserver _slots;
    private Task _observing = Task.CompletedTask;

    private World(WorldPlan plan, string folder, HistoryWriter history, TimeProvider time)
    {
        (Plan, Folder, History) = (plan, folder, history);
        Stores = new StoreWorld(Path.Combine(folder, "stores"), [.. plan.Stores], [.. plan.Regions]);
        _trainers = new TrainerRuntime(Stores, history, time, new Random(plan.Seed));
        _slots = new SlotObserver(Stores, history, time);
    }

    /// <summary>What it was made from.</summary>
    public WorldPlan Plan { get; }

    /// <summary>The folder that everything is below.</summary>
    public string Folder { get; }

    /// <summary>The name of the folder of the silos' own state.</summary>
    public const string DataFolderName = "silo-data";

    /// <summary>The folder of the silos' own state.</summary>
    public string DataFolder => Path.Combine(Folder, DataFolderName);

    /// <summary>The fleet file.</summary>
    public string FleetPath => Path.Combine(Folder, "fleet.yaml");

    /// <summary>What the outside saw.</summary>
    public HistoryWriter History { get; }

    /// <summary>The stores and everybody's mounts of them.</summary>
    public StoreWorld Stores { get; }

    /// <summary>Who trains in their pods.</summary>
    public TrainerRuntime Trainers => _trainers;

    /// <summary>The members, by name.</summary>
    public IReadOnlyDictionary<string, SimulatedMember> Members => _members;

    /// <summary>The members of a region.</summary>
    public IEnumerable<SimulatedMember> MembersOf(string region) => Plan.MembersOf(region).Select(member => _members[member.Name]);

    /// <summary>Starts the members, whose nodes are ready when this completes, and writes the fleet file.</summary>
    public static async Task<World> StartAsync(WorldPlan plan, string folder, HistoryWriter history, TimeProvider time, CancellationToken cancellationToken)
    {
        var world = new World(plan, folder, history, time);
        try
        {
            await world.StartMembersAsync(time, cancellationToken);
            Directory.CreateDirectory(world.DataFolder);
            await File.WriteAllTextAsync(world.FleetPath, FleetFile.Of(plan, world.Stores, world.KubeconfigOf), cancellationToken);
            world._observing = world._slots.RunAsync(world._stopping.Token);
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    /// <summary>Looks at every slot once more; call it when nothing moves any more.</summary>
    public void ScanStores() => _slots.FinalScan();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
#pragma warning disable VSTHRD003 // Work of our own making, which needs no context of its starter's.
        await _observing;
#pragma warning restore VSTHRD003
        await _trainers.DisposeAsync();
        foreach (var member in _members.Values)
            await member.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task StartMembersAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        foreach (var planned in Plan.Members)
        {
            var options = new SimulatedMemberOptions
            {
                Name = planned.Name,
                Region = planned.Region,
                Pools = planned.Pools,
                Namespaces = [WorldPlan.Namespace],
                Seed = Plan.Seed,
            };
            var member = await SimulatedMember.StartAsync(options, time, new ApiHistory(History), _trainers, cancellationToken);
            _members[planned.Name] = member;
            _trainers.Attach(planned.Name, member);
            member.WriteKubeconfig(KubeconfigOf(planned.Name), options.Users[0].Name);
        }
    }

    private string KubeconfigOf(string member) => Path.Combine(Folder, $"{member}.kubeconfig");
}
