using System.Net;
using Failover.Abstractions.State;
using Failover.Grains.State;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Failover.Silo.Hosting;

/// <summary>The second port of a silo: <c>/livez</c>, <c>/readyz</c> and <c>/metrics</c>. It only tells; who reaches it can change nothing.</summary>
internal static class HealthHosting
{
    private static readonly TimeSpan CheckWithin = TimeSpan.FromSeconds(2);

    /// <summary>Has the API listen where it is told to, and health beside it. Throws <see cref="InvalidOperationException"/> where an address won't do.</summary>
    public static void Listen(IWebHostBuilder web, SiloOptions options)
    {
        var (api, health) = (EndPoint(options.Listen, nameof(options.Listen)), EndPoint(options.Health, nameof(options.Health)));
        if (api.Port == health.Port && api.Port != 0)
            throw new InvalidOperationException($"--health is {options.Health}: the API listens on that port. Give it another.");
        web.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(api, endpoint => endpoint.Protocols = HttpProtocols.Http2);
            // Probes and scrapers speak HTTP/1.1.
            kestrel.Listen(health, endpoint => endpoint.Protocols = HttpProtocols.Http1);
        });
    }

    public static IServiceCollection AddFailoverHealth(this IServiceCollection services)
    {
        services.AddHealthChecks().AddCheck<StateStoreCheck>("state-store", timeout: CheckWithin).AddCheck<RowsCheck>("rows");
        return services;
    }

    /// <summary>Maps what the second port answers, and nothing of it on the first. The API can't be reached over the second: gRPC is refused over HTTP/1.1.</summary>
    public static void MapFailoverHealth(this WebApplication app, SiloOptions options)
    {
        var host = $"*:{EndPoint(options.Health, nameof(options.Health)).Port}";
        // Alive is who answers at all; what it needs is another matter, and killing it would not mend that.
        app.MapHealthChecks("/livez", new HealthCheckOptions { Predicate = _ => false }).RequireHost(host);
        app.MapHealthChecks("/readyz", new HealthCheckOptions { ResponseWriter = (context, report) => context.Response.WriteAsync(Text(report), context.RequestAborted) }).RequireHost(host);
        app.MapPrometheusScrapingEndpoint("/metrics").RequireHost(host);
    }

    private static string Text(HealthReport report) =>
        string.Join('\n', report.Entries.Select(entry => $"{entry.Key}: {(entry.Value.Status == HealthStatus.Healthy ? "ok" : entry.Value.Description ?? "no answer")}").Append(""));

    private static IPEndPoint EndPoint(string url, string name)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme != "http")
            throw new InvalidOperationException($"--{name.ToLowerInvariant()} is '{url}'; write an address and a port, such as http://127.0.0.1:7070.");
        if (string.Equals(uri.Host, "localhost", StringComparison.OrdinalIgnoreCase))
            return new IPEndPoint(IPAddress.Loopback, uri.Port);
        return IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address)
            ? new IPEndPoint(address, uri.Port)
            : throw new InvalidOperationException($"--{name.ToLowerInvariant()} is '{url}'; write an address instead of a name, such as http://127.0.0.1:7070.");
    }

    /// <summary>A row that can't be read takes nothing from the others: the silo is ready, and says which it is.</summary>
    private sealed class RowsCheck(UnreadableRows unreadable) : IHealthCheck
    {
        private const int NamedMax = 5;

        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            var rows = unreadable.All;
            var named = string.Join("; ", rows.Take(NamedMax).Select(row => $"{row.Partition}/{row.Row}: {row.Reason}"));
            return Task.FromResult(rows.IsEmpty ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded($"{rows.Length} can't be read: {named}"));
        }
    }

    /// <summary>A silo that can't reach the state store decides nothing.</summary>
    private sealed class StateStoreCheck(IConditionalTable table) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                await table.ReadAsync(TableStorage.PartitionOf("brake"), "brake", cancellationToken);
                return HealthCheckResult.Healthy();
            }
            catch (TableUnavailableException fault)
            {
                return HealthCheckResult.Unhealthy(fault.Message);
            }
        }
    }
}
