using Failover.Abstractions.Grains;
using Failover.Abstractions.Ports;
using Failover.Abstractions.State;
using Failover.Domain.Fleet;

namespace Failover.Silo.Hosting;

/// <summary>
/// Puts an edit of the fleet file into force while the silo runs. An edit with any fault is told once, and the fleet stays as it was. The file is looked at again and
/// again: mounted files are replaced by links to others, of which no file system tells.
/// </summary>
internal sealed partial class FleetReloader(FleetBook fleets, IRunDirectory runs, SiloOptions options, TimeProvider time, ILogger<FleetReloader> logger)
    : BackgroundService
{
    private string? _known;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.FleetPoll, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await LookAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The way to end it.
        }
    }

    internal async Task LookAsync(CancellationToken cancellationToken)
    {
        string text;
        try
        {
            text = await File.ReadAllTextAsync(options.Fleet, cancellationToken);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // It may be in the middle of being replaced; one that stays away is told once.
            TellOnce("", fault.Message);
            return;
        }

        if (text == _known)
            return;
        try
        {
            await TakeAsync(FleetFile.Read(text, options.Fleet), cancellationToken);
            _known = text;
        }
        catch (FleetFileException fault)
        {
            TellOnce(text, fault.Message);
        }
        catch (TableUnavailableException fault)
        {
            // Whether live runs stand on what is gone is not known: the edit waits.
            LogNotJudged(fault.Message);
        }
    }

    private async Task TakeAsync(FleetSpec next, CancellationToken cancellationToken)
    {
        var now = fleets.Current;
        var live = (await runs.ListAsync(cancellationToken)).Where(run => !run.IsTombstone).ToList();
        var faults = FleetChange.Faults(now, next, live);
        if (!faults.IsEmpty)
            throw FleetFileException.Of(options.Fleet, faults);
        fleets.Replace(next);
        foreach (var added in next.Members.Where(member => now.FindMember(member.Name) is null))
            LogAdded(added.Name, added.Region);
        foreach (var gone in now.Members.Where(member => next.FindMember(member.Name) is null))
            LogGone(gone.Name, live.Count(run => run.Epoch is { Ended: false } epoch && epoch.Target.Member == gone.Name));
        LogTaken(options.Fleet, next.Members.Length);
    }

    private void TellOnce(string text, string faults)
    {
        if (_known == text)
            return;
        _known = text;
        LogRefused(faults);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The fleet stays as it was: the edit of its file is refused. {Faults}")]
    private partial void LogRefused(string faults);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An edit of the fleet file waits, as it can't be held against the runs: {Reason}")]
    private partial void LogNotJudged(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The fleet is that of {File} by now, with {Members} members")]
    private partial void LogTaken(string file, int members);

    [LoggerMessage(Level = LogLevel.Information, Message = "Member {Member} in {Region} has joined the fleet")]
    private partial void LogAdded(string member, string region);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Member {Member} has left the fleet and is no longer watched; {Runs} runs are still placed there")]
    private partial void LogGone(string member, int runs);
}
