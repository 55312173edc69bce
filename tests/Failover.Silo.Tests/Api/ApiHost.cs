using Failover.Abstractions.Ports;
using Failover.Abstractions.Grains;
using Failover.Abstractions.State;
using Failover.Cli;
using Failover.Domain.Fleet;
using Failover.Domain.Health;
using Failover.Domain.Planning;
using Failover.Grains.Runs;
using Failover.Grains.State;
using Failover.Silo.Api;
using Failover.Silo.Hosting;
using Failover.Storage.Tables;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Failover.Silo.Tests.Api;

/// <summary>The real API, names and all, over a real table and fake grains; spoken to by the real command line.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    private static readonly FleetSpec Fleet = FleetFile.Load(Path.Combine(AppContext.BaseDirectory, "examples", "fleet.yaml"));

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("failover-api-");
    private readonly SqliteConditionalTable _sqlite;
    private readonly WebApplication _app;

    private ApiHost(Func<IConditionalTable, IConditionalTable>? alter)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        _sqlite = SqliteConditionalTable.Open(new SqliteTableOptions { Path = Path.Combine(_folder.FullName, "t.db") }, TimeProvider.System);
        Grains = FakeGrains.Over(_sqlite);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(time).AddSingleton(new FleetBook(Fleet)).AddSingleton(Stores).AddSingleton(new BrakePolicy()).AddSingleton(new PlanningPolicy()).AddSingleton(Grains.Factory);
        builder.Services.AddSingleton(alter?.Invoke(_sqlite) ?? _sqlite).AddSingleton<UnreadableRows>().AddSingleton<StateReader>().AddSingleton<IRunDirectory, RunDirectory>();
        builder.Services.AddSingleton<IRowFeed>(new SqliteRowFeed(Path.Combine(_folder.FullName, "t.db")));
        builder.Services.AddFailoverApi();
        _app = builder.Build();
        _app.MapFailoverApi();
    }

    public FakeGrains Grains { get; }

    public StoreBoard Stores { get; } = new();

    public IConditionalTable Table => _sqlite;

    public IRunDirectory Names => _app.Services.GetRequiredService<IRunDirectory>();

    public static async Task<ApiHost> StartAsync(Func<IConditionalTable, IConditionalTable>? alter = null)
    {
        var host = new ApiHost(alter);
        await host._app.StartAsync();
        return host;
    }

    /// <summary>Runs a command against it.</summary>
    public async Task<(int Code, string Out, string Error)> RunAsync(string input, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var surroundings = new Surroundings { Out = output, Error = error, In = new StringReader(input), User = "ada" };
        var code = await CommandLine.RunAsync([.. args, "--endpoint", _app.Urls.Single()], surroundings, TestContext.Current.CancellationToken);
        return (code, output.ToString(), error.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _sqlite.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
