using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Failover.Simulator.Stores;
using Failover.Simulator.Trainers;

namespace Failover.Simulator.Tests.Trainers;

/// <summary>docs/examples/trainer.py was written from the contract's page alone; what it leaves in a store is read here by the simulator's code.</summary>
public sealed class ExampleTrainerTests : IDisposable
{
    private readonly TrainerBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Example_RunAndResumedInTheNextEpoch_LeavesOneChainAndTheSameState()
    {
        Assert.Equal(TrainerExit.Trained, await RunAsync(epoch: 1, steps: 40));
        Assert.Equal(TrainerExit.Trained, await RunAsync(epoch: 2, steps: 40, resume: "e1/commits/1"));

        var commits = _bench.Commits();
        Assert.Equal([10L, 20, 30, 40, 30, 40], commits.Select(c => c.Document.Step));
        Assert.Equal(commits[3].Document.Files[0].Sha256, commits[5].Document.Files[0].Sha256);
        var parents = new Dictionary<CommitRef, CommitDocument>();
        foreach (var (epoch, slot, document) in commits)
        {
            var expected = slot > 0 ? new CommitRef(epoch, slot - 1) : document.ResumedFrom;
            Assert.Equal(expected, document.Parent);
            Assert.Equal(epoch == 1 ? null : new CommitRef(1, 1), document.ResumedFrom);
            var parent = document.Parent is null ? null : parents[document.Parent].Provenance;
            Assert.Equal(Provenance.Compute(TrainerBench.Uid, parent, epoch, 0, document.Nonce, document.ResumedFrom, document.Step), document.Provenance);
            var file = Assert.Single(document.Files);
            var content = await File.ReadAllBytesAsync(_bench.InStore(file.Path));
            Assert.Equal((file.SizeBytes, file.Sha256), (content.Length, Convert.ToHexStringLower(SHA256.HashData(content))));
            parents.Add(new(epoch, slot), document);
        }

        using var beat = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(_bench.World.StorePath("store-west"), "heartbeats", "m1", TrainerBench.Uid)));
        Assert.Equal(40, beat.RootElement.GetProperty("step").GetInt64());
        Assert.Equal(1, beat.RootElement.GetProperty("resumedFrom").GetProperty("commit").GetInt32());
    }

    [Fact]
    public async Task Example_AgainInItsOwnEpoch_GoesOnFromItsNewestCommitAsTheNextAttempt()
    {
        Assert.Equal(TrainerExit.Trained, await RunAsync(epoch: 1, steps: 20));
        Assert.Equal(TrainerExit.Trained, await RunAsync(epoch: 1, steps: 30));

        var newest = _bench.Commits()[^1].Document;
        Assert.Equal((1, 30L, new CommitRef(1, 1)), (newest.Attempt, newest.Step, newest.ResumedFrom));
    }

    [Fact]
    public async Task Example_EpochSealed_ExitsWith86()
    {
        await _bench.SealAsync(1, 0);
        Assert.Equal(TrainerExit.EpochOver, await RunAsync(epoch: 1, steps: 20));
    }

    [Fact]
    public async Task Example_CorruptCheckpoint_ExitsWith87()
    {
        await RunAsync(epoch: 1, steps: 20);
        _bench.World.CorruptNewestCommit("store-east", TrainerBench.Tenant, TrainerBench.Uid);
        Assert.Equal(TrainerExit.CorruptCheckpoint, await RunAsync(epoch: 2, steps: 40, resume: "e1/commits/1"));
    }

    private async Task<int> RunAsync(int epoch, int steps, string? resume = null)
    {
        Assert.SkipUnless(FindPython() is not null, "There is no python3 on the PATH.");
        var start = new ProcessStartInfo(FindPython()!, [Script()]) { RedirectStandardError = true, UseShellExecute = false };
        start.Environment["FAILOVER_RUN"] = "line";
        start.Environment["FAILOVER_UID"] = TrainerBench.Uid;
        start.Environment["FAILOVER_EPOCH"] = $"{epoch}";
        start.Environment["FAILOVER_CHECKPOINT_URI"] = new Uri(_bench.InStore($"e{epoch}")).AbsoluteUri;
        // As a launch sets them: what is not said is empty.
        start.Environment["FAILOVER_RESUME_URI"] = resume is null ? "" : new Uri(_bench.InStore(resume)).AbsoluteUri;
        start.Environment["FAILOVER_HEARTBEAT_SECONDS"] = "";
        start.Environment["FAILOVER_HEARTBEAT_URI"] = new Uri(Path.Combine(_bench.World.StorePath("store-west"), "heartbeats", "m1", TrainerBench.Uid)).AbsoluteUri;
        start.Environment["TRAINER_STEPS"] = $"{steps}";
        start.Environment["TRAINER_COMMIT_EVERY"] = "10";
        start.Environment["TRAINER_STEP_SECONDS"] = "0";
        using var process = Process.Start(start)!;
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        TestContext.Current.TestOutputHelper?.WriteLine(errors);
        return process.ExitCode;
    }

    private static string? FindPython() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, "python3")).FirstOrDefault(File.Exists);

    private static string Script()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var script = Path.Combine(folder.FullName, "docs", "examples", "trainer.py");
            if (File.Exists(script)) return script;
        }

        throw new FileNotFoundException("docs/examples/trainer.py is not above the tests' binaries.");
    }
}
