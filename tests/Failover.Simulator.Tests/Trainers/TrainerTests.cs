using System.Text.Json;
using Failover.Simulator.History;
using Failover.Simulator.Stores;
using Failover.Simulator.Trainers;

namespace Failover.Simulator.Tests.Trainers;

public sealed class TrainerTests : IDisposable
{
    private readonly TrainerBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Run_Undisturbed_CommitsAndFinishesWithTheReference()
    {
        var exit = await _bench.RunAsync(TrainerBench.Settings());

        Assert.Equal(TrainerExit.Trained, exit.Code);
        Assert.Equal([10, 20, 30, 40], _bench.Commits().Select(c => c.Document.Step));
        var finished = Assert.Single(_bench.All<RunFinished>());
        Assert.Equal(TrainingMath.Reference(7, 40), finished.WeightsSha256);
        Assert.Equal(_bench.Commits()[^1].Document.Provenance, finished.Provenance);
    }

    [Fact]
    public async Task Commits_OfTwoEpochs_FormOneChain()
    {
        var half = new ScriptedPace();
        half = new ScriptedPace { OnStep = s => { if (s == 25) half.Killed.Cancel(); } };
        await _bench.RunAsync(TrainerBench.Settings(), half);

        await _bench.RunAsync(TrainerBench.Settings(epoch: 2, resume: "e1/commits/1"));

        CommitRef? parent = null;
        string? provenance = null;
        foreach (var (epoch, slot, document) in _bench.Commits())
        {
            Assert.Equal(parent, document.Parent);
            Assert.Equal(epoch == 1 ? null : new CommitRef(1, 1), document.ResumedFrom);
            provenance = Provenance.Compute(TrainerBench.Uid, provenance, epoch, document.Attempt, document.Nonce, document.ResumedFrom, document.Step);
            Assert.Equal(provenance, document.Provenance);
            parent = new(epoch, slot);
        }

        Assert.Equal(new CommitRef(2, 1), parent);
        Assert.Equal(TrainingMath.Reference(7, 40), Assert.Single(_bench.All<RunFinished>()).WeightsSha256);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Run_KilledAtAnyWriteAgainAndAgain_EndsWithTheReference(int seed)
    {
        var random = new Random(seed);
        var settings = TrainerBench.Settings() with { Seed = (ulong)seed, Awkward = seed % 2 == 0, Keep = 2 };
        TrainerExit exit;
        var attempts = 0;
        do
        {
            var fatal = random.Next(1, 40);
            var pace = new ScriptedPace();
            pace = new ScriptedPace { OnWrite = w => { if (w == fatal && attempts < 100) pace.Killed.Cancel(); } };
            exit = await _bench.RunAsync(settings, pace);
            attempts++;
        }
        while (exit.Code == TrainerExit.Killed);

        Assert.Equal(TrainerExit.Trained, exit.Code);
        Assert.True(attempts > 1);
        Assert.Equal(TrainingMath.Reference((ulong)seed, 40), Assert.Single(_bench.All<RunFinished>()).WeightsSha256);
    }

    [Fact]
    public async Task Run_KilledAtEachWriteOfACommit_CountsItOnlyOnceItsSlotIsLinked()
    {
        // Three moments a file: the claim's are 1 to 3, two files' 4 to 9, the slot's 10 to 12; the slot is linked between 11 and 12.
        for (var fatal = 4; fatal <= 12; fatal++)
        {
            using var bench = new TrainerBench();
            var pace = new ScriptedPace();
            var last = fatal;
            pace = new ScriptedPace { OnWrite = w => { if (w == last) pace.Killed.Cancel(); } };

            var exit = await bench.RunAsync(TrainerBench.Settings(), pace);

            Assert.Equal(TrainerExit.Killed, exit.Code);
            Assert.Equal(fatal == 12 ? 1 : 0, bench.Commits().Count);
            Assert.Empty(bench.All<CommitTried>());
        }
    }

    [Fact]
    public async Task Commit_SlotSealed_StopsWith86()
    {
        var pace = new ScriptedPace { OnStep = s => { if (s == 15) _bench.SealAsync(1, 1).GetAwaiter().GetResult(); } };

        var exit = await _bench.RunAsync(TrainerBench.Settings(), pace);

        Assert.Equal(TrainerExit.EpochOver, exit.Code);
        Assert.Equal([CommitOutcome.Committed, CommitOutcome.Sealed], _bench.All<CommitTried>().Select(c => c.Outcome));
        Assert.Equal(20, pace.Steps);
    }

    [Fact]
    public async Task Start_EpochSealed_StopsWith86BeforeAStep()
    {
        await _bench.SealAsync(1, 0);
        var pace = new ScriptedPace();

        Assert.Equal(TrainerExit.EpochOver, (await _bench.RunAsync(TrainerBench.Settings(), pace)).Code);

        Assert.Equal(0, pace.Steps);
        Assert.Empty(_bench.All<AttemptStarted>());
    }

    [Fact]
    public async Task Commit_SlotOfAnotherAttempt_StopsWith86()
    {
        // The second attempt begins and commits while the first one still runs.
        var pace = new ScriptedPace
        {
            OnStep = s =>
            {
                if (s == 5) _bench.RunAsync(TrainerBench.Settings()).GetAwaiter().GetResult();
            },
        };

        var exit = await _bench.RunAsync(TrainerBench.Settings(), pace);

        Assert.Equal(TrainerExit.EpochOver, exit.Code);
        Assert.Equal(CommitOutcome.Taken, _bench.All<CommitTried>().Last().Outcome);
        Assert.All(_bench.Commits(), c => Assert.Equal(1, c.Document.Attempt));
    }

    [Theory]
    [InlineData(TrainingState.WeightsFile)]
    [InlineData(TrainingState.OptimizerFile)]
    public async Task Start_CorruptCheckpoint_StopsWith87(string file)
    {
        await _bench.RunAsync(TrainerBench.Settings() with { Steps = 20 });
        Assert.NotNull(_bench.World.CorruptNewestCommit("store-east", TrainerBench.Tenant, TrainerBench.Uid, new Corruption(file)));

        Assert.Equal(TrainerExit.CorruptCheckpoint, (await _bench.RunAsync(TrainerBench.Settings())).Code);
        Assert.Equal(TrainerExit.CorruptCheckpoint, (await _bench.RunAsync(TrainerBench.Settings(epoch: 2, resume: "e1/commits/1"))).Code);
        Assert.Equal(TrainerExit.Trained, (await _bench.RunAsync(TrainerBench.Settings(epoch: 2, resume: "e1/commits/0"))).Code);
    }

    [Fact]
    public async Task Start_ResumeCommitMissing_StopsWith87AndNeverStartsFresh()
    {
        Assert.Equal(TrainerExit.CorruptCheckpoint, (await _bench.RunAsync(TrainerBench.Settings(epoch: 2, resume: "e1/commits/4"))).Code);
        Assert.Empty(_bench.Commits());
    }

    [Fact]
    public async Task Start_StoreCut_EndsWith1AfterBoundedTries()
    {
        _bench.World.PowerOffStore("store-east");
        var waited = new List<TimeSpan>();

        var exit = await _bench.RunAsync(TrainerBench.Settings(), new ScriptedPace { OnPause = waited.Add });

        Assert.Equal(TrainerExit.Failed, exit.Code);
        Assert.Equal(7, waited.Count);
        Assert.Equal(TimeSpan.FromSeconds(4), waited[^1]);
    }

    [Fact]
    public async Task Commit_StoreCutForAWhile_TrainsOnAndCommitsAfterwards()
    {
        var pace = new ScriptedPace
        {
            OnStep = s =>
            {
                if (s == 5) _bench.World.Cut("east", "store-east");
                if (s == 25) _bench.World.Heal("east", "store-east");
            },
        };

        var exit = await _bench.RunAsync(TrainerBench.Settings(), pace);

        Assert.Equal(TrainerExit.Trained, exit.Code);
        Assert.Contains(_bench.All<CommitTried>(), c => c.Outcome == CommitOutcome.Io);
        Assert.InRange(_bench.Commits()[0].Document.Step, 25, 40);
        Assert.Equal(40, pace.Steps);
        Assert.Equal(TrainingMath.Reference(7, 40), Assert.Single(_bench.All<RunFinished>()).WeightsSha256);
    }

    [Fact]
    public async Task Run_RegionCutOff_ZombieGoesOnInItsOwnStore()
    {
        _bench.World.PartitionRegion("east");

        var exit = await _bench.RunAsync(TrainerBench.Settings());

        Assert.Equal(TrainerExit.Trained, exit.Code);
        Assert.Equal(4, _bench.Commits().Count);
        Assert.All(_bench.All<StepReached>(), s => Assert.False(s.HeartbeatWritten));
        Assert.Throws<StoreUnreachableException>(() => _bench.World.Mount(StoreWorld.SiloOwner, "store-east").Check());
    }

    [Fact]
    public async Task Sigterm_InTraining_CommitsAndStops()
    {
        var pace = new ScriptedPace();
        pace = new ScriptedPace { OnStep = s => { if (s == 13) pace.Terminating.Cancel(); } };

        var exit = await _bench.RunAsync(TrainerBench.Settings(), pace);

        Assert.Equal(TrainerExit.Terminated, exit.Code);
        Assert.Equal([10, 13], _bench.Commits().Select(c => c.Document.Step));
    }

    [Fact]
    public async Task Prune_KeepTwo_LeavesTheNewestCommitsWholeAndAllSlots()
    {
        await _bench.RunAsync(TrainerBench.Settings() with { Keep = 2, Steps = 55 });

        Assert.Equal(6, _bench.Commits().Count);
        Assert.Equal(["50", "55"], Directory.EnumerateDirectories(_bench.InStore("e1/a0")).Select(Path.GetFileName).Order());
        Assert.All(_bench.Commits()[^1].Document.Files, f => Assert.Equal(f.SizeBytes, new FileInfo(_bench.InStore(f.Path)).Length));
        Assert.Equal([10, 20, 30, 40], _bench.All<CheckpointPruned>().Select(p => p.Step));
    }

    [Fact]
    public async Task Prune_NextAttempt_LeavesOtherAttemptsFilesAlone()
    {
        var pace = new ScriptedPace();
        pace = new ScriptedPace { OnStep = s => { if (s == 25) pace.Killed.Cancel(); } };
        await _bench.RunAsync(TrainerBench.Settings() with { Keep = 1 }, pace);

        await _bench.RunAsync(TrainerBench.Settings() with { Keep = 1 });

        Assert.Equal(["20"], Directory.EnumerateDirectories(_bench.InStore("e1/a0")).Select(Path.GetFileName));
        Assert.Equal(["40"], Directory.EnumerateDirectories(_bench.InStore("e1/a1")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Heartbeat_OfASecondEpoch_SaysWhatTheSchemaAsks()
    {
        await _bench.RunAsync(TrainerBench.Settings() with { Steps = 20 });
        await _bench.RunAsync(TrainerBench.Settings(epoch: 2, resume: "e1/commits/1"));

        var path = Path.Combine(_bench.World.StorePath("store-west"), "heartbeats", "member-1", TrainerBench.Uid);
        using var beat = JsonDocument.Parse(await File.ReadAllBytesAsync(path));
        Assert.Equal(TrainerBench.Uid, beat.RootElement.GetProperty("uid").GetString());
        Assert.Equal(2, beat.RootElement.GetProperty("epoch").GetInt32());
        Assert.Equal(0, beat.RootElement.GetProperty("attempt").GetInt32());
        Assert.Equal(40, beat.RootElement.GetProperty("step").GetInt64());
        Assert.Equal(1, beat.RootElement.GetProperty("resumedFrom").GetProperty("commit").GetInt32());
    }

    [Fact]
    public async Task Heartbeats_WhileItLoads_SayWhatItWillTrainFromAndGoOn()
    {
        await _bench.RunAsync(TrainerBench.Settings() with { Steps = 20 });
        var said = new List<JsonElement>();
        var pace = new ScriptedPace { OnPause = _ => said.Add(Heartbeat()) };

        await _bench.RunAsync(TrainerBench.Settings(epoch: 2, resume: "e1/commits/1") with { LoadTime = TimeSpan.FromSeconds(2.5) }, pace);

        Assert.Equal([("loading", 1L), ("loading", 2L), ("loading", 3L)], said.Select(beat => (beat.GetProperty("phase").GetString()!, beat.GetProperty("beat").GetInt64())));
        Assert.All(said, beat => Assert.Equal((20L, 1), (beat.GetProperty("step").GetInt64(), beat.GetProperty("resumedFrom").GetProperty("commit").GetInt32())));
        Assert.Equal("training", Heartbeat().GetProperty("phase").GetString());
        // They are no samples of training.
        Assert.DoesNotContain(_bench.All<StepReached>(), sample => sample.Trainer.Epoch == 2 && sample.Executed == 0 && sample.At < _bench.All<AttemptStarted>().Last().At);
    }

    [Fact]
    public async Task Heartbeats_RiseWithEachWritten()
    {
        var beats = new List<long>();
        var pace = new ScriptedPace { OnStep = _ => beats.Add(Heartbeat().GetProperty("beat").GetInt64()) };

        await _bench.RunAsync(TrainerBench.Settings() with { HeartbeatEvery = TimeSpan.FromMilliseconds(100) }, pace);

        Assert.Equal(Enumerable.Range(2, 40).Select(beat => (long)beat), beats);
    }

    [Fact]
    public async Task Heartbeats_LastCommitCannotBeWritten_SayThatItCheckpoints()
    {
        var phases = new HashSet<string?>();
        var pace = new ScriptedPace();
        pace = new ScriptedPace
        {
            OnStep = s =>
            {
                if (s == 35) _bench.World.Cut("east", "store-east");
            },
            OnPause = _ =>
            {
                phases.Add(Heartbeat().GetProperty("phase").GetString());
                if (phases.Contains("checkpointing")) _bench.World.Heal("east", "store-east");
            },
        };

        var exit = await _bench.RunAsync(TrainerBench.Settings(), pace);

        Assert.Equal(TrainerExit.Trained, exit.Code);
        Assert.Contains("checkpointing", phases);
    }

    [Fact]
    public async Task Heartbeats_OfATerseTrainer_SayNoMoreThanTheyMust()
    {
        var paused = false;
        var pace = new ScriptedPace
        {
            OnPause = _ =>
            {
                paused = true;
                Assert.False(File.Exists(HeartbeatPath));
            },
        };

        await _bench.RunAsync(TrainerBench.Settings() with { Terse = true, LoadTime = TimeSpan.FromSeconds(2.5) }, pace);

        Assert.True(paused);
        Assert.Equal(["attempt", "epoch", "resumedFrom", "step", "uid"], Heartbeat().EnumerateObject().Select(member => member.Name).Order());
    }

    private string HeartbeatPath => Path.Combine(_bench.World.StorePath("store-west"), "heartbeats", "member-1", TrainerBench.Uid);

    private JsonElement Heartbeat() => JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(HeartbeatPath));
}
