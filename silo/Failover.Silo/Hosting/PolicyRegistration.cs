using Failover.Domain.Fleet;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Placement;
using Failover.Domain.Planning;

namespace Failover.Silo.Hosting;

/// <summary>
/// Reads the domain's policies from the configuration, section <c>Failover:Policy</c>: <c>Runs</c>, <c>Health</c>, <c>Members</c>, <c>Brake</c>, <c>Planning</c>,
/// <c>Placement</c>. What is not set there has the default that the policy's own documentation states.
/// </summary>
public static class PolicyRegistration
{
    /// <summary>Where they are in the configuration.</summary>
    public const string SectionName = "Failover:Policy";

    /// <summary>Adds each policy as a value. <see cref="SettingTable.Check"/> has to have found no fault with the configuration.</summary>
    public static IServiceCollection AddPolicies(this IServiceCollection services, IConfiguration configuration, FleetSpec fleet)
    {
        var section = configuration.GetSection(SectionName);
        var runs = Read(section, "Runs", new RunPolicy());
        services.AddSingleton(runs);
        services.AddSingleton(Read(section, "Health", new HealthPolicy()));
        services.AddSingleton(Read(section, "Members", new MemberPolicy { Sites = fleet.Sites }) with { Sites = fleet.Sites });
        services.AddSingleton(Read(section, "Brake", new BrakePolicy()));
        var placement = Read(section, "Placement", new PlacementPolicy());
        services.AddSingleton(Read(section, "Planning", new PlanningPolicy()) with { Runs = runs, Placement = placement });
        return services;
    }

    private static TPolicy Read<TPolicy>(IConfigurationSection section, string name, TPolicy defaults)
        where TPolicy : class
    {
        section.GetSection(name).Bind(defaults);
        return defaults;
    }
}
