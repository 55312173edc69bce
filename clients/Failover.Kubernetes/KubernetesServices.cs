using Failover.Abstractions.Ports;
using Failover.Kubernetes.Launching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Failover.Kubernetes;

/// <summary>Registers this project's services.</summary>
public static class KubernetesServices
{
    /// <summary>
    /// Registers <see cref="IMemberClients"/> over Kubernetes. The host registers the <see cref="FleetBook"/>, logging, and a <see cref="TimeProvider"/>
    /// if it is not to be the system's; it binds <see cref="KubernetesOptions.SectionName"/> in <paramref name="configure"/>.
    /// </summary>
    public static IServiceCollection AddKubernetesMembers(this IServiceCollection services, Action<KubernetesOptions>? configure = null)
    {
        var options = services.AddOptions<KubernetesOptions>().ValidateDataAnnotations().ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IWorkloadKind, JobWorkload>());
        services.TryAddSingleton<IMemberClients, MemberClients>();
        return services;
    }
}
