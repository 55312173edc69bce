using System.Diagnostics.Metrics;
using Failover.Abstractions.Grains;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Placement;
using Failover.Domain.Placement.Solving;
using Failover.Grains.Planning;
using Failover.Grains.Tests.Doubles;
using Microsoft.Extensions.Logging;

namespace Failover.Grains.Tests.Planning;

/// <summary>Solves inside the planner: when there is one, what becomes of one that goes wrong, and of what changes meanwhile.</summary>
public sealed class PlannerSolveTests : IAsyncLifetime
{
    private readonly Bench _bench = new();
    private readonly string _uid = Samples.NewUid();
    private int _solves;

    public async ValueTask InitializeAsync()
    {
        _bench.Budget = () =>
        {
            Interlocked.Increment(ref _solves);
            return new WorkBudget(200_000);
        };
        await _bench.InitializeAsync();
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Pass_NobodyWaits_SolvesNothing()
    {
        await HealthyAsync("east-1");
        await _bench.PutAsync(Samples.Running(_uid));

        await PlanAsync();

        Assert.Equal(0, _solves);
    }

    [Fact]
    public async Task Pass_Placed_KeepsWhatThePlanSaidWithTheMoveAndInTheLog()
    {
        await HealthyAsync("east-1");
        await HealthyAsync("west-1");
        await _bench.Run(_uid).SubmitAsync(Samples.Spec);

        await PlanAsync();

        var note = (await _bench.WaitForRunAsync(_uid, run => run.Move is not null)).Move!.Note!;
        Assert.Equal(("Solver", 0.0), (note.Engine, note.Gap));
        Assert.NotNull(note.RunnerUp);
        Assert.True(note.Value > 0);
        Assert.Contains(_bench.Log.At(LogLevel.Information), line => line.StartsWith("Planned by Solver: 1 runs, 1 placed, 0 waiting, 0 preempted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pass_SameProblemAndNobodyPlaced_IsNotSolvedAgainForAWhile()
    {
        // So that every member has its row, and with it its reason.
        await PlanAsync();
        await _bench.Run(_uid).SubmitAsync(Samples.Spec);

        await PlanAsync();
        await PlanAsync();
        Assert.Equal(1, _solves);

        _bench.Time.Advance(_bench.Planning.Placement.SolveAgain);
        await PlanAsync();
        Assert.Equal(2, _solves);
    }

    [Fact]
    public async Task Pass_ProblemChanged_IsSolvedAgain()
    {
        await _bench.Run(_uid).SubmitAsync(Samples.Spec);
        await PlanAsync();

        await HealthyAsync("east-1");
        await PlanAsync();

        await _bench.WaitForRunAsync(_uid, run => run.Step == RunStep.Verifying);
        Assert.Equal(2, _solves);
    }

    [Fact]
    public async Task Pass_SolverThrows_TheGreedyPlanIsUsedWithAWarningAndCounted()
    {
        using var fallbacks = new Fallbacks();
        await HealthyAsync("east-1");
        await _bench.Run(_uid).SubmitAsync(Samples.Spec);
        _bench.Budget = () => new Faulty();

        await PlanAsync();

        var run = await _bench.WaitForRunAsync(_uid, run => run.Move is not null);
        Assert.Equal(("Greedy", null), (run.Move!.Note!.Engine, run.Move.Note.Gap));
        Assert.Contains(_bench.Log.At(LogLevel.Warning), line => line.StartsWith("The placement solver failed", StringComparison.Ordinal));
        Assert.Contains("failed", fallbacks.Reasons);
    }

    [Fact]
    public async Task Pass_SolverHangs_TheGreedyPlanIsUsedOnceItIsLate()
    {
        using var fallbacks = new Fallbacks();
        using var hanging = new Hanging();
        await HealthyAsync("east-1");
        await _bench.Run(_uid).SubmitAsync(Samples.Spec);
        _bench.Budget = () => hanging;

        var pass = PlanAsync();
        await hanging.Asked;
        Assert.False(pass.IsCompleted);
        _bench.Time.Advance(TimeSpan.FromMinutes(1));
        await pass;

        Assert.Equal("Greedy", (await _bench.WaitForRunAsync(_uid, run => run.Move is not null)).Move!.Note!.Engine);
        Assert.Contains(_bench.Log.At(LogLevel.Warning), line => line.StartsWith("The placement solver had no plan within 1 s", StringComparison.Ordinal));
        Assert.Contains("late", fallbacks.Reasons);
    }

    [Fact]
    public async Task Pass_MemberClosedWhileThePlanWasMade_TheRunWaitsForTheNextPass()
    {
        using var hanging = new Hanging();
        await HealthyAsync("east-1");
        await _bench.Run(_uid).SubmitAsync(Samples.Spec);
        _bench.Budget = () => hanging;

        var pass = PlanAsync();
        await hanging.Asked;
        await _bench.Grains.GetGrain<IMemberGrain>("east-1").ApplyAsync(new MemberEvent.Cordoned(_bench.Time.GetUtcNow(), "ann"));
        hanging.LetGo();
        await pass;

        Assert.Equal((RunStep.Waiting, WaitReason.NotYetPlanned), ((await _bench.Run(_uid).GetAsync())!.Step, (await _bench.Run(_uid).GetAsync())!.Waiting!.Reason));
        Assert.Contains(_bench.Log.At(LogLevel.Information), line => line.EndsWith("east-1 is no longer a place for it", StringComparison.Ordinal));
        _bench.Budget = () => new WorkBudget(200_000);
        await PlanAsync();
        Assert.Equal(WaitReason.NoFit, (await _bench.Run(_uid).GetAsync())!.Waiting!.Reason);
    }

    [Fact]
    public async Task Solver_SecondProblem_BeginsFromThePricesOfTheFirst()
    {
        var solver = _bench.Make<PlanSolver>();
        var problem = Crowd("east-1");
        Assert.Null(solver.Prices);

        await solver.SolveAsync(problem, new(), CancellationToken.None);
        var first = solver.Prices;
        await solver.SolveAsync(problem with { Bins = [problem.Bins[0] with { NodesByFreeGpus = [0, 0, 0, 0, 0, 0, 0, 0, 3] }] }, new(), CancellationToken.None);

        Assert.Equal(1, first!.Bins);
        Assert.NotSame(first, solver.Prices);
    }

    [Fact]
    public async Task Solver_NotWantedAnyMore_Throws()
    {
        using var hanging = new Hanging();
        _bench.Budget = () => hanging;
        using var ending = new CancellationTokenSource();
        var solving = _bench.Make<PlanSolver>().SolveAsync(Crowd("east-1"), new(), ending.Token);
        await hanging.Asked;

        await ending.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => solving);
    }

    [Fact]
    public async Task Solver_GreedyIsAskedFor_SolvesNothing()
    {
        var plan = await _bench.Make<PlanSolver>().SolveAsync(Crowd("east-1"), new() { Engine = PlacementEngine.Greedy }, CancellationToken.None);
        Assert.Equal((PlacementEngine.Greedy, null, 0), (plan.Engine, plan.Bound, _solves));
    }

    /// <summary>Three runs of a node each, for two nodes.</summary>
    private static PlacementProblem Crowd(string member) => new()
    {
        SnapshotVersion = 1,
        Members = [new(member, "east")],
        Regions = [new("east", 0)],
        Bins = [new(member, "h100", [0, 0, 0, 0, 0, 0, 0, 0, 2])],
        Runs =
        [
            .. Enumerable.Range(0, 3).Select(index => new PlacementRun
            {
                Uid = $"u{index}",
                Name = $"n{index}",
                Workers = 1,
                GpusPerWorker = 8,
                Tier = index,
                Skus = [new("h100", 1_000)],
                Sites = [new("east", "east", [], 0)],
            }),
        ],
    };

    private async Task HealthyAsync(string member)
    {
        var grain = _bench.Grains.GetGrain<IMemberGrain>(member);
        var now = _bench.Time.GetUtcNow();
        await grain.ApplyAsync(new MemberEvent.Observed(now, Samples.Capacity()));
        await grain.ApplyAsync(new MemberEvent.LeasesReported(now, "local", new LeaseReport(Answer.Yes, 1, TimeSpan.FromMinutes(1), "all")));
        var state = await grain.ApplyAsync(new MemberEvent.ApiReported(now, "local", new ApiReport(Answer.Yes, TimeSpan.FromMinutes(1), false, "ready")));
        Assert.Equal(MemberVerdict.Healthy, state.Verdict);
    }

    private Task PlanAsync() => _bench.Grains.GetGrain<IPlannerGrain>(IPlannerGrain.Key).PlanAsync();

    private sealed class Faulty : ISolveBudget
    {
        public double Spent(long work) => throw new InvalidOperationException("The budget is broken.");
    }

    /// <summary>Does not answer until it is let go, and is spent then.</summary>
    private sealed class Hanging : ISolveBudget, IDisposable
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly object _gate = new();
        private bool _open;

        public Task Asked => _asked.Task;

        public double Spent(long work)
        {
            _asked.TrySetResult();
            lock (_gate)
            {
                while (!_open)
                    Monitor.Wait(_gate);
            }

            return 1;
        }

        public void LetGo()
        {
            lock (_gate)
            {
                _open = true;
                Monitor.PulseAll(_gate);
            }
        }

        public void Dispose() => LetGo();
    }

    /// <summary>Reasons of the fallbacks that were counted while it listened, in this process.</summary>
    private sealed class Fallbacks : IDisposable
    {
        private readonly MeterListener _listener = new();

        public Fallbacks()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "failover.plan.fallbacks")
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
            {
                lock (Reasons)
                    Reasons.Add((string)tags[0].Value!);
            });
            _listener.Start();
        }

        public List<string> Reasons { get; } = [];

        public void Dispose() => _listener.Dispose();
    }
}
