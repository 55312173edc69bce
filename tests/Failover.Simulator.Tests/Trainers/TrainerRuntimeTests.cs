using Failover.Simulator.Cluster;
using Failover.Simulator.History;
using Failover.Simulator.Trainers;

namespace Failover.Simulator.Tests.Trainers;

public sealed class TrainerRuntimeTests : IAsyncLifetime
{
    private readonly TrainerBench _bench = new();
    private readonly Exits _exits = new();
    private readonly TrainerRuntime _runtime;

    public TrainerRuntimeTests()
    {
        _runtime = new TrainerRuntime(_bench.World, _bench.History, _bench.Time, new Random(1));
        _runtime.Attach("member-1", _exits);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _runtime.DisposeAsync();
        _bench.Dispose();
    }

    [Fact]
    public async Task Gang_Complete_TrainsAndAllPodsSucceed()
    {
        var pods = Start(3);

        Assert.All(await ExitsAsync(pods), code => Assert.Equal(0, code));
        Assert.Equal(TrainingMath.Reference(7, 40), Assert.Single(_bench.All<RunFinished>()).WeightsSha256);
        Assert.Single(_bench.All<AttemptStarted>());
    }

    [Fact]
    public async Task Gang_Incomplete_TakesNoStepAndEndsOnSigterm()
    {
        var pod = Pod(0, 2);
        _runtime.PodStarted(pod);
        _runtime.PodTerminating(pod, TimeSpan.FromSeconds(30));

        Assert.Equal((int[])[TrainerExit.Terminated], await ExitsAsync([pod]));
        Assert.Empty(_bench.Events);
    }

    [Fact]
    public async Task PodKilled_FailsItsPeers_AndReplacementsGoOnAsTheNextAttempt()
    {
        var first = Start(3);
        await UntilAsync(() => _bench.All<CommitTried>().Any());
        _runtime.PodKilled(first[2]);

        Assert.Equal((int[])[1, 1], await ExitsAsync(first[..2]));
        Assert.False(_exits.Has(first[2]));
        Assert.Equal(TrainerExit.Killed, Assert.Single(_bench.All<AttemptExited>()).Code);

        var second = Start(3);
        Assert.All(await ExitsAsync(second), code => Assert.Equal(0, code));
        var finished = Assert.Single(_bench.All<RunFinished>());
        Assert.Equal(1, finished.Trainer.Attempt);
        Assert.Equal(TrainingMath.Reference(7, 40), finished.WeightsSha256);
        Assert.Equal(2, _bench.All<AttemptStarted>().Select(a => a.Nonce).Distinct().Count());
    }

    [Fact]
    public async Task Hang_StopsStepsAndHeedsNothingButAKill()
    {
        var pods = Start(2);
        await UntilAsync(() => _bench.All<CommitTried>().Any());

        Assert.True(_runtime.Hang("member-1", pods[0].Environment["FAILOVER_UID"]));
        Assert.False(_runtime.Hang("member-2", pods[0].Environment["FAILOVER_UID"]));
        _runtime.PodTerminating(pods[0], TimeSpan.FromSeconds(30));
        _runtime.PodKilled(pods[0]);

        Assert.Equal((int[])[1], await ExitsAsync(pods[1..]));
        Assert.Equal(TrainerExit.Killed, Assert.Single(_bench.All<AttemptExited>()).Code);
        Assert.Empty(_bench.All<RunFinished>());
    }

    [Fact]
    public async Task PodTerminating_OneOfTheGang_CommitsAndAllEnd()
    {
        var pods = Start(2);
        await UntilAsync(() => _bench.All<CommitTried>().Any());
        _runtime.PodTerminating(pods[1], TimeSpan.FromSeconds(30));

        Assert.All(await ExitsAsync(pods), code => Assert.Equal(TrainerExit.Terminated, code));
        var started = _bench.All<CommitTried>().Last();
        Assert.Equal(started.Step, _bench.All<AttemptExited>().Single().Executed);
    }

    [Fact]
    public async Task PodKilled_AfterwardsNoStepIsTakenAndNothingIsWritten()
    {
        var pods = Start(1);
        await UntilAsync(() => _bench.All<CommitTried>().Any());
        _runtime.PodKilled(pods[0]);
        await UntilAsync(() => _bench.All<AttemptExited>().Any());
        var events = _bench.Events.Count;
        var commits = _bench.Commits().Count;

        _bench.Time.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal(events, _bench.Events.Count);
        Assert.Equal(commits, _bench.Commits().Count);
    }

    [Fact]
    public async Task ForeignPod_Sigterm_Ends()
    {
        var pod = Pod(0, 1) with { Environment = new Dictionary<string, string>() };
        _runtime.PodStarted(pod);
        _runtime.PodTerminating(pod, TimeSpan.FromSeconds(30));
        Assert.Equal((int[])[TrainerExit.Terminated], await ExitsAsync([pod]));
    }

    [Theory]
    [InlineData("FAILOVER_EPOCH", "zero")]
    [InlineData("FAILOVER_CHECKPOINT_URI", "file:///elsewhere/e1")]
    [InlineData("FAILOVER_CHECKPOINT_URI", "")]
    [InlineData("FAILOVER_RESUME_URI", "file:///failover-stores/store-east/acme/x/e1/a0/claim")]
    [InlineData("TRAINER_STEPS", "0")]
    public async Task BadEnvironment_ExitsWith2AndSaysWhichOrWhat(string name, string value)
    {
        var pod = Pod(0, 1);
        pod = pod with { Environment = new Dictionary<string, string>(pod.Environment) { [name] = value } };
        _runtime.PodStarted(pod);

        Assert.Equal((int[])[TrainerExit.Misconfigured], await ExitsAsync([pod]));
        var reason = Assert.Single(_bench.All<AttemptExited>()).Reason;
        Assert.True(reason.Contains(name, StringComparison.Ordinal) || (value.Length > 0 && reason.Contains(value, StringComparison.Ordinal)), reason);
    }

    private static PodInfo Pod(int index, int size)
    {
        var settings = TrainerBench.Settings();
        return new("member-1", "east", "train", $"llm-{index}", Guid.NewGuid().ToString(), "node-0", "llm-e1", "job-1", index, size, new Dictionary<string, string>(),
            new Dictionary<string, string>
            {
                ["FAILOVER_RUN"] = settings.Run,
                ["FAILOVER_UID"] = settings.Uid,
                ["FAILOVER_EPOCH"] = "1",
                ["FAILOVER_CHECKPOINT_URI"] = settings.CheckpointUri,
                ["FAILOVER_HEARTBEAT_URI"] = settings.HeartbeatUri!,
                ["FAILOVER_HEARTBEAT_SECONDS"] = "0.5",
                ["TRAINER_SEED"] = "7",
                ["TRAINER_STEPS"] = "40",
                ["TRAINER_STEP_MS"] = "100",
                ["TRAINER_COMMIT_EVERY"] = "10",
                ["TRAINER_LOAD_MS"] = "300",
            },
            TimeSpan.FromSeconds(30));
    }

    private PodInfo[] Start(int size)
    {
        PodInfo[] pods = [.. Enumerable.Range(0, size).Select(i => Pod(i, size))];
        foreach (var pod in pods) _runtime.PodStarted(pod);
        return pods;
    }

    private async Task<int[]> ExitsAsync(PodInfo[] pods)
    {
        await UntilAsync(() => pods.All(_exits.Has));
        return [.. pods.Select(_exits.Of)];
    }

    // Fake time advances for as long as it takes; the trainers' tasks run beside us.
    private async Task UntilAsync(Func<bool> reached)
    {
        while (!reached())
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            _bench.Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }
    }

    private sealed class Exits : IPodControl
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<string, int> _codes = [];

        public void PodExited(string ns, string podName, string podUid, int exitCode)
        {
            lock (_lock) _codes.Add(podUid, exitCode);
        }

        public bool Has(PodInfo pod)
        {
            lock (_lock) return _codes.ContainsKey(pod.Uid);
        }

        public int Of(PodInfo pod)
        {
            lock (_lock) return _codes[pod.Uid];
        }
    }
}
