using Failover.Abstractions.Ports;
using Failover.Domain.Fleet;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Failover.Kubernetes.Tests;

public sealed class KubernetesServicesTests
{
    [Fact]
    public void AddKubernetesMembers_FleetOfOne_FindsItAndNoOther()
    {
        using var services = Services(_ => { });
        var members = services.GetRequiredService<IMemberClients>();

        Assert.Equal("east-1", members.Get("east-1").Name);
        Assert.Throws<ArgumentException>(() => members.Get("west-1"));
    }

    [Fact]
    public void AddKubernetesMembers_OptionOutOfRange_Refused()
    {
        using var services = Services(options => options.TryTimeout = TimeSpan.Zero);

        Assert.Contains("TryTimeout", Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IMemberClients>()).Message, StringComparison.Ordinal);
    }

    private static ServiceProvider Services(Action<KubernetesOptions> configure) => new ServiceCollection()
        .AddSingleton(new FleetBook(new FleetSpec
        {
            Installation = "us",
            Regions = [],
            Members = [new MemberSpec("east-1", "eastus", "/nowhere")],
            Stores = [],
            Tenants = [],
            Skus = [],
            Sites = [],
        }))
        .AddSingleton(typeof(ILogger<>), typeof(NullLogger<>))
        .AddKubernetesMembers(configure)
        .BuildServiceProvider();
}
