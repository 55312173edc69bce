using Failover.Abstractions.Ports;
using Failover.Domain.Checkpoints;
using Failover.Domain.Fleet;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Runs;

namespace Failover.Grains.Tests.Doubles;

/// <summary>A fleet of three regions with a member and a store each, and runs in it.</summary>
internal static class Samples
{
    public const string Tenant = "research";

    public static readonly string[] Stores = ["east", "west", "north"];

    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static int _uids;

    public static RunSpec Spec { get; } = new()
    {
        Name = "llama",
        Tenant = Tenant,
        Gang = new GangSpec(2, 8),
        Skus = ["h100"],
        Checkpoints = new CheckpointSpec("east", ["west"]),
        Workload = [],
    };

    /// <summary>26 characters, never given twice.</summary>
    public static string NewUid() => $"01jd2m7k3q8v5w9x0y1z2{Interlocked.Increment(ref _uids):d5}";

    public static FleetSpec Fleet(Func<string, string> mountOf) => new()
    {
        Installation = "test",
        Regions = [.. Stores.Select(name => new RegionSpec(name))],
        Members = [.. Stores.Select(name => new MemberSpec($"{name}-1", name, "kubeconfig"))],
        Stores = [.. Stores.Select(name => new StoreSpec(name, name, mountOf(name), $"file:///mnt/{name}"))],
        Tenants = [new TenantSpec(Tenant, "training", "trainer")],
        Skus = [new SkuSpec("h100", 1, "gpu", "h100")],
        Sites = ["local"],
    };

    public static Target In(string region) => new($"{region}-1", region, "h100", region);

    public static RunState Submitted(string uid) => RunMachine.Submit(uid, Spec, Start);

    /// <summary>Runs epoch 1 in the east, or epoch 2 there after a first one in the north that was cut at <paramref name="cut"/>.</summary>
    public static RunState Running(string uid, CommitRef? cut = null) => Submitted(uid) with
    {
        Step = RunStep.Running,
        Waiting = null,
        Moves = cut is null ? 1 : 2,
        Past = cut is null ? [] : [new PastEpoch(1, In("north"), null, cut, Sealed: true, Start)],
        Epoch = new EpochState
        {
            Number = cut is null ? 1 : 2,
            Target = In("east"),
            ResumeFrom = cut,
            ResumeStep = cut is { } from ? StoreWorld.StepOf(from) : 0,
            LaunchId = "launch",
            Since = Start,
        },
    };

    /// <summary>A failover from the east to the west, at one of its steps.</summary>
    public static RunState Moving(string uid, RunStep step, CommitRef? commit = null)
    {
        var running = Running(uid);
        return running with
        {
            Step = step,
            Moves = 2,
            Epoch = running.Epoch! with { Fenced = step >= RunStep.Fenced },
            Move = new MoveState
            {
                Number = 2,
                Cause = MoveCause.Failover,
                Target = In("west"),
                ToEpoch = 2,
                Commit = commit,
                Sources = commit is null ? [] : ["east"],
                Dates = [new DatedStep("Detected", Start)],
            },
        };
    }

    public static SeenWorkload Workload(string uid, int epoch, WorkloadPhase phase = WorkloadPhase.Running, int? exitCode = null) =>
        new("training", $"llama-e{epoch}", $"object-{uid}-{epoch}", uid, epoch, "launch", phase, exitCode, phase.ToString());

    public static MemberObservation Sight(params SeenWorkload[] workloads) => new(Capacity(), [.. workloads], 4, 4, 4);

    /// <summary>Four free nodes of eight GPUs.</summary>
    public static CapacitySnapshot Capacity() => new(1, [new PoolSnapshot("h100", 32, [0, 0, 0, 0, 0, 0, 0, 0, 4])], []);
}
