using System.Collections.Immutable;
using Failover.Domain.Fleet;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using Failover.Domain.Runs;

namespace Failover.Domain.Tests.Planning;

/// <summary>A fleet of three regions with two members each (e1, e2, n1, n2, w1, w2), and rows of runs and members in few words.</summary>
internal static class Worlds
{
    public static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly FleetSpec World = new()
    {
        Installation = "test",
        Regions = [new("east"), new("north"), new("west")],
        Members = [.. new[] { "e1", "e2", "n1", "n2", "w1", "w2" }.Select(name => new MemberSpec(name, RegionOf(name), "kubeconfig"))],
        Stores = [Store("east"), Store("north"), Store("west")],
        Links = [new("east", "west", 2_000, 0.02), new("east", "north", 500, 0.05)],
        Tenants = [new("team", "team")],
        Skus = [new("h100", 1, "gpu", "h100"), new("a100", 0.4, "gpu", "a100")],
        Sites = ["home"],
    };

    public static StoreSpec Store(string region, string? name = null) => new(name ?? $"s-{region}", region, $"/mnt/{region}", $"file:///mnt/{region}");

    public static MemberState Member(string name, MemberVerdict verdict = MemberVerdict.Healthy, int nodes = 4) => new()
    {
        Name = name,
        Region = RegionOf(name),
        Now = Now,
        Verdict = verdict,
        VerdictSince = Now.AddHours(-1),
        TroubleSince = verdict == MemberVerdict.Healthy ? null : Now.AddHours(-2),
        Capacity = new CapacitySnapshot(1, [new PoolSnapshot("h100", nodes * 8, [0, 0, 0, 0, 0, 0, 0, 0, nodes])], []),
    };

    public static RunState Run(string uid, RunStep step = RunStep.Waiting, int workers = 1, int tier = 1) => new()
    {
        Uid = uid,
        Spec = new RunSpec
        {
            Name = $"run-{uid}",
            Tenant = "team",
            Gang = new GangSpec(workers, 8),
            Skus = ["h100"],
            Tier = tier,
            Checkpoints = new CheckpointSpec("s-east", []),
            Workload = [],
        },
        Step = step,
        Now = Now,
        StepSince = Now.AddMinutes(-5),
        SubmittedAt = Now.AddDays(-1),
        Waiting = step == RunStep.Waiting ? new WaitState(WaitReason.NotYetPlanned, "submitted", Now.AddMinutes(-5)) : null,
    };

    public static RunState On(this RunState run, string member, int epoch = 1) => run with
    {
        Epoch = new EpochState { Number = epoch, Target = Target(member), ResumeFrom = null, ResumeStep = 0, LaunchId = "l", Since = Now.AddHours(-3) },
    };

    public static RunState MovingTo(this RunState run, string member, MoveCause cause = MoveCause.Failover) => run with
    {
        Moves = 1,
        Move = new MoveState { Number = 1, Cause = cause, Target = Target(member), ToEpoch = run.EpochNumber + 1 },
    };

    public static RunState WaitingFor(this RunState run, WaitReason reason, DateTimeOffset? until = null) => run with
    {
        Step = RunStep.Waiting,
        Waiting = new WaitState(reason, "", Now.AddMinutes(-3)) { Until = until },
    };

    public static RunState With(this RunState run, Func<RunSpec, RunSpec> change) => run with { Spec = change(run.Spec) };

    public static Target Target(string member) => new(member, RegionOf(member), "h100", $"s-{RegionOf(member)}");

    public static PlannerInput Input(ImmutableArray<RunState> runs, params ImmutableArray<MemberState> members) => new()
    {
        Now = Now,
        SnapshotVersion = 1,
        Fleet = World,
        Runs = runs,
        Members = members,
    };

    /// <summary>A yes to all that is asked.</summary>
    public static ImmutableArray<PermitAnswer> Granted(PlannerInput input, PlanningPolicy policy) =>
        [.. Displacement.Find(input, policy).Requested.Displaced.Select(request => new PermitAnswer(request.RunUid, request.Epoch, true, ""))];

    public static string RegionOf(string member) => member[0] switch { 'e' => "east", 'n' => "north", _ => "west" };
}
