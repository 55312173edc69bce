using Failover.Abstractions.State;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Hosting;
using Orleans.Serialization.Serializers;

namespace Failover.Storage.Orleans;

/// <summary>Puts a silo's state into the <see cref="IConditionalTable"/> that its services hold.</summary>
public static class ConditionalTableSiloBuilderExtensions
{
    /// <summary>Adds grain storage under <paramref name="name"/>, the storage name of <c>[PersistentState]</c>.</summary>
    public static ISiloBuilder AddConditionalTableGrainStorage(this ISiloBuilder builder, string name)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        builder.Services.AddGrainStorage(
            name,
            static (services, _) => new ConditionalTableGrainStorage(
                services.GetRequiredService<IConditionalTable>(), services.GetRequiredService<IActivatorProvider>()));
        return builder;
    }

    /// <summary>Adds the reminder service, with its table.</summary>
    public static ISiloBuilder AddConditionalTableReminders(this ISiloBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddReminders();
        builder.Services.AddSingleton<IReminderTable, ConditionalTableReminders>();
        return builder;
    }
}
