using Failover.Abstractions.Ports;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Microsoft.Extensions.DependencyInjection;

namespace Failover.Chaos.Mutants;

/// <summary>A silo with one guard taken away, to see that the checks find it. What shipped code holds no switch for is put between the silo and a port.</summary>
/// <param name="Name">As in <c>--mutant</c>.</param>
/// <param name="Summary">What it does wrong.</param>
/// <param name="Alter">How the silo's services are changed.</param>
public sealed record Mutant(string Name, string Summary, Action<IServiceCollection> Alter);

/// <summary>All mutants of a real silo. Guards inside the run machine have theirs in the bulk schedules of the domain's tests.</summary>
public static class MutantList
{
    /// <summary>By name.</summary>
    public static IReadOnlyList<Mutant> All { get; } =
    [
        new("seal-skipped", "says that it seals, and does not", services => Decorate<ICheckpointStores>(services, inner => new AlteredStores(inner, store => new UnsealingStore(store)))),
        new("one-directory", "sends all epochs to the first one's folder", services => Decorate<IMemberClients>(services, inner => new AlteredMembers(inner, member => new OneDirectoryMember(member)))),
        new("no-pin", "says that it pins, and does not", services => Decorate<ICheckpointStores>(services, inner => new AlteredStores(inner, store => new UnpinningStore(store)))),
        new("sweep-off", "says that it deletes workloads, and does not", services => Decorate<IMemberClients>(services, inner => new AlteredMembers(inner, member => new UnsweptMember(member)))),
        new("replication-off", "copies nothing between stores", services => Decorate<ICheckpointStores>(services, inner => new AlteredStores(inner, store => new UncopyingStore(store)))),
        new("brake-off", "lets any number of runs be moved, and all at once", services => services.AddSingleton<IIncomingGrainCallFilter, UnbrakedCalls>()),
        new("hysteresis-off", "doubts and trusts at the first sign, up as fast as down", HysteresisOff),
        new("canary-off", "takes a store that does not answer for one that shows nothing new", CanaryOff),
        new("progress-ignored", "sees no life of runs whose member's API does not answer", ProgressIgnored),
    ];

    private static void HysteresisOff(IServiceCollection services)
    {
        Decorate<HealthPolicy>(services, inner => inner with { MissesToDoubt = 1, GoodToTrust = 1, SilentIntervals = 1, PauseFactor = 1, NodesAliveAgain = inner.NodesAliveMin });
        Decorate<MemberPolicy>(services, inner => inner with { ReturnAfter = TimeSpan.Zero, RiseMargin = TimeSpan.Zero });
    }

    private static void CanaryOff(IServiceCollection services)
    {
        var memory = new HeartbeatMemory();
        Decorate<ICheckpointStores>(services, inner => new AlteredStores(inner, store => new CanaryAlwaysStore(store, memory)));
    }

    private static void ProgressIgnored(IServiceCollection services)
    {
        var (memory, notes) = (new HeartbeatMemory(), new AnswerNotes());
        Decorate<IMemberClients>(services, inner => new AlteredMembers(inner, member => new NotedMember(member, notes)));
        Decorate<ICheckpointStores>(services, inner => new AlteredStores(inner, store => new ProgressIgnoredStore(store, memory, notes)));
    }

    /// <summary>Puts <paramref name="around"/> between whoever asks for a service and the implementation registered last.</summary>
    private static void Decorate<TService>(IServiceCollection services, Func<TService, TService> around)
        where TService : class
    {
        var registered = services.Last(service => service.ServiceType == typeof(TService));
        services.Remove(registered);
        services.AddSingleton(provider => around((TService)Make(provider, registered)));
    }

    private static object Make(IServiceProvider provider, ServiceDescriptor registered) =>
        registered.ImplementationInstance
        ?? registered.ImplementationFactory?.Invoke(provider)
        ?? ActivatorUtilities.CreateInstance(provider, registered.ImplementationType!);
}
