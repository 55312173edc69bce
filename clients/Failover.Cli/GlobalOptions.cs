using System.CommandLine;
using Failover.Protocol.V1;
using Grpc.Net.Client;

namespace Failover.Cli;

/// <summary>The options of every command, and what commands do alike.</summary>
internal sealed class GlobalOptions(Surroundings surroundings)
{
    // Longer than any answer of a healthy silo; a person should not have to wonder for longer.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(30);

    public Surroundings Surroundings { get; } = surroundings;

    public Option<string> Endpoint { get; } = new("--endpoint")
    {
        Description = "Where the silo's API is. Without it FAILOVER_ENDPOINT, then http://127.0.0.1:7070.",
        HelpName = "url",
        Recursive = true,
        DefaultValueFactory = _ => surroundings.Variable("FAILOVER_ENDPOINT") is { Length: > 0 } variable ? variable : "http://127.0.0.1:7070",
    };

    public Option<bool> Json { get; } = new("--json") { Description = "Print JSON instead of tables.", Recursive = true };

    public Option<bool> Yes { get; } = new("--yes", "-y") { Description = "Do what needs confirmation without asking.", Recursive = true };

    /// <summary>An action that talks to the silo; what it throws is told by <see cref="CommandLine"/>.</summary>
    public Func<ParseResult, CancellationToken, Task<int>> Action(Func<Session, Task<int>> action) => async (parsed, cancellationToken) =>
    {
        var endpoint = parsed.GetValue(Endpoint)!;
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw new CommandException(ExitCode.BadInput, $"--endpoint is '{endpoint}'; write a URL such as http://127.0.0.1:7070.");
        // gRPC measures its deadline by the system's clock, whichever clock ages are told by.
        using var channel = GrpcChannel.ForAddress(address);
        return await action(new Session(parsed, channel, this, TimeProvider.System.GetUtcNow().UtcDateTime + AnswerWithin, cancellationToken));
    };
}

/// <summary>One command being run.</summary>
internal sealed class Session(ParseResult parsed, GrpcChannel channel, GlobalOptions options, DateTime deadline, CancellationToken cancellationToken)
{
    public ParseResult Parsed => parsed;

    public Surroundings Surroundings => options.Surroundings;

    public bool IsJson => parsed.GetValue(options.Json);

    public Runs.RunsClient Runs => new(channel);

    public Members.MembersClient Members => new(channel);

    public Brake.BrakeClient Brake => new(channel);

    public Events.EventsClient Events => new(channel);

    public string By => Surroundings.User;

    public Grpc.Core.CallOptions Call => new(deadline: deadline, cancellationToken: cancellationToken);

    /// <summary>For what ends only when it is told to.</summary>
    public Grpc.Core.CallOptions OpenCall => new(cancellationToken: cancellationToken);

    public CancellationToken CancellationToken => cancellationToken;

    public Page Page => new(Surroundings);

    /// <summary>Prints an answer: as JSON, or as the page that <paramref name="show"/> makes.</summary>
    public int Print(Google.Protobuf.IMessage message, Action<Page> show)
    {
        if (IsJson)
            Surroundings.Out.WriteLine(MessageJson.Write(message));
        else
            show(Page);
        return ExitCode.Ok;
    }

    /// <summary>Asks before something that can't be taken back. Throws where nobody agrees.</summary>
    public void Confirm(string question)
    {
        if (parsed.GetValue(options.Yes))
            return;
        if (!Surroundings.CanAsk)
            throw new CommandException(ExitCode.Refused, $"{question} Nobody is here to ask; nothing was done. Add --yes to do it.");
        Surroundings.Error.Write($"{Printable.Clean(question)} [y/N] ");
        if (Surroundings.In.ReadLine()?.Trim() is not ("y" or "Y" or "yes"))
            throw new CommandException(ExitCode.Refused, "Not confirmed; nothing was done.");
    }
}
