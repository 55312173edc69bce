using System.Globalization;
using Failover.Chaos.Checking;

namespace Failover.Chaos.Reporting;

/// <summary>A report as lines of text.</summary>
public static class ReportText
{
    private const int ViolationsShown = 5;
    private const int LineMax = 100;

    /// <summary>Moves, waits, fallbacks and judgements; not the last line, which says how long it took.</summary>
    public static IEnumerable<string> Lines(ChaosReport report)
    {
        foreach (var line in Moves(report))
            yield return line;
        foreach (var wait in report.Waits)
        {
            yield return Cut($"waited {wait.Seconds,6:0.0} s  {wait.Run}  {wait.Reason}: {wait.Detail}");
            foreach (var reason in wait.PerMember)
                yield return Cut($"    not on {reason.Member}: {reason.Reason}");
        }

        foreach (var move in report.Moves.Where(move => !string.IsNullOrEmpty(move.Fallback)))
            yield return Cut($"fell back  {move.Run} e{move.Epoch}: {move.Fallback}");
        foreach (var judgement in report.Judgements)
        {
            yield return Line(report, judgement);
            foreach (var violation in judgement.Violations.Take(ViolationsShown))
                yield return $"    {violation}";
            if (judgement.Violations.Count > ViolationsShown)
                yield return $"    and {judgement.Violations.Count - ViolationsShown} more";
        }
    }

    /// <summary>The command that plays the same world and faults again.</summary>
    public static string Replay(string scenario, int seed, string? mutant) =>
        $"Failover.Chaos run {scenario} --seed {seed}{(mutant is null ? "" : $" --mutant {mutant}")}";

    private static string Line(ChaosReport report, Judgement judgement) => judgement.Name switch
    {
        "weights" or "provenance" => $"{judgement.Title} {judgement.Observations - judgement.Violations.Count}/{judgement.Observations}",
        "redone" => $"steps redone {report.StepsRedone} of at most {report.StepsRedoneMost}",
        "zombies" => $"zombies {report.Zombies.Zombies}, their commits ahead {report.Zombies.CommitsAhead}, adopted {report.Zombies.Adopted}",
        _ => $"{judgement.Name} {judgement.Title}: {(judgement.Held ? "held" : "VIOLATED")} ({judgement.Observations} observations)",
    };

    private static IEnumerable<string> Moves(ChaosReport report)
    {
        if (report.Moves.Count == 0)
            yield break;
        yield return "seconds since the loss, steps redone of those explained, GPU-hours lost, and the plan's proven gap:";
        yield return $"{"run",-14} {"ep",2} {"to",-15} {"detect",6} {"decide",6} {"stage",6} {"fence",6} {"start",6} {"step",6} {"redone",9} {"lost",7} {"gap",6}";
        foreach (var from in report.Moves.GroupBy(move => move.From))
        {
            yield return $"from {from.Key}:";
            foreach (var move in from)
                yield return Row(move);
        }
    }

    private static string Row(MoveReport move) =>
        $"{move.Run,-14} {move.Epoch,2} {move.To,-15} {Cell(move.Detected)} {Cell(move.Decided)} {Cell(move.Staged)} {Cell(move.Fenced)} {Cell(move.Started)} {Cell(move.Stepping)} "
        + $"{$"{move.Redone}/{move.Bound}",9} {move.GpuHoursLost?.ToString("0.000", CultureInfo.InvariantCulture) ?? "-",7} {Gap(move.Plan),6}";

    private static string Gap(StoredNote? plan) => plan?.Gap?.ToString("0.00%", CultureInfo.InvariantCulture) ?? "-";

    /// <summary>To a screen's width; the JSON report has the whole of it.</summary>
    private static string Cut(string line) => line.Length <= LineMax ? line : $"{line[..(LineMax - 3)]}...";

    private static string Cell(double? seconds) => (seconds?.ToString("0.0", CultureInfo.InvariantCulture) ?? "-").PadLeft(6);
}
