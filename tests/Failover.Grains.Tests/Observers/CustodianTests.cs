using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;
using Failover.Grains.Effects;
using Failover.Grains.Observers;
using Failover.Grains.Tests.Doubles;
using Microsoft.Extensions.DependencyInjection;

namespace Failover.Grains.Tests.Observers;

/// <summary>What runs commit is verified, copied and told.</summary>
public sealed class CustodianTests : IAsyncLifetime
{
    private readonly Bench _bench = new();
    private readonly string _uid = Samples.NewUid();
    private Custodian _custodian = null!;

    public async ValueTask InitializeAsync()
    {
        await _bench.InitializeAsync();
        _custodian = _bench.Make<Custodian>();
    }

    public async ValueTask DisposeAsync()
    {
        _custodian.Dispose();
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task LookAfter_NewCommits_AreVerifiedCopiedAndTold()
    {
        await _bench.PutAsync(Samples.Running(_uid));
        await CommitAsync(1, 2);

        await LookAsync();

        Assert.Equal(["step 1010", "step 1020"], await _bench.Stores.SlotsAsync("west", _uid, 1));
        Assert.Equal("weights of e1/1", _bench.Stores.Read("west", _uid, StoreWorld.PathOf(new CommitRef(1, 1))));
        Assert.Empty(await _bench.Stores.SlotsAsync("north", _uid, 1));
        var run = (await _bench.Run(_uid).GetAsync())!;
        Assert.Equal(2, run.Epoch!.OwnCommits);
        Assert.Equal(1_020, run.Epoch.Progress!.Step);
        Assert.Equal(["east e1/1", "west e1/1"], Tips(run));
        Assert.NotNull(await RecordAsync("west", new CommitRef(1, 1)));
    }

    [Fact]
    public async Task LookAfter_TrainerResumedFromElsewhere_IsAContractViolationAndNothingIsCopied()
    {
        await _bench.PutAsync(Samples.Running(_uid));
        await _bench.Stores.CommitAsync("east", _uid, 1, 0, new CommitRef(7, 7));

        await LookAsync();

        var run = (await _bench.Run(_uid).GetAsync())!;
        Assert.Equal((RunStep.Waiting, WaitReason.RetriesExhausted), (run.Step, run.Waiting!.Reason));
        Assert.StartsWith("ContractViolated: e1/0 ", run.Waiting.Detail, StringComparison.Ordinal);
        Assert.Empty(await _bench.Stores.SlotsAsync("west", _uid, 1));
    }

    [Fact]
    public async Task LookAfter_NothingNew_WritesNothing()
    {
        await _bench.PutAsync(Samples.Running(_uid));
        await CommitAsync(1, 1);
        await LookAsync();
        var before = await _bench.Table.ReadAsync("grain/run", _uid, TestContext.Current.CancellationToken);

        await LookAsync();

        Assert.Equal(before, await _bench.Table.ReadAsync("grain/run", _uid, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task LookAfter_NewestCommitIsCorrupt_GoesNoFurtherThanTheOneBefore()
    {
        await _bench.PutAsync(Samples.Running(_uid));
        await CommitAsync(1, 2);
        _bench.Stores.Write("east", _uid, StoreWorld.PathOf(new CommitRef(1, 1)), "weights of e1/?");

        await LookAsync();

        Assert.Equal(["step 1010"], await _bench.Stores.SlotsAsync("west", _uid, 1));
        Assert.Equal(["east e1/0", "west e1/0"], Tips((await _bench.Run(_uid).GetAsync())!));
        Assert.True((await RecordAsync("east", new CommitRef(1, 1)))!.Corrupt);
    }

    [Fact]
    public async Task LookAfter_ProvenanceDoesNotFollow_IsAsBadAsACorruptFile()
    {
        await _bench.PutAsync(Samples.Running(_uid));
        await CommitAsync(1, 1);
        await _bench.Stores.CommitAsync("east", _uid, 1, 1, provenance: new string('0', 64));

        await LookAsync();

        Assert.Equal(["step 1010"], await _bench.Stores.SlotsAsync("west", _uid, 1));
        Assert.True((await RecordAsync("east", new CommitRef(1, 1)))!.Corrupt);
    }

    [Fact]
    public async Task LookAfter_ProvenanceOfAnOlderCommitDoesNotFollow_ItsFilesAreNotCopied()
    {
        await _bench.PutAsync(Samples.Running(_uid));
        await CommitAsync(1, 1);
        await _bench.Stores.CommitAsync("east", _uid, 1, 1, provenance: new string('0', 64));
        await _bench.Stores.CommitAsync("east", _uid, 1, 2);

        await LookAsync();

        Assert.Null(_bench.Stores.Read("west", _uid, StoreWorld.PathOf(new CommitRef(1, 1))));
        Assert.Equal("weights of e1/2", _bench.Stores.Read("west", _uid, StoreWorld.PathOf(new CommitRef(1, 2))));
    }

    [Fact]
    public async Task LookAfter_ProvenanceOfAnEpochsFirstCommitDoesNotFollow_IsBad()
    {
        var cut = new CommitRef(1, 0);
        await _bench.PutAsync(Samples.Running(_uid, cut));
        await _bench.Stores.CommitAsync("east", _uid, 1, 0);
        await _bench.Stores.CommitAsync("east", _uid, 2, 0, cut, new string('0', 64));

        await LookAsync();

        Assert.True((await RecordAsync("east", new CommitRef(2, 0)))?.Corrupt);
    }

    [Fact]
    public async Task LookAfter_OldLeftoverInAReplica_IsRemoved()
    {
        await _bench.PutAsync(Samples.Running(_uid));
        await CommitAsync(1, 1);
        await LookAsync();
        _bench.Stores.Write("west", _uid, "e1/a0/1010/.part-1", "half", age: TimeSpan.FromDays(400));

        _bench.Time.Advance(new ObserverOptions().CleanInterval);
        await LookAsync();

        Assert.Null(_bench.Stores.Read("west", _uid, "e1/a0/1010/.part-1"));
    }

    [Fact]
    public async Task LookAfter_NamedReplicaOutOfReach_AnotherRegionStandsIn()
    {
        await _bench.PutAsync(Samples.Running(_uid));
        await CommitAsync(1, 1);
        _bench.Stores.Cut("west");

        await LookAsync();

        Assert.Equal(["step 1010"], await _bench.Stores.SlotsAsync("north", _uid, 1));
        Assert.Equal(["east e1/0", "north e1/0"], Tips((await _bench.Run(_uid).GetAsync())!));
    }

    [Fact]
    public async Task LookAfter_OwnStoreOutOfReach_LeavesTheOthersTheirTurn()
    {
        await _bench.PutAsync(Samples.Running(_uid));
        var other = Samples.Running(Samples.NewUid());
        await _bench.PutAsync(other with { Epoch = other.Epoch! with { Target = Samples.In("west") } });
        await _bench.Stores.CommitAsync("west", other.Uid, 1, 0);
        _bench.Stores.Cut("east");

        await LookAsync();

        Assert.Contains("west e1/0", Tips((await _bench.Run(other.Uid).GetAsync())!));
        Assert.Empty((await _bench.Run(_uid).GetAsync())!.Tips);
    }

    [Fact]
    public async Task LookAfter_EpochThatWasCut_IsCopiedUpToTheCutAndNoFurther()
    {
        var cut = new CommitRef(1, 0);
        await _bench.PutAsync(Samples.Running(_uid, cut));
        // The east holds what was staged; the zombie in the north has gone on beyond the cut, and so has the old replica.
        await _bench.Stores.CommitAsync("east", _uid, 1, 0);
        await _bench.Stores.CommitAsync("north", _uid, 1, 0);
        await _bench.Stores.CommitAsync("north", _uid, 1, 1);
        await _bench.Stores.CommitAsync("east", _uid, 2, 0, cut);

        await LookAsync();

        Assert.Equal(["step 1010"], await _bench.Stores.SlotsAsync("west", _uid, 1));
        Assert.Equal(["step 2010"], await _bench.Stores.SlotsAsync("west", _uid, 2));
        Assert.Equal(["east e2/0", "west e2/0"], Tips((await _bench.Run(_uid).GetAsync())!));
    }

    [Fact]
    public async Task LookAfter_EpochWithoutCommits_HasWhatItResumedFromCopied()
    {
        var cut = new CommitRef(1, 0);
        await _bench.PutAsync(Samples.Running(_uid, cut));
        await _bench.Stores.CommitAsync("east", _uid, 1, 0);

        await LookAsync();

        Assert.Equal(["west e1/0"], Tips((await _bench.Run(_uid).GetAsync())!));
    }

    [Fact]
    public async Task LookAfter_WaitsToBeStagedAhead_ItsNewestIsBroughtThereThoughItsOwnStoreIsLost()
    {
        await _bench.PutAsync(Waiting(new CommitRef(1, 1)));
        await _bench.Stores.CommitAsync("west", _uid, 1, 0);
        await _bench.Stores.CommitAsync("west", _uid, 1, 1);
        _bench.Stores.Cut("east");

        await LookAsync();

        Assert.Equal(["step 1010", "step 1020"], await _bench.Stores.SlotsAsync("north", _uid, 1));
        Assert.Equal("weights of e1/1", _bench.Stores.Read("north", _uid, StoreWorld.PathOf(new CommitRef(1, 1))));
        var run = (await _bench.Run(_uid).GetAsync())!;
        Assert.Equal(["east e1/1", "north e1/1", "west e1/1"], Tips(run));
        Assert.Equal(RunStep.Waiting, run.Step);
    }

    [Fact]
    public async Task LookAfter_WaitsToBeStagedAheadAndIsThere_WritesNothing()
    {
        await _bench.PutAsync(Waiting(new CommitRef(1, 0)));
        await _bench.Stores.CommitAsync("west", _uid, 1, 0);
        _bench.Stores.Cut("east");
        await LookAsync();
        var before = await _bench.Table.ReadAsync("grain/run", _uid, TestContext.Current.CancellationToken);

        await LookAsync();

        Assert.Equal(before, await _bench.Table.ReadAsync("grain/run", _uid, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task LookAfter_WaitsToBeStagedAheadAndTheNewestIsCorrupt_TheOneBeforeIsBrought()
    {
        var waiting = Waiting(new CommitRef(1, 1));
        await _bench.PutAsync(waiting with { Tips = [Tip("west", new CommitRef(1, 1)), Tip("east", new CommitRef(1, 0))] });
        await CommitAsync(1, 1);
        await _bench.Stores.CommitAsync("west", _uid, 1, 0);
        await _bench.Stores.CommitAsync("west", _uid, 1, 1);
        _bench.Stores.Write("west", _uid, StoreWorld.PathOf(new CommitRef(1, 1)), "weights of e1/?");

        await LookAsync();

        Assert.Contains("north e1/0", Tips((await _bench.Run(_uid).GetAsync())!));
        Assert.True((await RecordAsync("west", new CommitRef(1, 1)))!.Corrupt);
    }

    [Fact]
    public async Task LookAfter_WaitsToBeStagedAheadNowhereThatCanBeReached_TriesAgain()
    {
        await _bench.PutAsync(Waiting(new CommitRef(1, 0)));
        await _bench.Stores.CommitAsync("west", _uid, 1, 0);
        _bench.Stores.Cut("north");
        await LookAsync();
        Assert.DoesNotContain("north e1/0", Tips((await _bench.Run(_uid).GetAsync())!));

        _bench.Stores.Heal("north");
        await LookAsync();

        Assert.Contains("north e1/0", Tips((await _bench.Run(_uid).GetAsync())!));
    }

    [Fact]
    public async Task LookAfter_TombstonesAndRunsThatNeverRan_AreLeftAlone()
    {
        await _bench.PutAsync(Samples.Running(_uid) with { Step = RunStep.Finished });
        await _bench.PutAsync(Samples.Submitted(Samples.NewUid()));
        await CommitAsync(1, 1);

        await LookAsync();

        Assert.Empty(await _bench.Stores.SlotsAsync("west", _uid, 1));
    }

    /// <summary>It ran in the east, and would get a place in the north if others left that; the west has its newest as well.</summary>
    private RunState Waiting(CommitRef newest) => Samples.Running(_uid) with
    {
        Step = RunStep.Waiting,
        Waiting = new WaitState(WaitReason.NoFit, "full", Samples.Start),
        StageAhead = new StageAhead("north", Samples.Start),
        Tips = [Tip("east", newest), Tip("west", newest)],
    };

    private static StoreTip Tip(string store, CommitRef commit) => new(store, commit, StoreWorld.StepOf(commit), Samples.Start);

    private async Task CommitAsync(int epoch, int commits)
    {
        for (var slot = 0; slot < commits; slot++)
            await _bench.Stores.CommitAsync("east", _uid, epoch, slot);
    }

    private Task LookAsync() => _custodian.LookAfterAllAsync(TestContext.Current.CancellationToken);

    private Task<Verification?> RecordAsync(string store, CommitRef commit) =>
        _bench.Services.GetRequiredService<VerificationRecords>().ReadAsync(new RunRoot(Samples.Tenant, _uid), store, commit, TestContext.Current.CancellationToken);

    private static IEnumerable<string> Tips(RunState run) => run.Tips.Select(tip => $"{tip.Store} {tip.Commit}").Order(StringComparer.Ordinal);
}
