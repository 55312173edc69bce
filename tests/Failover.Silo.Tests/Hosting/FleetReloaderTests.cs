using System.Collections.Immutable;
using Failover.Abstractions.Grains;
using Failover.Abstractions.Ports;
using Failover.Domain.Migration;
using Failover.Domain.Runs;
using Failover.Silo.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Failover.Silo.Tests.Hosting;

public sealed class FleetReloaderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("failover-fleet-");
    private readonly Lines _log = new();
    private readonly FleetBook _fleets;
    private readonly FleetReloader _reloader;
    private string _text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "examples", "fleet.yaml"));

    public FleetReloaderTests()
    {
        Write(_text);
        _fleets = new FleetBook(FleetFile.Load(FilePath));
        _reloader = new FleetReloader(_fleets, new NoRuns(), new SiloOptions { Fleet = FilePath }, new FakeTimeProvider(), _log);
    }

    private string FilePath => Path.Combine(_folder.FullName, "fleet.yaml");

    [Fact]
    public async Task Look_MemberAdded_IsInForceAndTold()
    {
        Edit("members:\n", "members:\n  - {name: eastus-b, region: eastus, kubeconfig: kubeconfigs/eastus-b.yaml}\n");

        await LookAsync();

        Assert.Equal(Path.Combine(_folder.FullName, "kubeconfigs/eastus-b.yaml"), _fleets.Current.FindMember("eastus-b")!.Kubeconfig);
        Assert.Contains(_log.All, line => line.Contains("Member eastus-b in eastus has joined", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Look_MemberRemoved_IsTold()
    {
        Edit("  - {name: westeurope-a, region: westeurope, kubeconfig: kubeconfigs/westeurope-a.yaml, context: admin}\n", "");

        await LookAsync();

        Assert.Null(_fleets.Current.FindMember("westeurope-a"));
        Assert.Contains(_log.All, line => line.Contains("Member westeurope-a has left the fleet and is no longer watched; 0 runs", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("region: eastus, kubeconfig", "region: eastsu, kubeconfig", "members[0].region: there is no region")]
    [InlineData("installation: example", "installation: other", "installation: was \"example\"")]
    [InlineData("sites: [local]", "sites: [local, away]", "sites: was local")]
    [InlineData("members:", "mem{bers:", "fleet.yaml")]
    public async Task Look_FaultyEdit_IsRefusedOnceAndTheOldOneStaysInForce(string from, string to, string told)
    {
        await LookAsync();
        var before = _fleets.Current;
        Edit(from, to);

        await LookAsync();
        await LookAsync();

        Assert.Same(before, _fleets.Current);
        Assert.Contains(told, Assert.Single(_log.All, line => line.Contains("refused", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Look_TwoFaults_BothAreTold()
    {
        Edit("region: eastus, kubeconfig", "region: eastsu, kubeconfig");
        Edit("namespace: research", "namespace: Research");

        await LookAsync();

        var line = Assert.Single(_log.All, line => line.Contains("refused", StringComparison.Ordinal));
        Assert.All((string[])["members[0].region", "tenants[0].namespace"], path => Assert.Contains(path, line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Look_FileIsAwayForAWhile_StaysInForceAndIsReadAgain()
    {
        await LookAsync();
        File.Delete(FilePath);
        await LookAsync();
        await LookAsync();
        Assert.Single(_log.All, line => line.Contains("refused", StringComparison.Ordinal));

        Edit("members:\n", "members:\n  - {name: eastus-b, region: eastus, kubeconfig: kubeconfigs/eastus-b.yaml}\n");
        await LookAsync();

        Assert.NotNull(_fleets.Current.FindMember("eastus-b"));
    }

    public void Dispose()
    {
        _reloader.Dispose();
        _folder.Delete(recursive: true);
    }

    private Task LookAsync() => _reloader.LookAsync(TestContext.Current.CancellationToken);

    private void Edit(string from, string to)
    {
        Assert.Contains(from, _text, StringComparison.Ordinal);
        Write(_text.Replace(from, to, StringComparison.Ordinal));
    }

    private void Write(string text) => File.WriteAllText(FilePath, _text = text);

    private sealed class NoRuns : IRunDirectory
    {
        public Task<RunSubmission> SubmitAsync(RunSpec spec, string requestId, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<RunState?> FindAsync(string? tenant, string nameOrUid, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<ImmutableArray<RunState>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<ImmutableArray<RunState>>([]);
    }

    private sealed class Lines : ILogger<FleetReloader>
    {
        public List<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Add(formatter(state, exception));
    }
}
