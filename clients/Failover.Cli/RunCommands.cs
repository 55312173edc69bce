using System.CommandLine;
using System.Text;
using Failover.Protocol.V1;
using Grpc.Core;

namespace Failover.Cli;

/// <summary><c>failover run ...</c></summary>
internal static class RunCommands
{
    // The silo takes no more.
    private const int DocumentBytesMax = 1 << 20;

    public static Command Make(GlobalOptions options) => new("run", "Training runs.")
    {
        Submit(options), List(options), Show(options), Cancel(options), Retry(options),
    };

    private static Command Submit(GlobalOptions options)
    {
        var file = new Argument<string>("file") { Description = "The run's document, YAML; '-' reads it from standard input." };
        var requestId = new Option<string>("--request-id")
        {
            Description = "Names this submission: the same again makes no second run. Drawn at random unless given.",
            DefaultValueFactory = _ => Guid.NewGuid().ToString("N"),
            HelpName = "id",
        };
        var command = new Command("submit", "Submits a run. Prints every fault of its document at once.") { file, requestId };
        command.SetAction(options.Action(async session =>
        {
            var document = await ReadAsync(session, session.Parsed.GetValue(file)!);
            var id = session.Parsed.GetValue(requestId)!;
            try
            {
                return Print(session, await session.Runs.SubmitAsync(new SubmitRunRequest { Document = document, RequestId = id }, session.Call));
            }
            catch (RpcException fault) when (fault.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded)
            {
                await session.Surroundings.Error.WriteLineAsync($"To submit again without making a second run, add --request-id {Printable.Clean(id)}.");
                throw;
            }
        }));
        return command;
    }

    private static Command List(GlobalOptions options)
    {
        var all = new Option<bool>("--all", "-a") { Description = "Finished and cancelled ones as well." };
        var tenant = Tenant("Only this tenant's.");
        var command = new Command("list", "Lists runs.") { all, tenant };
        command.SetAction(options.Action(async session =>
        {
            var request = new ListRunsRequest { IncludeEnded = session.Parsed.GetValue(all), Tenant = session.Parsed.GetValue(tenant) ?? "" };
            var lines = new List<RunLine>();
            using var call = session.Runs.List(request, session.Call);
            await foreach (var line in call.ResponseStream.ReadAllAsync(session.CancellationToken))
                lines.Add(line);
            if (session.IsJson)
                await session.Surroundings.Out.WriteLineAsync(MessageJson.Write(lines));
            else
                RunPages.List(session.Page, lines, request.IncludeEnded);
            return ExitCode.Ok;
        }));
        return command;
    }

    private static Command Show(GlobalOptions options) => OfRun(options, "show", "Shows a run: where it is, why it waits, how it moved.", [], async (session, run) =>
    {
        var shown = await session.Runs.ShowAsync(run, session.Call);
        return session.Print(shown, page => RunPages.Whole(page, shown));
    });

    private static Command Cancel(GlobalOptions options) => OfRun(options, "cancel", "Ends a run for good. Asks first.", [], async (session, run) =>
    {
        session.Confirm($"Cancel run {run.NameOrUid}? It can't be resumed.");
        var shown = await session.Runs.CancelAsync(new CancelRunRequest { Run = run, By = session.By }, session.Call);
        return session.Print(shown, page => page.Line($"{shown.Line.Name} ({shown.Line.Uid}) is {shown.Line.Step}."));
    });

    private static Command Retry(GlobalOptions options)
    {
        var fromNothing = new Option<bool>("--from-nothing") { Description = "If no checkpoint is good, begin at step 0. Asks first." };
        return OfRun(options, "retry", "Has a waiting run looked at again now.", [fromNothing], async (session, run) =>
        {
            var isFromNothing = session.Parsed.GetValue(fromNothing);
            if (isFromNothing)
                session.Confirm($"Allow run {run.NameOrUid} to begin at step 0 if no checkpoint is good? All of its training so far would be lost.");
            var shown = await session.Runs.RetryAsync(new RetryRunRequest { Run = run, By = session.By, FromNothing = isFromNothing }, session.Call);
            return session.Print(shown, page => page.Line($"{shown.Line.Name} ({shown.Line.Uid}) is looked at again; it is {shown.Line.Step}."));
        });
    }

    private static Command OfRun(GlobalOptions options, string name, string description, Option[] own, Func<Session, RunRef, Task<int>> action)
    {
        var run = new Argument<string>("run") { Description = "Its name, or its uid." };
        var tenant = Tenant("Whose it is; needed with a name where there are several.");
        var command = new Command(name, description) { run, tenant };
        foreach (var option in own)
            command.Add(option);
        command.SetAction(options.Action(session =>
            action(session, new RunRef { NameOrUid = session.Parsed.GetValue(run)!, Tenant = session.Parsed.GetValue(tenant) ?? "" })));
        return command;
    }

    private static Option<string?> Tenant(string description) => new("--tenant", "-t") { Description = description, HelpName = "name" };

    private static int Print(Session session, SubmitRunReply reply)
    {
        if (reply.OutcomeCase == SubmitRunReply.OutcomeOneofCase.Submitted)
            return session.Print(reply.Submitted, page => page.Line($"{reply.Submitted.Line.Name} is submitted; its uid is {reply.Submitted.Line.Uid}."));
        foreach (var fault in reply.Faults.Items)
            session.Surroundings.Error.WriteLine(Printable.Clean($"{fault.Path}: {fault.Message}"));
        if (session.IsJson)
            session.Surroundings.Out.WriteLine(MessageJson.Write(reply));
        return ExitCode.BadInput;
    }

    private static async Task<string> ReadAsync(Session session, string file)
    {
        if (file == "-")
            return await session.Surroundings.In.ReadToEndAsync(session.CancellationToken);
        try
        {
            if (new FileInfo(file).Length > DocumentBytesMax)
                throw new CommandException(ExitCode.BadInput, $"{file} is longer than 1 MiB; a run's document holds no data.");
            return await File.ReadAllTextAsync(file, Encoding.UTF8, session.CancellationToken);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CommandException(ExitCode.BadInput, $"{file} can't be read: {fault.Message}");
        }
    }
}
