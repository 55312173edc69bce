using System.CommandLine;
using Failover.Chaos.Mutants;
using Failover.Chaos.Scenarios;

namespace Failover.Chaos.Commands;

/// <summary>The exit codes of every command.</summary>
public static class ExitCodes
{
    /// <summary>Everything held.</summary>
    public const int Held = 0;

    /// <summary>A check failed.</summary>
    public const int Violated = 1;

    /// <summary>Bad input.</summary>
    public const int BadInput = 2;

    /// <summary>The world could not be started.</summary>
    public const int NoWorld = 3;
}

/// <summary>The command line.</summary>
public static class ChaosCommand
{
    // Long enough to end a silo, six members and their trainers; a second Ctrl-C ends us at once.
    private static readonly TimeSpan TerminationPatience = TimeSpan.FromSeconds(20);

    /// <summary>Parses and runs; the process's exit code.</summary>
    public static async Task<int> InvokeAsync(string[] args)
    {
        var root = new RootCommand("Plays failures against real silos over a simulated world, and judges what came of it.") { RunCommand.Make(), CheckCommand.Make(), SiloCommand.Make(), ServeCommand.Make(), MakeList() };
        var parsed = root.Parse(args);
        if (parsed.Errors.Count == 0)
            return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TerminationPatience });
        foreach (var error in parsed.Errors)
            await Console.Error.WriteLineAsync(error.Message);
        return ExitCodes.BadInput;
    }

    private static Command MakeList()
    {
        var list = new Command("list", "Lists the scenarios.");
        list.SetAction(_ =>
        {
            foreach (var scenario in Scenario.All)
                Console.WriteLine($"{scenario.Name,-22} {scenario.Summary}");
            foreach (var mutant in MutantList.All)
                Console.WriteLine($"--mutant {mutant.Name,-13} {mutant.Summary}");
            return ExitCodes.Held;
        });
        return list;
    }
}
