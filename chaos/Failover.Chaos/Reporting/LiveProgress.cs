using System.Globalization;
using Failover.Chaos.Scenarios;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Failover.Chaos.Reporting;

/// <summary>The picture on a terminal, drawn anew several times a second: members with verdicts, runs by step, moves, and what happened last.</summary>
public sealed class LiveProgress(IAnsiConsole console, TimeProvider time) : IProgressView
{
    private const int HappeningsShown = 10;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(300);

    /// <inheritdoc/>
    public Task ShowAsync(Picture picture, CancellationToken cancellationToken) =>
        console.Live(new Text("starting")).StartAsync(async context =>
        {
            using var timer = new PeriodicTimer(Period, time);
            while (!cancellationToken.IsCancellationRequested)
            {
                context.UpdateTarget(Draw(picture));
                try
                {
                    await timer.WaitForNextTickAsync(cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    // Drawn once more below.
                }
            }
            context.UpdateTarget(Draw(picture));
        });

    private static Rows Draw(Picture picture) =>
        new(Members(picture), Steps(picture), Moving(picture), Last(picture));

    private static Table Members(Picture picture)
    {
        var table = new Table().AddColumns("member", "region", "verdict", "free GPUs", "promised", "clean");
        foreach (var member in picture.Members)
        {
            var free = member.Capacity?.Pools.Sum(pool => pool.Free).ToString(CultureInfo.InvariantCulture) ?? "?";
            var promised = member.Reservations.Sum(reservation => reservation.Gpus).ToString(CultureInfo.InvariantCulture);
            table.AddRow(new Text(member.Name), new Text(member.Region), Verdict(member.Verdict), new Text(free), new Text(promised), new Text(member.Clean ? "yes" : "no"));
        }
        return table;
    }

    private static Text Verdict(string verdict) => new(verdict, new Style(verdict switch
    {
        "Healthy" => Color.Green,
        "Lost" => Color.Red,
        "Unknown" => Color.Grey,
        _ => Color.Yellow,
    }));

    private static IRenderable Steps(Picture picture)
    {
        var chart = new BreakdownChart().Width(80);
        var colors = new Dictionary<string, Color> { ["Running"] = Color.Green, ["Finished"] = Color.Blue, ["Waiting"] = Color.Red };
        foreach (var step in picture.Runs.GroupBy(run => run.Step).OrderBy(group => group.Key, StringComparer.Ordinal))
            chart.AddItem(step.Key, step.Count(), colors.GetValueOrDefault(step.Key, Color.Yellow));
        return picture.Runs.Count == 0 ? new Text("no runs yet") : chart;
    }

    private static Table Moving(Picture picture)
    {
        var table = new Table().AddColumns("run", "GPUs", "epoch", "where", "step");
        foreach (var run in picture.Runs.Where(run => run.Step is not ("Running" or "Finished")).Take(12))
        {
            var where = run.Move?.Target.Member ?? run.Epoch?.Target.Member ?? "";
            var why = run.Step == "Waiting" ? $"Waiting: {run.Waiting?.Reason}" : run.Step;
            table.AddRow(
                new Text(run.Spec.Name), new Text(run.Spec.Gang.Total.ToString(CultureInfo.InvariantCulture)),
                new Text((run.Move?.ToEpoch ?? run.Epoch?.Number ?? 0).ToString(CultureInfo.InvariantCulture)), new Text(where), new Text(why));
        }
        return table;
    }

    private static Rows Last(Picture picture) =>
        new(picture.HappenedSince(0).TakeLast(HappeningsShown)
            .Select(happening => new Text($"{happening.At.ToString("HH:mm:ss.f", CultureInfo.InvariantCulture)} {happening.Text}") { Overflow = Overflow.Ellipsis }));
}
