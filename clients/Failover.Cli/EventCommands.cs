using System.CommandLine;
using Failover.Protocol.V1;
using Grpc.Core;

namespace Failover.Cli;

/// <summary><c>failover events</c></summary>
internal static class EventCommands
{
    public static Command Make(GlobalOptions options)
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until interrupted, as things are decided." };
        var last = new Option<int>("--last", "-n") { Description = "How many of the last ones, 0 to 10000.", DefaultValueFactory = _ => 50, HelpName = "count" };
        var name = new Argument<string?>("name") { Description = "Only of this run or member.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("events", "Tells what was decided: steps and owed seals of runs, verdicts on members, cordons and sweeps, the brake. As JSON, one object a line.") { name, follow, last };
        command.SetAction(options.Action(async session =>
        {
            var request = new FollowEventsRequest
            {
                Last = session.Parsed.GetValue(last),
                Follow = session.Parsed.GetValue(follow),
                Name = session.Parsed.GetValue(name) ?? "",
            };
            using var call = session.Events.Follow(request, request.Follow ? session.OpenCall : session.Call);
            try
            {
                await foreach (var happened in call.ResponseStream.ReadAllAsync(session.CancellationToken))
                    await session.Surroundings.Out.WriteLineAsync(session.IsJson ? MessageJson.WriteLine(happened) : Line(happened));
            }
            catch (Exception) when (request.Follow && session.CancellationToken.IsCancellationRequested)
            {
                // That is how following ends.
            }
            return ExitCode.Ok;
        }));
        return command;
    }

    private static string Line(Event happened) => Printable.Clean(
        $"{Printable.Time(happened.At)}  {happened.About,-6} {happened.Name}{(happened.Name.Length > 0 ? " " : "")}{happened.What}{(happened.Detail.Length > 0 ? ": " : "")}{happened.Detail}");
}
