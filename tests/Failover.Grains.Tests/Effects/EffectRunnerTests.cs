using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;
using Failover.Grains.Effects;
using Failover.Grains.Tests.Doubles;
using Microsoft.Extensions.DependencyInjection;

namespace Failover.Grains.Tests.Effects;

/// <summary>Each effect of a move, done through the runner, and what comes back.</summary>
public sealed class EffectRunnerTests(Bench bench) : IClassFixture<Bench>
{
    private readonly string _uid = Samples.NewUid();

    [Fact]
    public async Task Effect_RowHasMovedOn_IsDropped()
    {
        var late = RunMachine.Pending(Launching(), new RunPolicy());
        await bench.PutAsync(Samples.Running(_uid));
        var marker = await bench.PutAsync(Samples.Running(Samples.NewUid()) with { Step = RunStep.Cancelling });

        Queue.Enqueue(_uid, late);
        Queue.Enqueue("nobody", late);
        await PassedAsync(marker);

        Assert.Empty(Launches);
        Assert.Equal(RunStep.Running, (await bench.WaitForRunAsync(_uid, _ => true)).Step);
    }

    [Fact]
    public async Task Effect_NoAnswerInTime_IsUnknownAndTriedAgain()
    {
        bench.Members["west-1"].OnLaunch = null;
        await bench.PutAsync(Launching());
        await bench.Run(_uid).GetAsync();
        await UntilAsync(() => Launches.Any());

        bench.Time.Advance(new EffectOptions().Timeout);
        var failed = await bench.WaitForRunAsync(_uid, run => run.Retry.Tries == 1);
        Assert.Equal(RunStep.Launching, failed.Step);

        bench.Members["west-1"].OnLaunch = new CallResult(CallOutcome.Done, "");
        bench.Time.Advance(TimeSpan.FromMinutes(1));
        await bench.Run(_uid).ApplyAsync(new RunEvent.Tick(bench.Time.GetUtcNow()));
        await bench.WaitForRunAsync(_uid, run => run.Step == RunStep.Verifying);
        Assert.Equal(2, Launches.Count());
        Assert.Single(Launches.Select(launch => launch.LaunchId).Distinct());
    }

    [Theory]
    [InlineData(CallOutcome.Refused, RunStep.Launching)]
    [InlineData(CallOutcome.Unknown, RunStep.Launching)]
    [InlineData(CallOutcome.Invalid, RunStep.Waiting)]
    [InlineData(CallOutcome.Done, RunStep.Verifying)]
    public async Task Launch_ByWhatTheMemberAnswers_IsTriedAgainOrGivenUpOrDone(CallOutcome outcome, RunStep expected)
    {
        bench.Members["west-1"].OnLaunch = new CallResult(outcome, "so it says");
        await bench.PutAsync(Launching());

        await bench.Run(_uid).GetAsync();

        var run = await bench.WaitForRunAsync(_uid, run => run.Step != RunStep.Launching || run.Retry.Tries > 0);
        Assert.Equal(expected, run.Step);
    }

    [Fact]
    public async Task Failover_StoreOfTheLostRegionCutOff_ReachesVerifyingWithTheSealOwedAndSealsAtFirstContact()
    {
        bench.Members["west-1"].OnLaunch = new CallResult(CallOutcome.Done, "");
        await bench.Stores.CommitAsync("east", _uid, 1, 0);
        await bench.Stores.CommitAsync("west", _uid, 1, 0);
        bench.Stores.Cut("east");
        await bench.PutAsync(Samples.Moving(_uid, RunStep.Reserved) with { Tips = [new StoreTip("west", new CommitRef(1, 0), 1_010, Samples.Start)] });

        await bench.Run(_uid).GetAsync();
        var launched = await bench.WaitForRunAsync(_uid, run => run.Step == RunStep.Verifying);
        Assert.Equal(new CommitRef(1, 0), launched.Epoch!.ResumeFrom);
        Assert.Equal([new PendingSeal(1, "east")], launched.PendingSeals.Select(seal => seal with { NotBefore = null, Since = null }));
        Assert.Equal("weights of e1/0", bench.Stores.Read("west", _uid, $"pins/e2/{StoreWorld.PathOf(new CommitRef(1, 0))}"));

        // The zombie has gone on behind the partition; what it committed there does not count any more.
        bench.Stores.Heal("east");
        await bench.Stores.CommitAsync("east", _uid, 1, 1);
        bench.Time.Advance(TimeSpan.FromMinutes(1));
        await bench.Run(_uid).ApplyAsync(new RunEvent.Tick(bench.Time.GetUtcNow()));

        var sealedNow = await bench.WaitForRunAsync(_uid, run => run.PendingSeals.IsEmpty);
        Assert.Equal((new CommitRef(1, 0), true), (sealedNow.Past[0].CutAt!.Value, sealedNow.Past[0].Sealed));
        Assert.Equal(["step 1010", "step 1020", "seal"], await bench.Stores.SlotsAsync("east", _uid, 1));
    }

    [Fact]
    public async Task Unpin_OnceThereAreOwnCommits_RemovesThePin()
    {
        var commit = await bench.Stores.CommitAsync("east", _uid, 1, 0);
        await bench.Stores.Get("east").PinAsync(StoreWorld.RootOfRun(_uid), 2, new CommitRef(1, 0), commit, TestContext.Current.CancellationToken);
        var run = Samples.Running(_uid, cut: new CommitRef(1, 0));
        await bench.PutAsync(run with { Epoch = run.Epoch! with { OwnCommits = 2 }, Pins = [new PinRef("east", 2)] });

        await bench.Run(_uid).GetAsync();

        await bench.WaitForRunAsync(_uid, unpinned => unpinned.Pins.IsEmpty);
        Assert.Null(bench.Stores.Read("east", _uid, $"pins/e2/{StoreWorld.PathOf(new CommitRef(1, 0))}"));
        Assert.NotNull(bench.Stores.Read("east", _uid, StoreWorld.PathOf(new CommitRef(1, 0))));
    }

    private IEffectQueue Queue => bench.Services.GetRequiredService<IEffectQueue>();

    private IEnumerable<LaunchRequest> Launches => bench.Members["west-1"].Launches.Where(launch => launch.RunUid == _uid);

    private RunState Launching()
    {
        var running = Samples.Running(_uid, cut: new CommitRef(1, 0));
        return running with
        {
            Step = RunStep.Launching,
            Epoch = running.Epoch! with { Target = Samples.In("west") },
            Move = Samples.Moving(_uid, RunStep.Pinning).Move,
        };
    }

    /// <summary>Everything that was queued before has had its turn: the marker came in after it, and has gone through.</summary>
    private async Task PassedAsync(string marker)
    {
        await bench.Run(marker).GetAsync();
        await bench.WaitForRunAsync(marker, run => run.Step == RunStep.Cancelled);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        while (!condition())
            await pace.WaitForNextTickAsync(patience.Token);
    }
}
