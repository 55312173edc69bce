using System.Collections.Immutable;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Placement;
using Failover.Domain.Planning;
using Failover.Grains.Effects;
using Failover.Grains.Observers;
using Failover.Kubernetes;
using Failover.Storage.Checkpoints;

namespace Failover.Silo.Hosting;

/// <summary>All sections of options, what their settings demand of one another, and the check of a configuration against both.</summary>
public static class SettingTable
{
    private const string Health = PolicyRegistration.SectionName + ":Health";
    private const string Members = PolicyRegistration.SectionName + ":Members";
    private const string Brake = PolicyRegistration.SectionName + ":Brake";
    private const string Runs = PolicyRegistration.SectionName + ":Runs";
    private const string Planning = PolicyRegistration.SectionName + ":Planning";
    private const string Placement = PolicyRegistration.SectionName + ":Placement";

    /// <summary>Each section with the type that declares its settings.</summary>
    public static ImmutableArray<(string Path, Type Type)> Sections { get; } =
    [
        (Health, typeof(HealthPolicy)), (Members, typeof(MemberPolicy)), (Brake, typeof(BrakePolicy)), (Runs, typeof(RunPolicy)), (Planning, typeof(PlanningPolicy)),
        (Placement, typeof(PlacementPolicy)), (EffectOptions.SectionName, typeof(EffectOptions)), (ObserverOptions.SectionName, typeof(ObserverOptions)),
        (StoreOptions.SectionName, typeof(StoreOptions)), (KubernetesOptions.SectionName, typeof(KubernetesOptions)),
    ];

    /// <summary>What one setting must be at least, or more than, of another; "at most" is this from the other side.</summary>
    internal static ImmutableArray<SettingRule> Rules { get; } =
    [
        new(Health, "NodesAliveAgain", 1, Health, "NodesAliveMin"),
        new(ObserverOptions.SectionName, "ProbeTimeout", 1, Health, "SlowAfter", IsMore: true),
        new(Members, "EvidenceAgeMax", 2, Health, "Refresh", IsMore: true),
        new(Members, "DoubtAgeMax", 2, Health, "RefreshInDoubt", IsMore: true),
        new(Members, "RiseMargin", 1, Health, "ReadInterval"),
        new(Brake, "PermitMemory", 1, Brake, "Window"),
        new(Runs, "RetryDelayMax", 1, Runs, "RetryDelay"),
        new(Runs, "DistrustMax", 1, Runs, "Distrust"),
        new(Runs, "MoveAgainDelayMax", 1, Runs, "MoveAgainDelay"),
        new(Planning, "GatherMax", 1, Planning, "GatherFor"),
        new(Placement, "Horizon", 1, Placement, "Churn"),
        new(Placement, "Horizon", 1, Placement, "StartUp"),
        new(StoreOptions.SectionName, "Patience", 1, StoreOptions.SectionName, "PatienceInDoubt"),
        new(EffectOptions.SectionName, "StoreTimeout", 1, StoreOptions.SectionName, "Patience"),
        // The seal, and the survey after it: which stores are out of reach has to be known before the effect as a whole is given up, or it would be tried for ever.
        new(EffectOptions.SectionName, "Timeout", 2, EffectOptions.SectionName, "StoreTimeout", IsMore: true),
        new(KubernetesOptions.SectionName, "RetryDelayMax", 1, KubernetesOptions.SectionName, "RetryDelay"),
        new(KubernetesOptions.SectionName, "ReconnectDelayMax", 1, KubernetesOptions.SectionName, "ReconnectDelay"),
    ];

    /// <summary>A setting's range, with what it must be beside others.</summary>
    public static string RangeText(string section, Setting setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        return string.Join("; ", Rules.Where(rule => rule.Section == section && rule.Name == setting.Name).Select(rule => rule.Text).Prepend(setting.RangeText));
    }

    /// <summary>Throws <see cref="SettingsException"/> with every fault: settings that don't exist, can't be read, are out of range, or don't go together.</summary>
    public static void Check(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var faults = new List<string>();
        var faulty = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var values = new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase);
        NoOthers(configuration.GetSection(PolicyRegistration.SectionName), Sections.Select(section => section.Path.Split(':')[^1]), faults);
        foreach (var (path, type) in Sections)
            Read(configuration.GetSection(path), Setting.Of(type));
        Silo(configuration.GetSection(SiloOptions.SectionName));
        foreach (var rule in Rules.Where(rule => !faulty.Contains(rule.Path) && !faulty.Contains(rule.OtherPath) && !rule.Holds(values[rule.Path], values[rule.OtherPath])))
            faults.Add($"{rule.Path}: is {Setting.Text(values[rule.Path])}; must be {rule.Text}, which is {Setting.Text(values[rule.OtherPath])}: change either.");
        if (faults.Count > 0)
            throw new SettingsException(string.Join(Environment.NewLine, faults));

        void Read(IConfigurationSection section, ImmutableArray<Setting> settings)
        {
            NoOthers(section, settings.Select(setting => setting.Name), faults);
            Take(section, settings);
        }

        // Its other settings are texts, and sections.
        void Silo(IConfigurationSection section) => Take(section, Setting.Of(typeof(SiloOptions)));

        void Take(IConfigurationSection section, ImmutableArray<Setting> settings)
        {
            foreach (var setting in settings)
            {
                var path = $"{section.Path}:{setting.Name}";
                var written = section.GetSection(setting.Name);
                var (value, fault) = written.Exists() ? setting.Read(written.Value) : (setting.Default, null);
                values[path] = value ?? setting.Default;
                if (fault is null)
                    continue;
                faults.Add($"{path}: {fault}");
                faulty.Add(path);
            }
        }
    }

    private static void NoOthers(IConfigurationSection section, IEnumerable<string> names, List<string> faults)
    {
        var known = names.ToHashSet(StringComparer.OrdinalIgnoreCase);
        faults.AddRange(section.GetChildren().Where(setting => !known.Contains(setting.Key)).Select(setting =>
            $"{setting.Path}: there is no such setting; {section.Path} has {string.Join(", ", known.Order(StringComparer.Ordinal))}."));
    }
}

/// <summary>That a setting is at least, or more than, so many times another.</summary>
internal sealed record SettingRule(string Section, string Name, double Times, string OtherSection, string OtherName, bool IsMore = false)
{
    public string Path => $"{Section}:{Name}";

    public string OtherPath => $"{OtherSection}:{OtherName}";

    public string Text =>
        $"{(IsMore ? "more than" : "at least")} {(Times == 1 ? "" : $"{Setting.Text(Times)} × ")}`{(Section == OtherSection ? OtherName : OtherPath)}`";

    public bool Holds(object value, object other) => IsMore ? Setting.Seconds(value) > Times * Setting.Seconds(other) : Setting.Seconds(value) >= Times * Setting.Seconds(other);
}

/// <summary>Settings won't do; the message lists each fault on a line of its own.</summary>
public sealed class SettingsException : Exception
{
    /// <summary>An exception that says nothing more.</summary>
    public SettingsException() { }

    /// <summary>An exception that lists the faults.</summary>
    public SettingsException(string message) : base(message) { }

    /// <summary>An exception that says what brought it about.</summary>
    public SettingsException(string message, Exception innerException) : base(message, innerException) { }
}
