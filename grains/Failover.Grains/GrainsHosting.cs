using Failover.Abstractions.Grains;
using Failover.Abstractions.Ports;
using Failover.Abstractions.State;
using Failover.Domain.Migration;
using Failover.Grains.Effects;
using Failover.Grains.Observers;
using Failover.Grains.Planning;
using Failover.Grains.Runs;
using Failover.Grains.State;
using Failover.Grains.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Failover.Grains;

/// <summary>Registers the grains' surroundings: the effect runner, the observers, and how domain types travel.</summary>
public static class GrainsHosting
{
    /// <summary>The name of our activity source and meter.</summary>
    public const string TelemetryName = MoveTelemetry.SourceName;

    /// <summary>
    /// Adds everything but ports, the fleet and the policies, which the composition root has to register. Domain types travel between grains in the
    /// JSON that they are stored in, so that there is one form of them.
    /// </summary>
    public static IServiceCollection AddFailoverGrains(this IServiceCollection services)
    {
        services.AddSerializer(builder => builder.AddJsonSerializer(IsDomain, StateJson.Options));
        services.AddSingleton<UnreadableRows>();
        services.AddSingleton<StateReader>();
        services.AddTransient<PlannerRows>();
        services.AddSingleton<IRunDirectory, RunDirectory>();
        services.AddSingleton<SightingBoard>();
        services.AddSingleton<DoubtBoard>();
        services.AddSingleton<PreflightBoard>();
        services.AddSingleton<StoreBoard>();
        services.AddSingleton<SolveBudgets>(provider => (limit, cancellationToken) => new TimedBudget(limit, provider.GetRequiredService<TimeProvider>(), cancellationToken));
        services.AddTransient<PlanSolver>();
        services.AddSingleton<VerificationRecords>();
        services.AddSingleton<LineageSurveyor>();
        services.AddSingleton<CommitStager>();
        services.AddSingleton<EpochSealer>();
        services.AddSingleton<WorkloadActions>();
        services.AddSingleton<EffectActions>();
        services.AddSingleton<EffectRunner>();
        services.AddSingleton<IEffectQueue>(provider => provider.GetRequiredService<EffectRunner>());
        services.AddHostedService(provider => provider.GetRequiredService<EffectRunner>());
        services.AddHostedService<Prober>();
        services.AddHostedService<MemberWatcher>();
        services.AddHostedService<ProgressReader>();
        services.AddHostedService<StoreWatcher>();
        services.AddHostedService<Custodian>();
        services.AddHostedService<Sweeper>();
        services.AddHostedService<Preflighter>();
        services.AddHostedService<PlannerPulse>();
        services.AddMetrics();
        services.AddHostedService<FleetGauges>();
        services.AddOptions<EffectOptions>().BindConfiguration(EffectOptions.SectionName).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<ObserverOptions>().BindConfiguration(ObserverOptions.SectionName).ValidateDataAnnotations().ValidateOnStart();
        return services;
    }

    private static bool IsDomain(Type type) => type.Assembly == typeof(RunState).Assembly;
}
