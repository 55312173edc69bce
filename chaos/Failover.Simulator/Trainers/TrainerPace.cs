using Failover.Simulator.Stores;

namespace Failover.Simulator.Trainers;

/// <summary>How a trainer spends time; tests run one with no time at all, and act between its steps.</summary>
internal interface ITrainerPace
{
    /// <summary>Ends when the step has taken its time.</summary>
    ValueTask StepAsync(CancellationToken killed);

    /// <summary>Ends after a while.</summary>
    ValueTask PauseAsync(TimeSpan duration, CancellationToken stop);

    /// <summary>Called at each stage of each write; throws when the process is killed there.</summary>
    ValueTask WriteAsync(WriteMoment moment, CancellationToken killed);
}

/// <summary>The real pace: one step a period. A step that is late by more than a period is not caught up with, as GPUs don't either.</summary>
internal sealed class TimedPace(TimeSpan stepTime, Metronome metronome, TimeProvider time, CancellationToken hung) : ITrainerPace
{
    private long _due = metronome.Now;

    public async ValueTask StepAsync(CancellationToken killed)
    {
        if (hung.IsCancellationRequested)
            await Task.Delay(Timeout.InfiniteTimeSpan, time, killed);
        var next = metronome.After(_due, stepTime);
        _due = next >= metronome.Now ? next : metronome.After(metronome.Now, stepTime);
        await metronome.WaitAsync(_due, killed);
    }

    public async ValueTask PauseAsync(TimeSpan duration, CancellationToken stop) => await Task.Delay(duration, time, stop);

    public ValueTask WriteAsync(WriteMoment moment, CancellationToken killed)
    {
        killed.ThrowIfCancellationRequested();
        return ValueTask.CompletedTask;
    }
}
