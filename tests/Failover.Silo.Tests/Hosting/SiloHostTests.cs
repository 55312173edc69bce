using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using Failover.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Failover.Silo.Tests.Hosting;

/// <summary>What a silo does not start with, and what it makes of its settings.</summary>
public sealed class SiloHostTests : IDisposable
{
    private static readonly string Example = Path.Combine(AppContext.BaseDirectory, "examples", "fleet.yaml");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("failover-silo-");

    public void Dispose() => _folder.Delete(recursive: true);

    public static TheoryData<string, string> Refused => new()
    {
        { "--fleet=", "Fleet" },
        { "--fleet=/no/such/fleet.yaml", "/no/such/fleet.yaml" },
        { "--site=elsewhere", "the fleet file lists no site elsewhere" },
        { "--listen=http://0.0.0.0:7070", "http://0.0.0.0:7070" },
        { "--listen=http://*:7070", "http://*:7070" },
        { "--silo-port=0", "SiloPort" },
        { "--silo-port=many", "many" },
        { "--Failover:Policy:Runs:RetryDelays=00:00:01", "Failover:Policy:Runs:RetryDelays: there is no such setting" },
        { "--Failover:Policy:Brake:ShareMax=-0.1", "Failover:Policy:Brake:ShareMax: is '-0.1'; write a number, 0 to 1, or leave it out for 0.4." },
        { "--Failover:Policy:Runs:RetryDelay=-00:00:01", "Failover:Policy:Runs:RetryDelay: is '-00:00:01'; write a duration as [days.]hours:minutes:seconds, 100 ms to 1 min, or leave it out for 1 s." },
        { "--Failover:Policy:Runs:OwnCommitsToUnpin=-1", "Failover:Policy:Runs:OwnCommitsToUnpin: is '-1'; write a whole number, 1 to 100, or leave it out for 2." },
        { "--Failover:Policy:Runs:StagingBytesPerSecond=-1", "Failover:Policy:Runs:StagingBytesPerSecond: is '-1'; write a whole number, 1 to 1000000000000" },
        { "--Failover:Policy:Runs:RetryDelay=soon", "soon" },
        { "--Failover:Policy:Runs:SealLimit=00:00:00", "Failover:Policy:Runs:SealLimit: is '00:00:00'; write a duration as [days.]hours:minutes:seconds, 1 s to 1 d, or leave it out for 2 min." },
        { "--Failover:Policy:Runs:StagingBytesPerSecond=0", "Failover:Policy:Runs:StagingBytesPerSecond: is '0'" },
        { "--Failover:Policy:Brakes:ShareMax=0.1", "Failover:Policy:Brakes: there is no such setting" },
        { "--Failover:Policy:Placement:TierWeights:0=2", "Failover:Policy:Placement:TierWeights: there is no such setting" },
        { "--Failover:Policy:Health:SilentShare=0", "SilentShare: is '0'; write a number, over 0, to 1, or leave it out for 0.5." },
        { "--Failover:Policy:Health:SilentShare=NaN", "SilentShare: is 'NaN'" },
        { "--Failover:Policy:Health:Refresh=00:00:15", "Failover:Policy:Members:EvidenceAgeMax: is 30 s; must be more than 2 × `Failover:Policy:Health:Refresh`, which is 15 s" },
        { "--Failover:Policy:Brake:PermitMemory=00:05:00", "Failover:Policy:Brake:PermitMemory: is 5 min; must be at least `Window`, which is 10 min" },
        { "--Kubernetes:RetriesMax=0", "Kubernetes:RetriesMax: is '0'; write a whole number, 1 to 10, or leave it out for 2." },
        { "--Kubernetes:BreakerWindow=00:00:00", "Kubernetes:BreakerWindow: is '00:00:00'" },
        { "--Kubernetes:Retries=3", "Kubernetes:Retries: there is no such setting" },
        { "--Failover:Observers:SweepInterval=00:00:00", "Failover:Observers:SweepInterval: is '00:00:00'" },
        { "--Failover:Observers:Sweep=00:00:01", "Failover:Observers:Sweep: there is no such setting" },
        { "--Failover:Effects:Parallel=0", "Parallel" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Run_SettingThatWontDo_Answers2AndSaysWhy(string argument, string expected)
    {
        var (code, error) = await RunAsync([.. Good, argument]);

        Assert.Equal(2, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_SeveralSettingsThatWontDo_TellsThemAllAndNoTrace()
    {
        var (code, error) = await RunAsync(
            [.. Good, "--Kubernetes:RetriesMax=0", "--Kubernetes:TryTimeout=1.00:00:00", "--Failover:Effects:Parallel=many", "--Failover:Policy:Brake:ShareMax=2", "--silo-port=0"]);

        Assert.Equal(2, code);
        Assert.All(
            (string[])["Kubernetes:RetriesMax: ", "Kubernetes:TryTimeout: ", "Failover:Effects:Parallel: ", "Failover:Policy:Brake:ShareMax: ", "Failover:SiloPort: "],
            path => Assert.Contains(path, error, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_FleetWithFaults_TellsThemAll()
    {
        var fleet = Path.Combine(_folder.FullName, "fleet.yaml");
        await File.WriteAllTextAsync(
            fleet,
            """
            apiVersion: failover.dev/v1
            kind: Fleet
            installation: Not A Label
            regions: []
            members:
            - name: east-1
              region: nowhere
            """,
            TestContext.Current.CancellationToken);

        var (code, error) = await RunAsync(["--fleet", fleet]);

        Assert.Equal(2, code);
        Assert.All((string[])["installation", "members[0].kubeconfig", "stores", "tenants"], path => Assert.Contains($"{fleet}: {path}", error, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Build_GoodSettings_OpensNothingYet()
    {
        await using var app = SiloHost.Build(Good);

        Assert.Empty(_folder.EnumerateFileSystemInfos());
    }

    [Fact]
    public async Task Build_Policies_AreTheConfigurationsOverTheDefaults()
    {
        await using var app = SiloHost.Build(
        [
            .. Good, "--Failover:Policy:Runs:RetryDelay=00:00:07", "--Failover:Policy:Health:ProbeInterval=00:00:00.5", "--Failover:Policy:Brake:ShareMax=0.25",
            "--Failover:Policy:Planning:ReturnGrace=00:02:00",
        ]);
        var services = app.Services;

        var runs = services.GetRequiredService<RunPolicy>();
        Assert.Equal((TimeSpan.FromSeconds(7), new RunPolicy().RetryDelayMax), (runs.RetryDelay, runs.RetryDelayMax));
        Assert.Equal(TimeSpan.FromMilliseconds(500), services.GetRequiredService<HealthPolicy>().ProbeInterval);
        Assert.Equal(0.25, services.GetRequiredService<BrakePolicy>().ShareMax);
        var planning = services.GetRequiredService<PlanningPolicy>();
        Assert.Equal((TimeSpan.FromMinutes(2), runs), (planning.ReturnGrace, planning.Runs));
        Assert.Equal(FleetFile.Load(Example).Sites, services.GetRequiredService<MemberPolicy>().Sites);
    }

    [Fact]
    public async Task Build_GrainCalls_HaveATimeOutThatIsOurs()
    {
        await using var app = SiloHost.Build(Good);

        // Shorter than the 20 s in which a loss is to be confirmed, and not Orleans' own 30 s.
        Assert.Equal(TimeSpan.FromSeconds(15), app.Services.GetRequiredService<IOptions<SiloMessagingOptions>>().Value.ResponseTimeout);
    }

    [Fact]
    public async Task Build_Altered_LetsAHarnessHaveTheLastWord()
    {
        var policy = new RunPolicy { OwnCommitsToUnpin = 9 };

        await using var app = SiloHost.Build(Good, services => services.AddSingleton(policy));

        Assert.Same(policy, app.Services.GetRequiredService<RunPolicy>());
    }

    private string[] Good => ["--fleet", Example, "--site", FleetFile.Load(Example).Sites[0], "--data", Path.Combine(_folder.FullName, "data"), "--listen", "http://127.0.0.1:0"];

    /// <summary>Standard error is everybody's; what others write there meanwhile does no harm.</summary>
    private static async Task<(int Code, string Error)> RunAsync(string[] args)
    {
        var before = Console.Error;
        await using var error = new StringWriter();
        Console.SetError(TextWriter.Synchronized(error));
        try
        {
            return (await SiloHost.RunAsync(args), error.ToString());
        }
        finally
        {
            Console.SetError(before);
        }
    }
}
