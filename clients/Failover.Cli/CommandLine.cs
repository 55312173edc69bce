using System.CommandLine;
using Grpc.Core;

namespace Failover.Cli;

/// <summary>The command line: <c>failover run|member|brake|events ...</c>.</summary>
public static class CommandLine
{
    /// <summary>Parses and runs one command. Answers an <see cref="ExitCode"/>; data goes to the output, messages to the error stream.</summary>
    public static async Task<int> RunAsync(string[] args, Surroundings surroundings, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(surroundings);
        var options = new GlobalOptions(surroundings);
        var root = new RootCommand($"Looks after training runs on many Kubernetes clusters, by way of a Failover silo. {ExitCode.Help}")
        {
            options.Endpoint, options.Json, options.Yes,
            RunCommands.Make(options), MemberCommands.Make(options), BrakeCommands.Make(options), EventCommands.Make(options),
        };
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                await surroundings.Error.WriteLineAsync(Printable.Clean(error.Message));
            await surroundings.Error.WriteLineAsync($"Try '{CommandPath(parsed.CommandResult.Command)} --help'.");
            return ExitCode.BadInput;
        }
        try
        {
            var configuration = new InvocationConfiguration { Output = surroundings.Out, Error = surroundings.Error, EnableDefaultExceptionHandler = false };
            return await parsed.InvokeAsync(configuration, cancellationToken);
        }
        catch (CommandException fault)
        {
            await surroundings.Error.WriteLineAsync(Printable.Clean(fault.Message));
            return fault.Code;
        }
        catch (RpcException fault)
        {
            await surroundings.Error.WriteLineAsync(Explain(fault.Status, parsed.GetValue(options.Endpoint)!));
            return ExitCode.Of(fault.StatusCode);
        }
        catch (OperationCanceledException)
        {
            await surroundings.Error.WriteLineAsync("Interrupted. What was asked for may have been done or not; look before you ask again.");
            return ExitCode.Failed;
        }
    }

    private static string Explain(Status status, string endpoint) => status.StatusCode switch
    {
        StatusCode.Unavailable when status.DebugException is not null => // Our own side says so: no server did.
            $"No silo answers at {endpoint}. Start one there, or name another by --endpoint or FAILOVER_ENDPOINT.",
        StatusCode.DeadlineExceeded =>
            $"The silo at {endpoint} did not answer in time. What was asked for may have been done or not; look before you ask again.",
        StatusCode.Unimplemented => $"What answers at {endpoint} is no silo, or an older one, that does not know this command. Check --endpoint.",
        StatusCode.Unknown or StatusCode.Internal => $"The silo at {endpoint} failed: {Printable.Clean(status.Detail)} Its log says more.",
        _ => Printable.Clean(status.Detail),
    };

    private static string CommandPath(Command command) =>
        string.Join(' ', new[] { "failover" }.Concat(Ancestors(command).Reverse().Select(item => item.Name)));

    private static IEnumerable<Command> Ancestors(Command command)
    {
        for (Symbol? at = command; at is Command and not RootCommand; at = at.Parents.FirstOrDefault())
            yield return (Command)at;
    }
}

/// <summary>A command can't go on; the message says what to do.</summary>
internal sealed class CommandException(int code, string message) : Exception(message)
{
    public int Code { get; } = code;
}
