using Failover.Abstractions.Grains;
using Failover.Abstractions.State;
using Failover.Domain.Checkpoints;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Grains.Observers;
using Failover.Grains.Tests.Doubles;
using Microsoft.Extensions.DependencyInjection;

namespace Failover.Grains.Tests.Planning;

/// <summary>Passes of the planner over stored rows, with the real grains and effects behind it.</summary>
public sealed class PlannerGrainTests : IAsyncLifetime
{
    private readonly Bench _bench = new();
    private readonly string _uid = Samples.NewUid();

    public ValueTask InitializeAsync() => _bench.InitializeAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Pass_SubmittedRun_IsPlacedReservedAndLaunched()
    {
        await HealthyAsync("east-1");
        await _bench.Run(_uid).SubmitAsync(Samples.Spec);

        await PlanAsync();

        var run = await _bench.WaitForRunAsync(_uid, run => run.Step == RunStep.Verifying);
        Assert.Equal((1, "east-1", "east", null), (run.EpochNumber, run.Epoch!.Target.Member, run.Epoch.Target.Store, run.Epoch.ResumeFrom));
        Assert.Equal(_uid, Assert.Single((await MemberAsync("east-1")).Reservations).RunUid);
        Assert.All(_bench.Members["east-1"].Launches, launch => Assert.Equal("1", launch.Environment["FAILOVER_EPOCH"]));
    }

    [Fact]
    public async Task Pass_NoMemberIsHealthy_WaitsWithAReasonForEach()
    {
        await HealthyAsync("east-1");
        await _bench.Grains.GetGrain<IMemberGrain>("east-1").ApplyAsync(new MemberEvent.Cordoned(_bench.Time.GetUtcNow(), "ann"));
        await _bench.Run(_uid).SubmitAsync(Samples.Spec);

        await PlanAsync();

        var waiting = (await _bench.Run(_uid).GetAsync())!.Waiting!;
        Assert.Equal(WaitReason.NoFit, waiting.Reason);
        Assert.Equal(Samples.Stores.Select(store => $"{store}-1").Order(), waiting.PerMember.Select(reason => reason.Member).Order());
        Assert.All(waiting.PerMember, reason => Assert.NotEmpty(reason.Reason));
    }

    [Fact]
    public async Task Pass_MemberLost_MovesItsRunWithAPermitOfTheBrake()
    {
        await HealthyAsync("west-1");
        await RunInTheEastAsync();
        await LoseAsync("east-1");

        await PlanAsync();

        var moved = await _bench.WaitForRunAsync(_uid, run => run.Step == RunStep.Verifying);
        Assert.Equal(("west-1", new CommitRef(1, 0)), (moved.Epoch!.Target.Member, moved.Epoch.ResumeFrom));
        Assert.Equal((_uid, 1), (await _bench.Grains.GetGrain<IBrakeGrain>(IBrakeGrain.Key).GetAsync()).Permits.Select(permit => (permit.RunUid, permit.Epoch)).Single());
        Assert.Equal(["step 1010", "seal"], await _bench.Stores.SlotsAsync("east", _uid, 1));
        Assert.Equal(["Detected", "Planned", "Reserved", "Staging", "Fenced", "Pinning", "Launching", "Verifying"], moved.Move!.Dates.Select(date => date.Step));
    }

    [Fact]
    public async Task Pass_EverythingOutOfReachAtOnce_IsHeldByTheBrakeUntilAPersonReleasesIt()
    {
        await RunInTheEastAsync();
        await LoseAsync("east-1");
        await LoseAsync("west-1");
        await LoseAsync("north-1");

        await PlanAsync();
        Assert.Equal(WaitReason.BrakeHeld, (await _bench.Run(_uid).GetAsync())!.Waiting!.Reason);
        Assert.NotNull((await BrakeAsync()).HeldBecause);

        // What a person says outlives a restart, and so does what the brake holds.
        await _bench.RestartAsync();
        Assert.NotNull((await BrakeAsync()).HeldBecause);
        await _bench.Grains.GetGrain<IBrakeGrain>(IBrakeGrain.Key).ApplyAsync(new BrakeEvent.Released(_bench.Time.GetUtcNow(), "ann"));
        await PlanAsync();
        Assert.Equal(WaitReason.NoFit, (await _bench.Run(_uid).GetAsync())!.Waiting!.Reason);
    }

    [Fact]
    public async Task Pass_StoredRunNobodyActivated_HasWhatIsDueIssuedAgain()
    {
        await _bench.PutAsync(Samples.Running(_uid) with { Step = RunStep.Finishing });

        await PlanAsync();

        await _bench.WaitForRunAsync(_uid, run => run.Step == RunStep.Finished);
    }

    [Fact]
    public async Task Pass_OneRunCannotBeStored_TheOthersAreTold()
    {
        await HealthyAsync("east-1");
        var other = Samples.NewUid();
        await _bench.Run(_uid).SubmitAsync(Samples.Spec);
        await _bench.Run(other).SubmitAsync(Samples.Spec with { Name = "other" });
        _bench.Table.Failing = [_uid];

        await PlanAsync();
        await _bench.WaitForRunAsync(other, run => run.Step == RunStep.Verifying);
        Assert.Equal(RunStep.Waiting, (await _bench.Run(_uid).GetAsync())!.Step);

        _bench.Table.Failing = [];
        await PlanAsync();
        await _bench.WaitForRunAsync(_uid, run => run.Step == RunStep.Verifying);
    }

    [Fact]
    public async Task Pass_OneRunsRowCannotBeRead_TheOthersArePlacedAndItsPromiseIsKept()
    {
        await HealthyAsync("east-1");
        foreach (var run in (string[])["forgotten", "torn"])
            await _bench.Grains.GetGrain<IMemberGrain>("east-1").ReserveAsync(new GpuReservation(run, 1, run, "h100", 1, 8, _bench.Time.GetUtcNow()));
        await _bench.Table.SpoilAsync(TableStorage.PartitionOf("run"), "torn", "{");
        await _bench.Run(_uid).SubmitAsync(Samples.Spec);

        await PlanAsync();

        await _bench.WaitForRunAsync(_uid, run => run.Step == RunStep.Verifying);
        Assert.Equal(["torn", _uid], (await MemberAsync("east-1")).Reservations.Select(held => held.RunUid));
    }

    [Fact]
    public async Task Pass_OneMembersRowCannotBeRead_TheOthersTakeRuns()
    {
        await HealthyAsync("west-1");
        await _bench.Table.SpoilAsync(TableStorage.PartitionOf("member"), "east-1", "{");
        await _bench.Run(_uid).SubmitAsync(Samples.Spec);

        await PlanAsync();

        Assert.Equal("west-1", (await _bench.WaitForRunAsync(_uid, run => run.Step == RunStep.Verifying)).Epoch!.Target.Member);
        // What an observer meets who tells that member: a thing to log and to try again, not one to end on.
        var east = _bench.Services.GetRequiredService<IGrainFactory>().GetGrain<IMemberGrain>("east-1");
        var met = await Assert.ThrowsAnyAsync<Exception>(east.GetAsync);
        Assert.True(Periodically.IsPassing(met), met.ToString());
    }

    [Fact]
    public async Task Pass_AMemberDoesNotAnswer_RunsArePlacedAndTheOtherLedgersKeptMeanwhile()
    {
        await HealthyAsync("east-1");
        await HealthyAsync("west-1");
        foreach (var member in (string[])["east-1", "west-1"])
            await _bench.Grains.GetGrain<IMemberGrain>(member).ReserveAsync(new GpuReservation("forgotten", 1, "reserve", "h100", 1, 8, _bench.Time.GetUtcNow()));
        await _bench.Run(_uid).SubmitAsync(Samples.Spec with { Regions = ["west"] });
        await _bench.PutAsync(Samples.Running(Samples.NewUid()) with { Step = RunStep.Finishing });
        _bench.Table.Hanging = ["east-1"];

        var pass = PlanAsync();
        await _bench.WaitForRunAsync(_uid, run => run.Step == RunStep.Verifying);
        await _bench.Table.WaitForAsync<MemberState>(TableStorage.PartitionOf("member"), "west-1", member => member.Reservations.All(held => held.RunUid != "forgotten"));
        Assert.False(pass.IsCompleted);

        _bench.Table.Release();
        await pass;
        Assert.Empty((await MemberAsync("east-1")).Reservations);
    }

    [Fact]
    public async Task Member_Restarted_KeepsItsVerdictLedgerAndCordonAndForgetsEvidence()
    {
        await HealthyAsync("east-1");
        var east = _bench.Grains.GetGrain<IMemberGrain>("east-1");
        Assert.True((await east.ReserveAsync(new GpuReservation(_uid, 1, "reserve", "h100", 2, 8, _bench.Time.GetUtcNow()))).Granted);
        await east.ApplyAsync(new MemberEvent.Cordoned(_bench.Time.GetUtcNow(), "ann"));

        await _bench.RestartAsync();

        var member = await MemberAsync("east-1");
        Assert.Equal((MemberVerdict.Healthy, true, _uid), (member.Verdict, member.Cordoned, Assert.Single(member.Reservations).RunUid));
        Assert.Empty(member.Evidence);
    }

    [Fact]
    public async Task Member_WriteFails_TheNextCallReadsTheStore()
    {
        await HealthyAsync("east-1");
        var east = _bench.Grains.GetGrain<IMemberGrain>("east-1");
        _bench.Table.Failing = ["east-1"];

        await Assert.ThrowsAnyAsync<Exception>(() => east.ApplyAsync(new MemberEvent.Cordoned(_bench.Time.GetUtcNow(), "ann")));
        _bench.Table.Failing = [];

        Assert.False((await MemberAsync("east-1")).Cordoned);
    }

    [Fact]
    public async Task Member_ThatTheFleetDoesNotList_IsRefused() => await Assert.ThrowsAnyAsync<Exception>(() => MemberAsync("nowhere-1"));

    /// <summary>Its API answers, its nodes are alive, and 32 GPUs are free.</summary>
    private async Task HealthyAsync(string member)
    {
        var grain = _bench.Grains.GetGrain<IMemberGrain>(member);
        var now = _bench.Time.GetUtcNow();
        await grain.ApplyAsync(new MemberEvent.Observed(now, Samples.Capacity()));
        await grain.ApplyAsync(new MemberEvent.LeasesReported(now, "local", new LeaseReport(Answer.Yes, 1, TimeSpan.FromMinutes(1), "all")));
        var state = await grain.ApplyAsync(new MemberEvent.ApiReported(now, "local", new ApiReport(Answer.Yes, TimeSpan.FromMinutes(1), false, "ready")));
        Assert.Equal(MemberVerdict.Healthy, state.Verdict);
    }

    private async Task LoseAsync(string member)
    {
        var state = await _bench.Grains.GetGrain<IMemberGrain>(member).ApplyAsync(new MemberEvent.ConfirmedLost(_bench.Time.GetUtcNow(), "ann"));
        Assert.Equal(MemberVerdict.Lost, state.Verdict);
    }

    private async Task RunInTheEastAsync()
    {
        await _bench.PutAsync(Samples.Running(_uid));
        await _bench.Stores.CommitAsync("east", _uid, 1, 0);
    }

    private Task PlanAsync() => _bench.Grains.GetGrain<IPlannerGrain>(IPlannerGrain.Key).PlanAsync();

    private Task<MemberState> MemberAsync(string member) => _bench.Grains.GetGrain<IMemberGrain>(member).GetAsync();

    private Task<BrakeState> BrakeAsync() => _bench.Grains.GetGrain<IBrakeGrain>(IBrakeGrain.Key).GetAsync();
}
