using System.Globalization;
using Failover.Chaos.Scenarios;

namespace Failover.Chaos.Reporting;

/// <summary>Shows how it goes: until cancelled, then once more.</summary>
public interface IProgressView
{
    /// <summary>Follows the picture until cancelled.</summary>
    Task ShowAsync(Picture picture, CancellationToken cancellationToken);
}

/// <summary>Plain lines with timestamps: one a change, and where all stand at least every few seconds.</summary>
public sealed class PlainProgress(TextWriter output, TimeProvider time) : IProgressView
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan SummaryEvery = TimeSpan.FromSeconds(3);

    /// <inheritdoc/>
    public async Task ShowAsync(Picture picture, CancellationToken cancellationToken)
    {
        var shown = 0;
        var summary = "";
        var told = time.GetTimestamp();
        using var timer = new PeriodicTimer(Poll, time);
        while (true)
        {
            foreach (var happening in picture.HappenedSince(shown))
            {
                shown++;
                await WriteAsync(happening.At, happening.Text);
            }
            if (time.GetElapsedTime(told) >= SummaryEvery && Summary(picture) is var now && now != summary)
            {
                (summary, told) = (now, time.GetTimestamp());
                await WriteAsync(time.GetUtcNow(), now);
            }
            if (cancellationToken.IsCancellationRequested)
                return;
            try
            {
                await timer.WaitForNextTickAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                // Once more around, for what happened last.
            }
        }
    }

    /// <summary>All runs by step and all members by verdict, in one line.</summary>
    public static string Summary(Picture picture)
    {
        var steps = picture.Runs.GroupBy(run => run.Step).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => $"{group.Key} {group.Count()}");
        var verdicts = picture.Members.GroupBy(member => member.Verdict).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => $"{group.Key} {group.Count()}");
        var mean = picture.Runs.Select(run => run.Epoch is { } epoch ? picture.Trainer(run.Uid, epoch.Number).Step : 0).DefaultIfEmpty(0).Average();
        return $"runs: {string.Join(", ", steps)}; members: {string.Join(", ", verdicts)}; mean step {mean:0}";
    }

    private Task WriteAsync(DateTimeOffset at, string text) => output.WriteLineAsync($"{at.ToString("HH:mm:ss.f", CultureInfo.InvariantCulture)} {text}");
}
