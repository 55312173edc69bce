using Failover.Domain.Placement.Solving;

namespace Failover.Grains.Planning;

/// <summary>Makes the budget of a solve that begins now: spent when the time is over, or when the solve is not wanted any more.</summary>
internal delegate ISolveBudget SolveBudgets(TimeSpan limit, CancellationToken cancellationToken);

/// <summary>A budget in elapsed time.</summary>
internal sealed class TimedBudget(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken) : ISolveBudget
{
    private readonly long _begin = time.GetTimestamp();

    public double Spent(long work) => cancellationToken.IsCancellationRequested ? 1 : time.GetElapsedTime(_begin) / limit;
}
