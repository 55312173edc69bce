using System.CommandLine;
using Failover.Chaos.Recording;
using Failover.Chaos.Reporting;

namespace Failover.Chaos.Commands;

/// <summary><c>check HISTORY [ROWS] [PLAN]</c>.</summary>
public static class CheckCommand
{
    private static readonly Argument<FileInfo> History = new("HISTORY") { Description = "A history that run --history kept." };

    private static readonly Argument<FileInfo?> Rows = new("ROWS") { Description = "Its rows; the default is beside it.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Argument<FileInfo?> Plan = new("PLAN") { Description = "Its plan; the default is beside it.", Arity = ArgumentArity.ZeroOrOne };

    /// <summary>The command.</summary>
    public static Command Make()
    {
        var check = new Command("check", "Judges a stored record again.") { History, Rows, Plan };
        check.SetAction(CheckAsync);
        return check;
    }

    private static async Task<int> CheckAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var history = parsed.GetRequiredValue(History).FullName;
        try
        {
            var rows = parsed.GetValue(Rows)?.FullName ?? RecordFiles.RowsOf(history);
            var (record, plan) = await RecordFiles.ReadAsync(history, rows, parsed.GetValue(Plan)?.FullName ?? RecordFiles.PlanOf(history), cancellationToken);
            var report = ChaosReport.Of(record, plan, []);
            foreach (var line in ReportText.Lines(report))
                Console.WriteLine(line);
            Console.WriteLine($"{(report.Passed ? "PASSED" : "FAILED")} {plan.Scenario} --seed {plan.Seed}, judged again");
            return report.Passed ? ExitCodes.Held : ExitCodes.Violated;
        }
        catch (Exception fault) when (fault is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return ExitCodes.BadInput;
        }
    }
}
