namespace Failover.Domain.Placement.Solving;

/// <summary>
/// What a solve may take. The solver asks after every small piece of work (below a millisecond) and stops at the first piece past the end. What counts is
/// the budget's own affair: elapsed time, or, for plans that can be replayed, the work itself.
/// </summary>
public interface ISolveBudget
{
    /// <summary>
    /// The share of the budget that is spent, from 0; 1 and more: stop. <paramref name="work"/> is what the solver has done since it began, in steps of
    /// a few nanoseconds each; it only rises.
    /// </summary>
    double Spent(long work);
}

/// <summary>A budget in steps of work, 1 and up: the same problem, seed and budget give the same plan on any machine.</summary>
public sealed class WorkBudget(long steps) : ISolveBudget
{
    private readonly long steps = steps >= 1 ? steps : throw new ArgumentOutOfRangeException(nameof(steps), steps, "A budget is at least one step.");

    /// <inheritdoc/>
    public double Spent(long work) => (double)work / steps;
}
