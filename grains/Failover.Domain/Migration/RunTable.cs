namespace Failover.Domain.Migration;

/// <summary>One row of the run's table: what is done in a step when an event comes, in a sentence.</summary>
public sealed class RunTableRow
{
    private readonly Func<RunState, RunEvent, RunPolicy, RunState> _handle;

    internal RunTableRow(RunStep step, Type happened, string why, Func<RunState, RunEvent, RunPolicy, RunState> handle)
    {
        (Step, Event, Why) = (step, happened, why);
        _handle = handle;
    }

    /// <summary>The step.</summary>
    public RunStep Step { get; }

    /// <summary>The event's type.</summary>
    public Type Event { get; }

    /// <summary>What is done, and why.</summary>
    public string Why { get; }

    internal RunState Handle(RunState state, RunEvent happened, RunPolicy policy) => _handle(state, happened, policy);
}

/// <summary>Collects the rows; a second row for the same pair is a bug and throws.</summary>
internal sealed class RunTable
{
    public Dictionary<(RunStep, Type), RunTableRow> Rows { get; } = [];

    public void On<TEvent>(IEnumerable<RunStep> steps, string why, Func<RunState, TEvent, RunPolicy, RunState> handle)
        where TEvent : RunEvent
    {
        foreach (var step in steps)
            Rows.Add((step, typeof(TEvent)), new RunTableRow(step, typeof(TEvent), why, (state, happened, policy) => handle(state, (TEvent)happened, policy)));
    }

    public void Ignore<TEvent>(IEnumerable<RunStep> steps, string why)
        where TEvent : RunEvent => On<TEvent>(steps, why, static (state, _, _) => state);
}
