using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Failover.Chaos.Mutants;
using Failover.Chaos.Reporting;
using Failover.Chaos.Scenarios;
using Failover.Chaos.Silos;
using Spectre.Console;

namespace Failover.Chaos.Commands;

/// <summary><c>run SCENARIO</c>.</summary>
public static class RunCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private static readonly Argument<string> ScenarioName = new("SCENARIO") { Description = "One that list names." };
    private static readonly Option<int> Seed = new("--seed") { Description = "Fixes the world and the faults.", DefaultValueFactory = _ => 1 };
    private static readonly Option<FileInfo?> JsonFile = new("--json") { Description = "Writes the report as JSON." };
    private static readonly Option<FileInfo?> History = new("--history") { Description = "Keeps the record: the history here, rows and plan beside it." };
    private static readonly Option<DirectoryInfo?> Keep = new("--keep") { Description = "Builds the world in this folder, and leaves it there." };
    private static readonly Option<string?> MutantName = new("--mutant") { Description = "Plays against a silo with a deliberate fault." };

    /// <summary>The command.</summary>
    public static Command Make()
    {
        var run = new Command("run", "Plays a scenario, and judges it.") { ScenarioName, Seed, JsonFile, History, Keep, MutantName };
        run.SetAction(RunAsync);
        return run;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var name = parsed.GetRequiredValue(ScenarioName);
        var mutant = parsed.GetValue(MutantName);
        if (Scenario.All.FirstOrDefault(known => known.Name == name) is not { } scenario)
            return await RefuseAsync($"There is no scenario '{name}'; there are {string.Join(", ", Scenario.All.Select(known => known.Name))}.");
        if (mutant is not null && MutantList.All.All(known => known.Name != mutant))
            return await RefuseAsync($"There is no mutant '{mutant}'; there are {string.Join(", ", MutantList.All.Select(known => known.Name).DefaultIfEmpty("none yet"))}.");
        var kept = parsed.GetValue(Keep);
        var folder = kept?.FullName ?? Directory.CreateTempSubdirectory("failover-chaos-").FullName;
        if (kept is not null && Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            return await RefuseAsync($"{folder} is not empty; name another folder, or one that does not exist yet.");
        try
        {
            Directory.CreateDirectory(folder);
            var history = parsed.GetValue(History)?.FullName ?? Path.Combine(folder, "history.jsonl");
            return await PlayAsync(new ScenarioOrder(scenario, parsed.GetValue(Seed), folder, history, mutant), parsed.GetValue(JsonFile), cancellationToken);
        }
        finally
        {
            if (kept is null)
                Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> PlayAsync(ScenarioOrder order, FileInfo? json, CancellationToken cancellationToken)
    {
        var began = Stopwatch.StartNew();
        var replay = ReportText.Replay(order.Scenario.Name, order.Seed, order.Mutant);
        var live = AnsiConsole.Console.Profile.Capabilities.Interactive && !Console.IsOutputRedirected;
        IProgressView view = live ? new LiveProgress(AnsiConsole.Console, TimeProvider.System) : new PlainProgress(Console.Out, TimeProvider.System);
        try
        {
            var report = await ScenarioRun.PlayAsync(order, view, TimeProvider.System, cancellationToken);
            foreach (var line in ReportText.Lines(report))
                Console.WriteLine(line);
            if (json is not null)
                await File.WriteAllTextAsync(json.FullName, JsonSerializer.Serialize(report, Json), cancellationToken);
            if (!report.Passed)
                Console.WriteLine($"play it again: {replay}");
            Console.WriteLine($"{(report.Passed ? "PASSED" : "FAILED")} {order.Scenario.Name} --seed {order.Seed} in {began.Elapsed.TotalSeconds:0.0} s");
            return report.Passed ? ExitCodes.Held : ExitCodes.Violated;
        }
        catch (WorldStartException fault)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            await Console.Error.WriteLineAsync($"play it again: {replay}");
            return ExitCodes.NoWorld;
        }
    }

    private static async Task<int> RefuseAsync(string why)
    {
        await Console.Error.WriteLineAsync(why);
        return ExitCodes.BadInput;
    }
}
