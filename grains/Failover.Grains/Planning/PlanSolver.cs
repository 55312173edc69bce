using Failover.Domain.Placement;
using Failover.Grains.Telemetry;
using Microsoft.Extensions.Logging;

namespace Failover.Grains.Planning;

/// <summary>
/// Has problems solved off the grain's turn, in time, and hands out only plans that their checker passes: the solver's, or, where it fails or is late, the first feasible one. It keeps
/// prices for the next solve, and the last plan for as long as it would come out the same. Not for several threads at once.
/// </summary>
internal sealed partial class PlanSolver(SolveBudgets budgets, TimeProvider time, ILogger<PlanSolver> logger)
{
    /// <summary>The solver asks its budget every millisecond, and a loaded machine may keep it from asking; past this it hangs.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private SolvePrices? _prices;
    private (ulong Print, PlacementPlan Plan, DateTimeOffset At)? _last;

    /// <summary>What the next solve will begin from; <see langword="null"/>: nothing yet.</summary>
    internal SolvePrices? Prices => _prices;

    /// <summary>
    /// A plan for the problem. Throws <see cref="ArgumentException"/> for a problem whose numbers mean nothing, <see cref="InvalidOperationException"/> where not even the greedy
    /// plan is sound, and <see cref="OperationCanceledException"/>.
    /// </summary>
    public async Task<PlacementPlan> SolveAsync(PlacementProblem problem, PlacementPolicy policy, CancellationToken cancellationToken)
    {
        var print = ProblemPrint.Of(problem);
        if (_last is { } last && last.Print == print && time.GetUtcNow() - last.At < policy.SolveAgain)
            return last.Plan with { SnapshotVersion = problem.SnapshotVersion };
        var plan = (policy.Engine == PlacementEngine.Solver ? await TrySolveAsync(problem, policy, cancellationToken) : null) ?? await GreedyAsync(problem, policy, cancellationToken);
        // A plan that moves somebody changes the rows that the next problem is made from; where it could not, the next one is to be solved again.
        // A plan that only stands in is not kept.
        _last = plan.Moves.IsEmpty && plan.Engine == policy.Engine ? (print, plan, time.GetUtcNow()) : null;
        return plan;
    }

    /// <summary>The solver's plan; null where there is none that may be used.</summary>
    private async Task<PlacementPlan?> TrySolveAsync(PlacementProblem problem, PlacementPolicy policy, CancellationToken cancellationToken)
    {
        var begin = time.GetTimestamp();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var (budget, prices) = (budgets(policy.SolveLimit, ending.Token), _prices);
        var solving = Task.Run(
            () =>
            {
                var solved = SolverPlacer.Solve(problem, policy, budget, prices);
                return (Solved: solved, Faults: PlanChecker.Check(problem, solved.Plan));
            },
            cancellationToken);
        try
        {
            var (solved, faults) = await solving.WaitAsync(policy.SolveLimit + Grace, time, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            if (faults is [var fault, ..])
            {
                PlanTelemetry.FellBack("unsound");
                LogUnsound(fault, faults.Length);
                return null;
            }

            _prices = solved.Prices;
            PlanTelemetry.Made(problem, solved.Plan, time.GetElapsedTime(begin), solved.Candidates);
            return solved.Plan;
        }
        catch (TimeoutException)
        {
            // It is told to end, and whatever becomes of it is of no interest any more.
            await ending.CancelAsync();
            PlanTelemetry.FellBack("late");
            LogLate(policy.SolveLimit.TotalSeconds);
            return null;
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            PlanTelemetry.FellBack("failed");
            LogFailed(failure);
            return null;
        }
    }

    private async Task<PlacementPlan> GreedyAsync(PlacementProblem problem, PlacementPolicy policy, CancellationToken cancellationToken)
    {
        var begin = time.GetTimestamp();
        var (plan, faults) = await Task.Run(
            () =>
            {
                var placed = Placer.Place(problem, policy);
                return (placed, PlanChecker.Check(problem, placed));
            },
            cancellationToken);
        if (faults is [var fault, ..])
            throw new InvalidOperationException($"The plan is not sound: {fault}.");
        PlanTelemetry.Made(problem, plan, time.GetElapsedTime(begin), null);
        return plan;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The placement solver had no plan within {Seconds} s and more; the first feasible plan is used, which preempts nobody")]
    private partial void LogLate(double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The placement solver failed; the first feasible plan is used, which preempts nobody")]
    private partial void LogFailed(Exception failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "The placement solver's plan is not sound, and not used: {Fault} ({Faults} faults). The first feasible plan is used; please report this")]
    private partial void LogUnsound(string fault, int faults);
}
