using Failover.Abstractions.Grains;
using Failover.Abstractions.Ports;
using Failover.Abstractions.State;
using Failover.Domain.Checkpoints;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Grains.Observers;
using Failover.Grains.Tests.Doubles;
using Microsoft.Extensions.DependencyInjection;

namespace Failover.Grains.Tests.Observers;

public sealed class SweeperTests : IAsyncLifetime
{
    private readonly Bench _bench = new();
    private readonly string _uid = Samples.NewUid();
    private Sweeper _sweeper = null!;

    public async ValueTask InitializeAsync()
    {
        await _bench.InitializeAsync();
        _sweeper = _bench.Make<Sweeper>();
    }

    public async ValueTask DisposeAsync()
    {
        _sweeper.Dispose();
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task Sweep_EpochThatIsNotCurrent_IsDeletedOnce()
    {
        await _bench.PutAsync(Samples.Running(_uid, cut: new CommitRef(1, 0)));
        See("north-1", Samples.Workload(_uid, 1));
        await SweepAsync();
        See("north-1", Samples.Workload(_uid, 1, WorkloadPhase.Terminating));
        await SweepAsync();

        Assert.Equal(1, Assert.Single(_bench.Members["north-1"].Deletions).Epoch);
        Assert.Equal(["training/llama-e1"], (await MemberAsync("north-1")).StaleWorkloads);
    }

    [Fact]
    public async Task Sweep_MemberThatCameBack_IsCleanOnceItsStaleEpochsAndTheirPodsAreGone()
    {
        await _bench.PutAsync(Samples.Running(_uid, cut: new CommitRef(1, 0)));
        var north = _bench.Grains.GetGrain<IMemberGrain>("north-1");
        await north.ApplyAsync(new MemberEvent.ConfirmedLost(_bench.Time.GetUtcNow(), "ann"));
        await north.ApplyAsync(new MemberEvent.Trusted(_bench.Time.GetUtcNow(), "ann"));
        Assert.False((await MemberAsync("north-1")).Clean);

        See("north-1", Samples.Workload(_uid, 1, WorkloadPhase.Terminating));
        await SweepAsync();
        Assert.False((await MemberAsync("north-1")).Clean);

        var pods = Samples.Capacity() with { Workloads = [new WorkloadUse(_uid, 1, "h100", 16)] };
        _bench.Services.GetRequiredService<SightingBoard>().Post("north-1", Samples.Sight() with { Capacity = pods });
        await SweepAsync();
        Assert.False((await MemberAsync("north-1")).Clean);

        See("north-1");
        await SweepAsync();
        Assert.True((await MemberAsync("north-1")).Clean);
    }

    [Fact]
    public async Task Sweep_CurrentAndStrangeWorkloads_AreNeverTouched()
    {
        await _bench.PutAsync(Samples.Running(_uid));
        See("east-1", Samples.Workload(_uid, 1), Samples.Workload(_uid, 2), Samples.Workload("somebody-elses", 1));

        await SweepAsync();

        Assert.Empty(_bench.Members["east-1"].Deletions);
        Assert.True((await MemberAsync("east-1")).Clean);
        // They are told, and don't keep the member from being clean: nobody will ever remove them.
        Assert.Empty((await MemberAsync("east-1")).StaleWorkloads);
    }

    [Fact]
    public async Task Sweep_RowGoneSinceThePictureWasReviewed_DeletesNothing()
    {
        var run = Samples.Running(_uid, cut: new CommitRef(1, 0));
        await _bench.PutAsync(run);
        // Another workload is deleted first; by the time it is this one's turn, its row says otherwise.
        var other = await _bench.PutAsync(Samples.Running(Samples.NewUid(), cut: new CommitRef(1, 0)));
        var first = string.CompareOrdinal(_uid, other) < 0 ? _uid : other;
        var second = first == _uid ? other : _uid;
        var member = _bench.Members["north-1"];
        member.OnDeleting = async deleted =>
        {
            if (deleted.RunUid == first)
                await _bench.PutAsync(Samples.Running(second) with { Epoch = Samples.Running(second).Epoch! with { Target = Samples.In("north") } });
        };
        See("north-1", Samples.Workload(first, 1), Samples.Workload(second, 1));

        await SweepAsync();

        Assert.Equal(first, Assert.Single(member.Deletions).RunUid);
    }

    [Fact]
    public async Task Sweep_CancelledRun_HasItsWorkloadDeleted()
    {
        await _bench.PutAsync(Samples.Running(_uid) with { Step = RunStep.Cancelled });
        See("east-1", Samples.Workload(_uid, 1));

        await SweepAsync();

        Assert.Single(_bench.Members["east-1"].Deletions);
    }

    [Fact]
    public async Task Sweep_WorkloadFailed_IsToldToItsRun()
    {
        await _bench.PutAsync(Samples.Running(_uid));
        See("east-1", Samples.Workload(_uid, 1, WorkloadPhase.Failed, exitCode: 1));

        await SweepAsync();

        Assert.Equal(WaitReason.BackingOff, (await _bench.WaitForRunAsync(_uid, run => run.Step == RunStep.Waiting)).Waiting!.Reason);
    }

    [Fact]
    public async Task Sweep_CurrentWorkloadAbsent_IsToldOnlyOnceItStayedAway()
    {
        await _bench.PutAsync(Samples.Running(_uid));
        See("east-1");
        await SweepAsync();
        _bench.Time.Advance(TimeSpan.FromSeconds(14));
        await SweepAsync();
        Assert.Equal(RunStep.Running, (await _bench.Run(_uid).GetAsync())!.Step);

        // Seen in between: it starts anew.
        See("east-1", Samples.Workload(_uid, 1));
        await SweepAsync();
        See("east-1");
        await SweepAsync();
        _bench.Time.Advance(TimeSpan.FromSeconds(14));
        await SweepAsync();
        Assert.Equal(RunStep.Running, (await _bench.Run(_uid).GetAsync())!.Step);

        _bench.Time.Advance(TimeSpan.FromSeconds(1));
        await SweepAsync();
        var waiting = await _bench.WaitForRunAsync(_uid, run => run.Step == RunStep.Waiting);
        Assert.Contains("gone", waiting.Waiting!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sweep_MemberOutOfSight_ToldNothing()
    {
        await _bench.PutAsync(Samples.Running(_uid));

        await SweepAsync();

        Assert.Null(await _bench.Table.ReadAsync(TableStorage.PartitionOf("member"), "east-1", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Sweep_SeveralMembersInSight_ReadsTheRunsRowsOnce()
    {
        foreach (var store in Samples.Stores)
            See($"{store}-1");
        var before = _bench.Table.RangesOf(TableStorage.PartitionOf("run"));

        await SweepAsync();

        Assert.Equal(1, _bench.Table.RangesOf(TableStorage.PartitionOf("run")) - before);
    }

    [Fact]
    public async Task Sweep_OneDeletionFails_TheOthersAndTheOtherMembersAreSwept()
    {
        var odd = await _bench.PutAsync(Samples.Running(Samples.NewUid(), cut: new CommitRef(1, 0)));
        await _bench.PutAsync(Samples.Running(_uid, cut: new CommitRef(1, 0)));
        _bench.Members["north-1"].OnDeleting = deleted => deleted.RunUid == odd ? throw new InvalidOperationException("odd") : Task.CompletedTask;
        See("north-1", Samples.Workload(odd, 1), Samples.Workload(_uid, 1));
        See("west-1", Samples.Workload(_uid, 1));

        await SweepAsync();

        Assert.Equal([.. new[] { odd, _uid }.Order()], _bench.Members["north-1"].Deletions.Select(deleted => deleted.RunUid).Order());
        Assert.Single(_bench.Members["west-1"].Deletions);
        Assert.Equal(2, (await MemberAsync("north-1")).StaleWorkloads.Length);
    }

    [Fact]
    public async Task Sweep_RunsRowCannotBeRead_ItsWorkloadIsLeftAloneAndTheMemberIsNotCalledClean()
    {
        await _bench.PutAsync(Samples.Running(_uid, cut: new CommitRef(1, 0)));
        var north = _bench.Grains.GetGrain<IMemberGrain>("north-1");
        await north.ApplyAsync(new MemberEvent.ConfirmedLost(_bench.Time.GetUtcNow(), "ann"));
        await north.ApplyAsync(new MemberEvent.Trusted(_bench.Time.GetUtcNow(), "ann"));
        var torn = Samples.NewUid();
        await _bench.Table.SpoilAsync(TableStorage.PartitionOf("run"), torn, "{");
        See("north-1", Samples.Workload(torn, 1), Samples.Workload(_uid, 1));

        await SweepAsync();

        Assert.Equal(_uid, Assert.Single(_bench.Members["north-1"].Deletions).RunUid);
        See("north-1", Samples.Workload(torn, 1));
        await SweepAsync();
        Assert.False((await MemberAsync("north-1")).Clean);

        // Once it can be read again, its row decides.
        await _bench.PutAsync(Samples.Running(torn, cut: new CommitRef(1, 0)));
        await SweepAsync();
        Assert.Equal([_uid, torn], _bench.Members["north-1"].Deletions.Select(deleted => deleted.RunUid));
        See("north-1");
        await SweepAsync();
        Assert.True((await MemberAsync("north-1")).Clean);
    }

    [Fact]
    public async Task Sweep_OneRunCannotBeTold_TheOthersAre()
    {
        var odd = await _bench.PutAsync(Samples.Running(Samples.NewUid()));
        await _bench.PutAsync(Samples.Running(_uid));
        _bench.Table.Failing = [odd];
        See("east-1", Samples.Workload(odd, 1, WorkloadPhase.Failed, exitCode: 1), Samples.Workload(_uid, 1, WorkloadPhase.Failed, exitCode: 1));

        await SweepAsync();

        await _bench.WaitForRunAsync(_uid, run => run.Step == RunStep.Waiting);
        Assert.True((await MemberAsync("east-1")).Clean);
    }

    private void See(string member, params SeenWorkload[] workloads) =>
        _bench.Services.GetRequiredService<SightingBoard>().Post(member, Samples.Sight(workloads));

    private Task SweepAsync() => _sweeper.SweepAllAsync(TestContext.Current.CancellationToken);

    private Task<MemberState> MemberAsync(string member) => _bench.Grains.GetGrain<IMemberGrain>(member).GetAsync();
}
