using System.CommandLine;
using Failover.Chaos.Mutants;
using Failover.Silo.Hosting;

namespace Failover.Chaos.Commands;

/// <summary><c>silo --mutant NAME ...</c>: hosts a silo with one guard taken away; everything else on the line is the silo's own.</summary>
internal static class SiloCommand
{
    private static readonly Option<string> MutantName = new("--mutant") { Required = true, Description = "Which guard is taken away; see list." };

    public static Command Make()
    {
        var command = new Command("silo", "Hosts a silo with one guard taken away, for the scenarios to catch.") { MutantName };
        command.Hidden = true;
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((parsed, _) =>
        {
            var mutant = MutantList.All.First(known => known.Name == parsed.GetValue(MutantName));
            return SiloHost.RunAsync([.. parsed.UnmatchedTokens], mutant.Alter);
        });
        return command;
    }
}
