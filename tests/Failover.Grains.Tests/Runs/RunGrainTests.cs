using Failover.Abstractions.Ports;
using Failover.Abstractions.State;
using Failover.Domain.Migration;
using Failover.Grains.Tests.Doubles;

namespace Failover.Grains.Tests.Runs;

/// <summary>Store, then act; and what happens when either does not succeed.</summary>
public sealed class RunGrainTests(Bench bench) : IClassFixture<Bench>
{
    [Fact]
    public async Task Submit_TwiceWithOneUid_StoresOneRun()
    {
        var uid = Samples.NewUid();

        var first = await bench.Run(uid).SubmitAsync(Samples.Spec);
        var second = await bench.Run(uid).SubmitAsync(Samples.Spec with { Name = "another" });

        Assert.Equal((RunStep.Waiting, "llama"), (first.Step, second.Spec.Name));
        Assert.Equal("llama", (await bench.WaitForRunAsync(uid, _ => true)).Spec.Name);
    }

    [Fact]
    public async Task Apply_RunThatIsNotThere_IsTheCallersMistake()
    {
        var uid = Samples.NewUid();

        await Assert.ThrowsAsync<ArgumentException>(() => bench.Run(uid).ApplyAsync(new RunEvent.Tick(Samples.Start)));
        Assert.Null(await bench.Run(uid).GetAsync());
    }

    [Fact]
    public async Task Apply_WriteFails_NothingIsDoneOutsideAndTheNextCallReadsTheStore()
    {
        var uid = await bench.PutAsync(Samples.Moving(Samples.NewUid(), RunStep.Pinning, new(1, 0)));
        await bench.Stores.CommitAsync("west", uid, 1, 0);
        bench.Table.Failing = [uid];
        var pinned = new RunEvent.Pinned(Samples.Start, $"{uid}/e2/m2/pin-e1/0", Complete: true);

        await Assert.ThrowsAnyAsync<Exception>(() => bench.Run(uid).ApplyAsync(pinned));

        Assert.Empty(Launches(uid));
        Assert.Equal(RunStep.Pinning, (await bench.WaitForRunAsync(uid, _ => true)).Step);

        bench.Table.Failing = [];
        await bench.Run(uid).ApplyAsync(pinned with { At = bench.Time.GetUtcNow() });

        var launched = await bench.WaitForRunAsync(uid, run => run.Step == RunStep.Verifying);
        Assert.Equal((2, new Domain.Checkpoints.CommitRef(1, 0)), (launched.EpochNumber, launched.Epoch!.ResumeFrom));
        Assert.Equal([launched.Epoch.LaunchId], Launches(uid).Select(launch => launch.LaunchId).Distinct());
    }

    [Fact]
    public async Task Apply_EffectIsAskedFor_OnlyOnceTheRowSaysSo()
    {
        var uid = await bench.PutAsync(Samples.Moving(Samples.NewUid(), RunStep.Pinning, new(1, 0)));
        await bench.Stores.CommitAsync("west", uid, 1, 0);

        await bench.Run(uid).ApplyAsync(new RunEvent.Pinned(Samples.Start, $"{uid}/e2/m2/pin-e1/0", Complete: true));
        var stored = await bench.WaitForRunAsync(uid, run => run.Step == RunStep.Verifying);

        // An effect may be done twice: then it is the same launch.
        var launch = Launches(uid).First();
        Assert.Equal([stored.Epoch!.LaunchId], Launches(uid).Select(known => known.LaunchId).Distinct());
        Assert.Equal(("training", "trainer", "test"), (launch.Namespace, launch.ServiceAccount, launch.Installation));
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["FAILOVER_RUN"] = "llama",
                ["FAILOVER_UID"] = uid,
                ["FAILOVER_EPOCH"] = "2",
                ["FAILOVER_CHECKPOINT_URI"] = $"file:///mnt/west/research/{uid}/e2",
            },
            launch.Environment.Where(pair => !pair.Key.StartsWith("FAILOVER_HEARTBEAT", StringComparison.Ordinal) && pair.Key != "FAILOVER_RESUME_URI").ToDictionary());
        Assert.StartsWith($"file:///mnt/west/research/{uid}/", launch.Environment["FAILOVER_RESUME_URI"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Activation_RowAsksForAnEffect_IssuesItAgain()
    {
        var uid = await bench.PutAsync(Samples.Running(Samples.NewUid()) with { Step = RunStep.Cancelling, CancelledBy = "ann" });

        await bench.Run(uid).GetAsync();

        await bench.WaitForRunAsync(uid, run => run.Step == RunStep.Cancelled);
        Assert.Equal(["seal"], await bench.Stores.SlotsAsync("east", uid, 1));
    }

    [Fact]
    public async Task Tick_RowChangedBySomebodyElse_IsReadAnew()
    {
        var uid = await bench.PutAsync(Samples.Running(Samples.NewUid()));
        await bench.Run(uid).GetAsync();
        await bench.PutAsync(Samples.Running(uid) with { Step = RunStep.Finished });

        await bench.Run(uid).ApplyAsync(new RunEvent.Tick(bench.Time.GetUtcNow()));

        Assert.Equal(RunStep.Finished, (await bench.Run(uid).GetAsync())!.Step);
    }

    [Fact]
    public async Task Apply_RowChangedBySomebodyElse_IsRefusedAndTheNextCallSeesTheOthersRow()
    {
        var uid = await bench.PutAsync(Samples.Running(Samples.NewUid()));
        await bench.Run(uid).GetAsync();
        await bench.PutAsync(Samples.Running(uid) with { CancelledBy = "another" });

        await Assert.ThrowsAnyAsync<Exception>(() => bench.Run(uid).ApplyAsync(new RunEvent.Displaced(Samples.Start, 1, "lost", Samples.Start)));

        Assert.Equal("another", (await bench.Run(uid).GetAsync())!.CancelledBy);
        Assert.Equal(RunStep.Running, (await bench.Run(uid).GetAsync())!.Step);
        Assert.NotNull(await bench.Table.ReadAsync(TableStorage.PartitionOf("run"), uid, TestContext.Current.CancellationToken));
    }

    private IEnumerable<LaunchRequest> Launches(string uid) => bench.Members["west-1"].Launches.Where(launch => launch.RunUid == uid);
}
