using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;
using Failover.Grains.Effects;
using Failover.Grains.Tests.Doubles;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Failover.Grains.Tests.Effects;

/// <summary>Staging a commit, and what a survey sees of it then.</summary>
public sealed class CommitStagerTests : IDisposable
{
    private static readonly CommitRef First = new(1, 0);
    private static readonly CommitRef Second = new(1, 1);

    private readonly StoreWorld _stores = new();
    private readonly string _uid = Samples.NewUid();
    private readonly FakeTimeProvider _time = new(Samples.Start);
    private readonly VerificationRecords _records = new(new MemoryTable());
    private readonly LineageSurveyor _surveyor;
    private readonly CommitStager _stager;

    public CommitStagerTests()
    {
        var options = Options.Create(new EffectOptions());
        _surveyor = new LineageSurveyor(_stores, new FleetBook(Samples.Fleet(store => store)), _records, options, _time);
        _stager = new CommitStager(_stores, _surveyor, _records, options, _time);
    }

    private RunState Run => Samples.Moving(_uid, RunStep.Staging, Second);

    public void Dispose() => _stores.Dispose();

    [Fact]
    public async Task Stage_CommitThatTheTargetLacks_BringsItsFilesThenTheSlotsUpToIt()
    {
        await CommitAsync(3);

        var staged = Assert.IsType<RunEvent.Staged>(await StageAsync("east"));

        Assert.True(staged.Complete);
        Assert.Equal("weights of e1/1", _stores.Read("west", _uid, StoreWorld.PathOf(Second)));
        Assert.Null(_stores.Read("west", _uid, StoreWorld.PathOf(First)));
        Assert.Equal(["step 1010", "step 1020"], await _stores.SlotsAsync("west", _uid, 1));
        Assert.Equal(CopyHealth.Verified, await HealthAsync("west", Second));
        Assert.Equal(CopyHealth.Missing, await HealthAsync("west", First));
    }

    [Fact]
    public async Task Stage_CommitThatIsThereAlready_IsHarmless()
    {
        await CommitAsync(2);
        await StageAsync("east");
        _stores.Write("east", _uid, StoreWorld.PathOf(Second), "rotten since it was copied");

        Assert.True(Assert.IsType<RunEvent.Staged>(await StageAsync("east")).Complete);
        Assert.Equal(["step 1010", "step 1020"], await _stores.SlotsAsync("west", _uid, 1));
    }

    [Fact]
    public async Task Stage_SourceIsCorrupt_NamesItAndRemembersIt()
    {
        await CommitAsync(2);
        _stores.Write("east", _uid, StoreWorld.PathOf(Second), "weights of e1/?");

        var staged = Assert.IsType<RunEvent.Staged>(await StageAsync("east"));

        Assert.Equal((false, "east"), (staged.Complete, staged.BadSource));
        Assert.Contains("corrupt", staged.Detail, StringComparison.Ordinal);
        Assert.Equal(CopyHealth.Corrupt, await HealthAsync("east", Second));
        Assert.Empty(await _stores.SlotsAsync("west", _uid, 1));
    }

    [Fact]
    public async Task Stage_CopyInTheTargetIsCorrupt_IsReplacedByTheGoodOne()
    {
        await CommitAsync(2);
        _stores.Write("west", _uid, StoreWorld.PathOf(Second), "weights of e1/?");

        Assert.True(Assert.IsType<RunEvent.Staged>(await StageAsync("east")).Complete);

        Assert.Equal("weights of e1/1", _stores.Read("west", _uid, StoreWorld.PathOf(Second)));
        Assert.Equal(CopyHealth.Verified, await HealthAsync("west", Second));
    }

    [Fact]
    public async Task Stage_OnlyCopyIsTheTargetsOwnAndCorrupt_IsFoundByItsHash()
    {
        await _stores.CommitAsync("west", _uid, 1, 0);
        await _stores.CommitAsync("west", _uid, 1, 1);
        _stores.Write("west", _uid, StoreWorld.PathOf(Second), "weights of e1/?");

        Assert.Equal("west", Assert.IsType<RunEvent.Staged>(await StageAsync("west")).BadSource);
    }

    [Fact]
    public async Task Stage_FirstSourceOutOfReach_TakesTheNext()
    {
        await CommitAsync(2);
        _stores.Cut("north");

        Assert.True(Assert.IsType<RunEvent.Staged>(await StageAsync("north", "east")).Complete);
    }

    [Fact]
    public async Task Stage_NoSourceCanGiveIt_SaysWhyOfEach()
    {
        await CommitAsync(2);
        _stores.Cut("east");

        var failed = Assert.IsType<RunEvent.EffectFailed>(await StageAsync("north", "east"));

        Assert.Contains("north: no commit e1/1", failed.Detail, StringComparison.Ordinal);
        Assert.Contains("east: ", failed.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stage_FileGoneFromTheSource_IsNoVerdictOnTheCopy()
    {
        await CommitAsync(2);
        File.Delete(Path.Combine(_stores.Fleet.FindStore("east")!.Path, Samples.Tenant, _uid, StoreWorld.PathOf(Second)));

        var failed = Assert.IsType<RunEvent.EffectFailed>(await StageAsync("east"));

        Assert.Contains("missing", failed.Detail, StringComparison.Ordinal);
        Assert.Null(await _records.ReadAsync(StoreWorld.RootOfRun(_uid), "east", Second, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Survey_OfAllStores_TellsHealthByRecordAndWhatIsOutOfReach()
    {
        await CommitAsync(2);
        await StageAsync("east");
        _stores.Cut("north");
        var run = Run with { Tips = [new StoreTip("north", First, 10, Samples.Start)] };

        var survey = await _surveyor.SurveyAsync(run, TestContext.Current.CancellationToken);

        var told = survey.Stores.ToDictionary(store => store.Store, store => $"{store.Outcome}: {string.Join(", ", store.Slots.Select(slot => $"{slot.Ref} {slot.Health}"))}");
        Assert.Equal("Listed: e1/0 Unverified, e1/1 Unverified", told["east"]);
        Assert.Equal("Listed: e1/0 Missing, e1/1 Verified", told["west"]);
        Assert.Equal("Unreachable: ", told["north"]);
    }

    [Fact]
    public async Task Survey_AllStoresHang_AreUnreachableTogetherAfterOneLimit()
    {
        _stores.BeforeList = (_, _) => new TaskCompletionSource().Task;
        var surveying = _surveyor.SurveyAsync(Run with { Tips = [new StoreTip("north", First, 10, Samples.Start)] }, TestContext.Current.CancellationToken);

        _time.Advance(new EffectOptions().StoreTimeout);

        Assert.Equal(
            ["east Unreachable", "north Unreachable", "west Unreachable"], (await surveying.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System)).Stores.Select(store => $"{store.Store} {store.Outcome}"));
    }

    [Fact]
    public async Task Survey_FileTouchedSinceItWasVerified_IsUnverifiedAndOneOfAnotherSizeIsCorrupt()
    {
        await CommitAsync(2);
        await StageAsync("east");
        File.SetLastWriteTimeUtc(Path.Combine(_stores.Fleet.FindStore("west")!.Path, Samples.Tenant, _uid, StoreWorld.PathOf(Second)), Samples.Start.UtcDateTime);
        Assert.Equal(CopyHealth.Unverified, await HealthAsync("west", Second));

        _stores.Write("west", _uid, StoreWorld.PathOf(Second), "torn");
        Assert.Equal(CopyHealth.Corrupt, await HealthAsync("west", Second));
    }

    [Fact]
    public async Task Survey_SealsAndStrangeSlots_AreNoCommits()
    {
        await CommitAsync(1);
        await _stores.Get("east").CreateSlotAsync(StoreWorld.RootOfRun(_uid), 1, 1, "neither", TestContext.Current.CancellationToken);
        await _stores.Get("west").CreateSlotAsync(StoreWorld.RootOfRun(_uid), 1, 0, SlotContent.SealText(1), TestContext.Current.CancellationToken);

        var survey = await _surveyor.SurveyAsync(Run, TestContext.Current.CancellationToken);

        var east = survey.Stores.Single(store => store.Store == "east").Slots;
        Assert.Equal((true, CopyHealth.Corrupt), (east[1].Commit is null, east[1].Health));
        Assert.True(survey.Stores.Single(store => store.Store == "west").Slots[0].IsSeal);
    }

    private async Task CommitAsync(int commits)
    {
        for (var slot = 0; slot < commits; slot++)
            await _stores.CommitAsync("east", _uid, 1, slot);
    }

    private Task<RunEvent> StageAsync(params string[] sources) =>
        _stager.StageAsync(Run, new RunEffect.Stage("stage", Second, sources, "west"), TestContext.Current.CancellationToken);

    private async Task<CopyHealth> HealthAsync(string store, CommitRef name)
    {
        var commit = await LineageSurveyor.ReadCommitAsync(_stores.Get(store), StoreWorld.RootOfRun(_uid), name, TestContext.Current.CancellationToken);
        return await _surveyor.HealthAsync(_stores.Get(store), StoreWorld.RootOfRun(_uid), name, commit!, TestContext.Current.CancellationToken);
    }
}
