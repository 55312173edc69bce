using System.Collections.Immutable;
using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Grains.Effects;
using Failover.Grains.Observers;
using Failover.Grains.Tests.Doubles;
using Microsoft.Extensions.Time.Testing;

namespace Failover.Grains.Tests.Effects;

/// <summary>What is asked of members, by what was last seen of them.</summary>
public sealed class WorkloadActionsTests
{
    private readonly FakeMembers _members = new();
    private readonly SightingBoard _sightings = new();
    private readonly string _uid = Samples.NewUid();
    private readonly WorkloadActions _actions;

    public WorkloadActionsTests() =>
        _actions = new WorkloadActions(new FleetBook(Samples.Fleet(name => name)), _members, _sightings, new FakeTimeProvider(Samples.Start));

    [Fact]
    public async Task Quiesce_MemberNotSeenYet_WaitsForSight() => Assert.Contains("not seen", Assert.IsType<RunEvent.EffectFailed>(await QuiesceAsync()).Detail, StringComparison.Ordinal);

    [Theory]
    [InlineData(WorkloadPhase.Running)]
    [InlineData(WorkloadPhase.Pending)]
    [InlineData(WorkloadPhase.Terminating)]
    public async Task Quiesce_WorkloadThatIsThere_IsDeletedWithGraceAndWaitedFor(WorkloadPhase phase)
    {
        _sightings.Post("east-1", Samples.Sight(Samples.Workload(_uid, 1, phase)));

        Assert.IsType<RunEvent.Stopping>(await QuiesceAsync());

        Assert.Equal(1, Assert.Single(_members["east-1"].Deletions).Epoch);
    }

    [Fact]
    public async Task Quiesce_WorkloadGoneOrEnded_IsDone()
    {
        _sightings.Post("east-1", Samples.Sight(Samples.Workload(_uid, 1, WorkloadPhase.Succeeded)));
        Assert.IsType<RunEvent.Quiesced>(await QuiesceAsync());

        _sightings.Post("east-1", Samples.Sight(Samples.Workload("another", 1)));
        Assert.IsType<RunEvent.Quiesced>(await QuiesceAsync());
        Assert.Empty(_members["east-1"].Deletions);
    }

    [Theory]
    [InlineData(8, 0, false)]
    [InlineData(8, 8, true)]
    public async Task Quiesce_WorkloadGoneAndItsPodsHaveTheirGrace_WaitsForThoseThatCanStop(int held, int dead, bool stopped)
    {
        ImmutableArray<WorkloadUse> pods = [new WorkloadUse(_uid, 1, "h100", held) { DeadGpus = dead }];
        _sightings.Post("east-1", Samples.Sight() with { Capacity = Samples.Capacity() with { Workloads = pods } });

        Assert.Equal(stopped ? typeof(RunEvent.Quiesced) : typeof(RunEvent.Stopping), (await QuiesceAsync()).GetType());
        Assert.Empty(_members["east-1"].Deletions);
    }

    [Fact]
    public async Task Launch_PredecessorStillOnTheMember_IsRemovedFirst()
    {
        _sightings.Post("north-1", Samples.Sight(Samples.Workload(_uid, 1)));

        var failed = Assert.IsType<RunEvent.EffectFailed>(await LaunchAsync("north"));

        Assert.Contains("epoch 1 is still being removed", failed.Detail, StringComparison.Ordinal);
        Assert.Single(_members["north-1"].Deletions);
        Assert.Empty(_members["north-1"].Launches);
    }

    [Fact]
    public async Task Launch_PredecessorTerminatesOrItsPodsDo_Waits()
    {
        _sightings.Post("north-1", Samples.Sight(Samples.Workload(_uid, 1, WorkloadPhase.Terminating)));
        Assert.IsType<RunEvent.EffectFailed>(await LaunchAsync("north"));

        ImmutableArray<WorkloadUse> pods = [new WorkloadUse(_uid, 1, "h100", 8)];
        _sightings.Post("north-1", Samples.Sight() with { Capacity = Samples.Capacity() with { Workloads = pods } });
        Assert.Contains("pods", Assert.IsType<RunEvent.EffectFailed>(await LaunchAsync("north")).Detail, StringComparison.Ordinal);

        Assert.Empty(_members["north-1"].Deletions);
        Assert.Empty(_members["north-1"].Launches);
    }

    [Fact]
    public async Task Launch_MemberOutOfSightWhereAnEarlierEpochRan_Waits()
    {
        Assert.IsType<RunEvent.EffectFailed>(await LaunchAsync("north"));

        Assert.IsType<RunEvent.Launched>(await LaunchAsync("west"));
        Assert.Equal("gpu", Assert.Single(_members["west-1"].Launches).NodeSelector.Key);
    }

    private Task<RunEvent> QuiesceAsync() =>
        _actions.QuiesceAsync(Samples.Running(_uid), new RunEffect.Quiesce("quiesce", "east-1", 1), TestContext.Current.CancellationToken);

    /// <summary>Epoch 2, of which the first ran in the north.</summary>
    private Task<RunEvent> LaunchAsync(string region)
    {
        var run = Samples.Running(_uid, cut: new CommitRef(1, 0));
        run = run with { Epoch = run.Epoch! with { Target = Samples.In(region) } };
        return _actions.LaunchAsync(run, new RunEffect.Launch("launch", run.Epoch), TestContext.Current.CancellationToken);
    }
}
