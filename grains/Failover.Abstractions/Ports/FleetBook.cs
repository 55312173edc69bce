using Failover.Domain.Fleet;

namespace Failover.Abstractions.Ports;

/// <summary>
/// The fleet in force, which may be replaced while we run. Whoever decides from it reads <see cref="Current"/> once a decision; whoever keeps something running for
/// each member follows <see cref="Read"/>. Thread-safe.
/// </summary>
public sealed class FleetBook(FleetSpec fleet)
{
    private readonly Lock gate = new();
    private FleetSpec current = fleet;
    private TaskCompletionSource changed = NextChange();

    /// <summary>The fleet as of now.</summary>
    public FleetSpec Current
    {
        get
        {
            lock (gate)
            {
                return current;
            }
        }
    }

    /// <summary>The fleet as of now, and a task that ends once it is no longer that.</summary>
    public (FleetSpec Fleet, Task Changed) Read()
    {
        lock (gate)
        {
            return (current, changed.Task);
        }
    }

    /// <summary>Puts another fleet into force. It must have been judged by <see cref="FleetChange"/>.</summary>
    public void Replace(FleetSpec next)
    {
        TaskCompletionSource over;
        lock (gate)
        {
            current = next;
            (over, changed) = (changed, NextChange());
        }

        over.SetResult();
    }

    private static TaskCompletionSource NextChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
