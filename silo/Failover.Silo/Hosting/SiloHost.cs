using System.ComponentModel.DataAnnotations;
using System.Net;
using Failover.Abstractions.Ports;
using Failover.Abstractions.State;
using Failover.Domain.Fleet;
using Failover.Grains;
using Failover.Grains.Observers;
using Failover.Kubernetes;
using Failover.Silo.Api;
using Failover.Storage.Checkpoints;
using Failover.Storage.Orleans;
using Failover.Storage.Tables;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Orleans.Configuration;

namespace Failover.Silo.Hosting;

/// <summary>The composition root: which adapters stand behind the ports, and how the host is put together.</summary>
public static class SiloHost
{
    /// <summary>
    /// How long a call of a grain may go without an answer before its outcome is unknown. A turn waits for nothing but a write of one row, milliseconds even with a thousand others in
    /// line; what takes longer is a store that stands still, and is to be known within the 20 s in which a loss is confirmed. Less would take a busy machine for one.
    /// </summary>
    internal static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(15);

    private static readonly Dictionary<string, string> Switches = new()
    {
        ["--fleet"] = $"{SiloOptions.SectionName}:{nameof(SiloOptions.Fleet)}",
        ["--data"] = $"{SiloOptions.SectionName}:{nameof(SiloOptions.Data)}",
        ["--listen"] = $"{SiloOptions.SectionName}:{nameof(SiloOptions.Listen)}",
        ["--health"] = $"{SiloOptions.SectionName}:{nameof(SiloOptions.Health)}",
        ["--site"] = $"{SiloOptions.SectionName}:{nameof(SiloOptions.Site)}",
        ["--silo-port"] = $"{SiloOptions.SectionName}:{nameof(SiloOptions.SiloPort)}",
        ["--gateway-port"] = $"{SiloOptions.SectionName}:{nameof(SiloOptions.GatewayPort)}",
    };

    /// <summary>Runs a silo until it is told to stop. Answers 0, or 2 where the settings or the fleet file won't do, having said why on standard error.</summary>
    public static async Task<int> RunAsync(string[] args, Action<IServiceCollection>? alter = null)
    {
        WebApplication app;
        try
        {
            app = Build(args, alter);
        }
        catch (Exception fault) when (fault is SettingsException or ValidationException or OptionsValidationException or InvalidOperationException or FleetFileException)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return 2;
        }
        await using (app)
            await app.RunAsync();
        return 0;
    }

    /// <summary>Puts a silo together. <paramref name="alter"/> comes last, so that a harness can put something between us and a port.</summary>
    public static WebApplication Build(string[] args, Action<IServiceCollection>? alter = null)
    {
        var builder = WebApplication.CreateBuilder();
        Quieten(builder.Logging);
        builder.Configuration.AddCommandLine(args, Switches);
        SettingTable.Check(builder.Configuration);
        var options = builder.Configuration.GetSection(SiloOptions.SectionName).Get<SiloOptions>() ?? new SiloOptions();
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        var fleet = FleetFile.Load(options.Fleet);
        if (!fleet.Sites.Contains(options.Site))
            throw new InvalidOperationException($"--site: the fleet file lists no site {options.Site}; it has {string.Join(", ", fleet.Sites)}.");

        ApiBinding.Validate([options.Listen]);
        HealthHosting.Listen(builder.WebHost, options);
        builder.Host.UseOrleans(silo => AddOrleans(silo, options));
        AddServices(builder, options, fleet);
        alter?.Invoke(builder.Services);
        var app = builder.Build();
        // Else they would be looked at only while it starts, too late to say so and end.
        app.Services.GetService<IStartupValidator>()?.Validate();
        app.MapFailoverHealth(options);
        app.MapFailoverApi();
        return app;
    }

    /// <summary>One line a decision of ours; of the libraries only what somebody should look into. The configuration's own filters come later, and win.</summary>
    private static void Quieten(ILoggingBuilder logging)
    {
        logging.AddSimpleConsole(console => console.SingleLine = true);
        foreach (var library in (string[])["Microsoft", "Orleans", "Polly", "Grpc", "System.Net.Http"])
            logging.AddFilter(library, LogLevel.Warning);
        logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        // It takes a start for a stall.
        logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
    }

    private static void AddServices(WebApplicationBuilder builder, SiloOptions options, FleetSpec fleet)
    {
        var services = builder.Services;
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(new FleetBook(fleet));
        services.AddSingleton(options);
        services.AddHostedService<FleetReloader>();
        services.AddSingleton(provider => OpenTable(options, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IRowFeed>(new SqliteRowFeed(TablePath(options)));
        services.AddSingleton<IConditionalTable>(provider => provider.GetRequiredService<SqliteConditionalTable>());
        services.AddSingleton(builder.Configuration.GetSection(StoreOptions.SectionName).Get<StoreOptions>() ?? new StoreOptions());
        services.AddSingleton<ICheckpointStores, DirectoryCheckpointStores>();
        services.AddKubernetesMembers(kubernetes => builder.Configuration.GetSection(KubernetesOptions.SectionName).Bind(kubernetes));
        services.AddPolicies(builder.Configuration, fleet);
        services.AddFailoverGrains();
        services.AddFailoverApi();
        services.AddFailoverHealth();
        services.PostConfigure<ObserverOptions>(observers => observers.Site = options.Site);
        services.AddOpenTelemetry()
            .WithTracing(tracing => tracing.AddSource(GrainsHosting.TelemetryName))
            .WithMetrics(metrics => metrics.AddMeter(GrainsHosting.TelemetryName).AddPrometheusExporter());
        if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 })
            services.AddOpenTelemetry().UseOtlpExporter();
    }

    private static void AddOrleans(ISiloBuilder silo, SiloOptions options)
    {
        // One silo clusters with itself; membership over the tables comes with many.
        silo.UseLocalhostClustering(options.SiloPort, options.GatewayPort, serviceId: "failover", clusterId: "failover");
        silo.Configure<SiloMessagingOptions>(messages => messages.ResponseTimeout = ResponseTimeout);
        silo.Configure<EndpointOptions>(endpoints => endpoints.AdvertisedIPAddress = IPAddress.Loopback);
        silo.AddConditionalTableGrainStorage(TableStorage.Name);
        silo.AddConditionalTableReminders();
    }

    private static SqliteConditionalTable OpenTable(SiloOptions options, TimeProvider time)
    {
        Directory.CreateDirectory(options.Data);
        return SqliteConditionalTable.Open(new SqliteTableOptions { Path = TablePath(options) }, time);
    }

    private static string TablePath(SiloOptions options) => Path.Combine(options.Data, "failover.db");
}
