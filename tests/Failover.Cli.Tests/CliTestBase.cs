using Microsoft.Extensions.Time.Testing;

namespace Failover.Cli.Tests;

/// <summary>Runs commands against a fake silo, and keeps what they print.</summary>
public abstract class CliTestBase : IAsyncLifetime
{
    private FakeSilo? _silo;

    internal FakeSilo Silo => _silo!;

    internal Answers Answers => Silo.Answers;

    protected string Out { get; private set; } = "";

    protected string Error { get; private set; } = "";

    protected string Input { get; set; } = "";

    protected bool CanAsk { get; set; }

    protected bool IsColoured { get; set; }

    public async ValueTask InitializeAsync() => _silo = await FakeSilo.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await Silo.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected Task<int> RunAsync(params string[] args) => RunAtAsync(Silo.Endpoint, args);

    protected async Task<int> RunAtAsync(string endpoint, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var surroundings = new Surroundings
        {
            Out = output,
            Error = error,
            In = new StringReader(Input),
            CanAsk = CanAsk,
            IsColoured = IsColoured,
            User = "ada",
            Time = new FakeTimeProvider(Samples.Now),
            Variable = name => name == "FAILOVER_ENDPOINT" ? endpoint : null,
        };
        var code = await CommandLine.RunAsync(args, surroundings, TestContext.Current.CancellationToken);
        (Out, Error) = (output.ToString(), error.ToString());
        return code;
    }
}
