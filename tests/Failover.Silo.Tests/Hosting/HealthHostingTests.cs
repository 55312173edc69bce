using System.Net;
using System.Net.Sockets;
using Failover.Abstractions.State;
using Failover.Grains.State;
using Failover.Silo.Hosting;
using Failover.Storage.Tables;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;

namespace Failover.Silo.Tests.Hosting;

/// <summary>What a silo tells of itself over its second port, and that it tells it nowhere else.</summary>
public sealed class HealthHostingTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("failover-health-");
    private readonly SiloOptions _options = new() { Listen = $"http://127.0.0.1:{FreePort()}", Health = $"http://127.0.0.1:{FreePort()}" };
    private readonly HttpClient _http = new();
    private readonly WebApplication _app;

    public HealthHostingTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        HealthHosting.Listen(builder.WebHost, _options);
        var table = SqliteConditionalTable.Open(new SqliteTableOptions { Path = Path.Combine(_folder.FullName, "t.db") }, TimeProvider.System);
        builder.Services.AddSingleton<IConditionalTable>(_ => table);
        builder.Services.AddSingleton<UnreadableRows>().AddSingleton<StateReader>();
        builder.Services.AddFailoverHealth();
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter("Failover").AddPrometheusExporter());
        _app = builder.Build();
        _app.MapFailoverHealth(_options);
        Table = table;
    }

    private SqliteConditionalTable Table { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _app.StartAsync(Cancellation);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
        await Table.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("/livez")]
    [InlineData("/readyz")]
    [InlineData("/metrics")]
    public async Task Health_AnswersOnItsPort(string path)
    {
        using var answer = await _http.GetAsync(new Uri(_options.Health + path), Cancellation);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("/livez")]
    [InlineData("/metrics")]
    public async Task Health_IsNotToldOnTheApisPort(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _options.Listen + path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await _http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task StateStoreGone_IsNotReady_ButAlive()
    {
        await Table.DisposeAsync();

        using var ready = await _http.GetAsync(new Uri(_options.Health + "/readyz"), Cancellation);
        using var alive = await _http.GetAsync(new Uri(_options.Health + "/livez"), Cancellation);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.StartsWith("state-store: ", await ready.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
    }

    [Fact]
    public async Task RowThatCannotBeRead_IsNamed_AndTheSiloIsReady()
    {
        await Table.WriteAsync(TableStorage.PartitionOf("run"), [new TableWrite.Insert("torn", "{\"kind\":")], Cancellation);
        await _app.Services.GetRequiredService<StateReader>().ReadRunsAsync(Cancellation);

        using var ready = await _http.GetAsync(new Uri(_options.Health + "/readyz"), Cancellation);

        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Contains("rows: 1 can't be read: grain/run/torn: ", await ready.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://127.0.0.1:1", "http://127.0.0.1:7070")]
    [InlineData("http://example.org:1", "write an address instead of a name")]
    [InlineData("7071", "write an address and a port")]
    public void Address_ThatWontDo_IsRefused(string address, string expected)
    {
        var builder = WebApplication.CreateSlimBuilder();

        var fault = Assert.Throws<InvalidOperationException>(() => HealthHosting.Listen(builder.WebHost, new SiloOptions { Health = address }));

        Assert.StartsWith("--health is ", fault.Message, StringComparison.Ordinal);
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
