using Failover.Abstractions.Grains;
using Failover.Abstractions.Ports;
using Failover.Abstractions.State;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Placement.Solving;
using Failover.Domain.Planning;
using Failover.Grains.Planning;
using Failover.Grains.Tests.Doubles;
using Failover.Storage.Orleans;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Orleans.Serialization;
using Orleans.TestingHost;

namespace Failover.Grains.Tests;

/// <summary>
/// The real grains and the real effect runner in one silo, over a table in memory, directory stores and members that write down what is asked of them. Nothing happens by
/// itself: the observers and the planner's pulse are left out, and time stands until a test moves it.
/// </summary>
public sealed class Bench : IAsyncLifetime
{
    private InProcessTestCluster? _cluster;

    internal MemoryTable Table { get; } = new();

    internal StoreWorld Stores { get; } = new();

    internal FakeMembers Members { get; } = new();

    internal FakeTimeProvider Time { get; } = new(Samples.Start);

    /// <summary>Failovers are not gathered, unless a test asks for it.</summary>
    internal PlanningPolicy Planning { get; set; } = new() { GatherFor = TimeSpan.Zero };

    /// <summary>Makes the budget of each solve; time stands, so it is one of work.</summary>
    internal Func<ISolveBudget> Budget { get; set; } = () => new WorkBudget(200_000);

    internal LogBook Log { get; } = new();

    internal IGrainFactory Grains => _cluster!.Client;

    internal IServiceProvider Services => _cluster!.Silos[0].ServiceProvider;

    public async ValueTask InitializeAsync() => await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Stores.Dispose();
    }

    /// <summary>All that is in memory is gone; the table and the stores are as they were.</summary>
    internal async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    internal IRunGrain Run(string uid) => Grains.GetGrain<IRunGrain>(uid);

    internal Task<RunState> WaitForRunAsync(string uid, Func<RunState, bool> wanted) => Table.WaitForAsync(TableStorage.PartitionOf("run"), uid, wanted);

    /// <summary>Stores a run's row, as an earlier silo left it.</summary>
    internal async Task<string> PutAsync(RunState run)
    {
        await Table.PutAsync(TableStorage.PartitionOf("run"), run.Uid, run);
        return run.Uid;
    }

    /// <summary>An observer, as the silo would make it.</summary>
    internal T Make<T>() => ActivatorUtilities.CreateInstance<T>(Services);

    private async Task StartAsync()
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddConditionalTableGrainStorage(TableStorage.Name);
            silo.AddConditionalTableReminders();
            silo.Services.AddSingleton<TimeProvider>(Time);
            silo.Services.UseTimeProviderForBackgroundAreas(TimeProvider.System);
            AddOurs(silo.Services);
        });
        builder.ConfigureClient(client => client.Services.AddSerializer(serializer => serializer.AddJsonSerializer(IsDomain, StateJson.Options)));
        _cluster = builder.Build();
        await _cluster.DeployAsync();
    }

    private void AddOurs(IServiceCollection services)
    {
        services.AddSingleton<IConditionalTable>(Table);
        services.AddSingleton<ICheckpointStores>(Stores);
        services.AddSingleton<IMemberClients>(Members);
        services.AddSingleton(new FleetBook(Stores.Fleet));
        services.AddSingleton(new RunPolicy());
        services.AddSingleton(new HealthPolicy());
        services.AddSingleton(new MemberPolicy { Sites = ["local"] });
        services.AddSingleton(new BrakePolicy());
        services.AddSingleton(Planning);
        services.AddFailoverGrains();
        services.AddSingleton<SolveBudgets>((_, _) => Budget());
        services.AddSingleton<ILoggerProvider>(Log);
        var observers = services.Where(service => service.ImplementationType?.Assembly == typeof(GrainsHosting).Assembly && service.ServiceType.Name == "IHostedService").ToList();
        foreach (var observer in observers)
            services.Remove(observer);
    }

    private async Task StopAsync()
    {
        await _cluster!.StopAllSilosAsync();
        await _cluster.DisposeAsync();
    }

    private static bool IsDomain(Type type) => type.Assembly == typeof(RunState).Assembly;
}
