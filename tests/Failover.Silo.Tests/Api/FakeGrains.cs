using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using Failover.Abstractions.Grains;
using Failover.Abstractions.State;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Runs;

namespace Failover.Silo.Tests.Api;

/// <summary>
/// Grains without a silo: the domain's machines, with runs stored in the rows that real ones are stored in. A proxy, since of the factory's many methods
/// only one is called.
/// </summary>
public class FakeGrains : DispatchProxy
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public ConcurrentDictionary<string, FakeRun> Runs { get; } = new ConcurrentDictionary<string, FakeRun>(StringComparer.Ordinal);

    public ConcurrentDictionary<string, FakeMember> Members { get; } = new ConcurrentDictionary<string, FakeMember>(StringComparer.Ordinal);

    public FakeBrake Brake { get; } = new();

    public IGrainFactory Factory => (IGrainFactory)(object)this;

    private IConditionalTable Table { get; set; } = null!;

    public static FakeGrains Over(IConditionalTable table)
    {
        var grains = (FakeGrains)(object)Create<IGrainFactory, FakeGrains>();
        grains.Table = table;
        return grains;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var key = (string)args![0]!;
        var grain = targetMethod!.GetGenericArguments().Single();
        if (grain == typeof(IRunGrain))
            return Runs.GetOrAdd(key, uid => new FakeRun(uid, Table));
        if (grain == typeof(IMemberGrain))
            return Members.GetOrAdd(key, name => new FakeMember(name));
        return Brake;
    }

    public sealed class FakeRun(string uid, IConditionalTable table) : IRunGrain
    {
        private static readonly string Partition = TableStorage.PartitionOf("run");

        public async Task<RunState> SubmitAsync(RunSpec spec)
        {
            // Two at once, which a real grain would take in turn, make one row here, too.
            await table.WriteAsync(Partition, [new TableWrite.Insert(uid, StateJson.Write(RunMachine.Submit(uid, spec, Start)))]);
            return (await GetAsync())!;
        }

        public async Task ApplyAsync(RunEvent runEvent)
        {
            var row = (await table.ReadAsync(Partition, uid))!;
            var next = RunMachine.Next(StateJson.Read<RunState>(row.Payload), runEvent, new RunPolicy()).State;
            Assert.Equal(WriteOutcome.Written, (await table.WriteAsync(Partition, [new TableWrite.Replace(uid, StateJson.Write(next), row.ETag)])).Outcome);
        }

        public async Task<RunState?> GetAsync() => await table.ReadAsync(Partition, uid) is { } row ? StateJson.Read<RunState>(row.Payload) : null;
    }

    public sealed class FakeMember(string name) : IMemberGrain
    {
        public MemberState State { get; set; } = MemberMachine.Create(name, "eastus", Start);

        public Task<MemberState> ApplyAsync(MemberEvent memberEvent)
        {
            State = MemberMachine.Next(State, memberEvent, new MemberPolicy { Sites = ["local"] }).State;
            return Task.FromResult(State);
        }

        public Task<ReservationAnswer> ReserveAsync(GpuReservation reservation) => throw new InvalidOperationException("Nobody reserves through the API.");

        public Task<MemberState> GetAsync() => Task.FromResult(State);
    }

    public sealed class FakeBrake : IBrakeGrain
    {
        public BrakeState State { get; set; } = new();

        public Task<ImmutableArray<PermitAnswer>> ApplyAsync(BrakeEvent brakeEvent)
        {
            var transition = BrakeMachine.Next(State, brakeEvent, new BrakePolicy());
            State = transition.State;
            return Task.FromResult(transition.Answers);
        }

        public Task<BrakeState> GetAsync() => Task.FromResult(State);
    }
}
