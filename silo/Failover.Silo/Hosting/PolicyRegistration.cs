using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
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

    /// <summary>Adds each policy as a value. Throws <see cref="InvalidOperationException"/> naming the setting that is out of range.</summary>
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
        var part = section.GetSection(name);
        foreach (var setting in part.GetChildren())
        {
            var property = typeof(TPolicy).GetProperty(setting.Key, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);
            if (property is null)
                throw new InvalidOperationException($"{setting.Path}: there is no such setting; {name} has {string.Join(", ", Names<TPolicy>())}.");
        }
        part.Bind(defaults);
        foreach (var property in typeof(TPolicy).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var negative = property.GetValue(defaults) switch
            {
                TimeSpan span => span < TimeSpan.Zero,
                int number => number < 0,
                long number => number < 0,
                double number => number < 0 || double.IsNaN(number),
                _ => false,
            };
            if (negative)
                throw new InvalidOperationException($"{part.Path}:{property.Name}: must not be negative.");
            if (property.GetCustomAttribute<RangeAttribute>() is { } range && !range.IsValid(property.GetValue(defaults)))
                throw new InvalidOperationException($"{part.Path}:{property.Name}: must be from {range.Minimum} to {range.Maximum}.");
        }
        return defaults;
    }

    private static ImmutableArray<string> Names<TPolicy>() =>
        [.. typeof(TPolicy).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => property.Name).Order(StringComparer.Ordinal)];
}
