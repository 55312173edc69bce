using System.Collections.Immutable;
using Failover.Domain.Migration;
using Failover.Domain.Placement;
using static Failover.Domain.Tests.Placement.Problems;

namespace Failover.Domain.Tests.Placement;

public sealed class PlanCheckerTests
{
    private static readonly PlacementProblem Problem = Of([Run("a", bytes: 600 * Gigabyte), Run("b", workers: 9)], Nodes((8, 2)), Nodes((8, 2)));
    private static readonly PlacementPlan Plan = Placer.Place(Problem, new());

    private static (string Says, PlacementProblem Problem, PlacementPlan Plan)[] Faults =>
    [
        ("the plan is of snapshot 8, the problem 7", Problem, Plan with { SnapshotVersion = 8 }),
        ("run b is forgotten", Problem, Plan with { Unplaced = [] }),
        ("run a is there 2 times", Problem, WithMoves(Plan.Moves[0], Plan.Moves[0])),
        ("run z is not in the problem", Problem, WithMoves(Plan.Moves[0], Plan.Moves[0] with { RunUid = "z" })),
        ("run b has no reason for every member", Problem, Plan with { Unplaced = [new("b", [new("m0", "no")])] }),
        ("run a: member m9 is not in the problem", Problem, WithTarget(target => target with { Member = "m9" })),
        ("run a: member m0 is no target: cordoned", Problem with { Members = Problem.Members.SetItem(0, new("m0", "west", "cordoned")) }, Plan),
        ("run a: member m0 is in west, not in east", Problem, WithTarget(target => target with { Region = "east" })),
        ("run a: region east is not allowed", Problem, WithTarget(target => target with { Region = "east" })),
        ("run a: member m0 is excluded", WithRun(run => run with { Excluded = [new("m0", "no")] }), Plan),
        ("run a: GPU type a100 does not suit it", Problem, WithTarget(target => target with { Sku = "a100" })),
        ("bin m0/a100 is not in the problem", Problem, WithTarget(target => target with { Sku = "a100" })),
        ("run a: store and bytes in west are store-west and 600000000000", Problem, WithTarget(target => target with { Store = "other" })),
        ("run a: store and bytes in west are store-west and 600000000000", Problem, WithMoves(Plan.Moves[0] with { IngestBytes = 0 })),
        ("run a: a place is worth at least 1, not 0", Problem, WithMoves(Plan.Moves[0] with { Value = 0 })),
        ("run a does not fit onto the nodes of m0/h100", WithRun(run => run with { Workers = 3 }), Plan),
        ("region west: 600000000000 bytes are brought in, 5 may be", Problem with { Regions = [new("west", 5)] }, Plan),
        ($"the plan says it is worth 1, its places add up to {Plan.Value}", Problem, Plan with { Value = 1 }),
    ];

    /// <summary>The two nodes of m0 are taken by `old`, half of it; `a` wants both.</summary>
    private static readonly PlacementProblem Live = Of(
        [Run("a", workers: 2, tier: 3) with { Group = "g" }, Run("old", workers: 2) with { Home = new("m0", "h100", TimeSpan.FromHours(1)), Group = "g" }, Run("z")], Nodes()) with
    {
        Groups = [new("g", 16)],
    };

    private static readonly PlacementPlan Preempting = new(7, [new("a", new("m0", "west", "h100", "store-west"), 30, 0)], [new("z", [new("m0", "outbid")])], 30)
    {
        Preempted = [new("old", Live.Runs[1].Home!, 10, ["a"])],
        Bound = 31,
    };

    private static readonly PlacementPlan Staying = new(7, [], [new("a", [new("m0", "full")]), new("z", [new("m0", "full")])], 10) { Stays = [new("old", 10)] };

    private static (string Says, PlacementProblem Problem, PlacementPlan Plan)[] LiveFaults =>
    [
        ("run old is forgotten", Live, Preempting with { Preempted = [] }),
        ("run old is there 2 times", Live, Preempting with { Stays = [new("old", 1)] }),
        ("run old has a home, and is said to have no place", Live, Staying with { Stays = [], Unplaced = Staying.Unplaced.Add(new("old", [new("m0", "full")])) }),
        ("run old has a home, and may not migrate", Live, Staying with { Stays = [], Moves = [Preempting.Moves[0] with { RunUid = "old" }] }),
        ("run old moves to its own home", Live, Staying with { Stays = [], Moves = [Preempting.Moves[0] with { RunUid = "old" }] }),
        ("run z has no home to stay in", Live, Staying with { Unplaced = [], Stays = [new("old", 10), new("z", 1)] }),
        ("run old: its home is not m1/h100", Live, Preempting with { Preempted = [Preempting.Preempted[0] with { Home = new("m1", "h100", TimeSpan.Zero) }] }),
        ("run old is preempted for nobody", Live, Preempting with { Preempted = [Preempting.Preempted[0] with { For = [] }] }),
        ("run old is preempted for z, which does not move", Live, Preempting with { Preempted = [Preempting.Preempted[0] with { For = ["z"] }] }),
        ("run a does not fit onto the nodes of m0/h100", Live, Preempting with { Preempted = [], Stays = [new("old", 10)], Value = 40 }),
        ("run a does not fit onto the nodes of m0/h100", Live with { Runs = Live.Runs.SetItem(1, Live.Runs[1] with { Workers = 4, GpusPerWorker = 4 }) }, Preempting),
        ("group g: 16 GPUs in west, 15 may be", Problem with { Groups = [new("g", 15)], Runs = [Problem.Runs[0] with { Group = "g", Workers = 2 }, Problem.Runs[1]] }, Plan),
        ("group g: 32 GPUs in west, 16 may be", Live, Preempting with { Preempted = [], Stays = [new("old", 10)] }),
        ("the plan is worth 30, and says that none is worth more than 29", Live, Preempting with { Bound = 29 }),
    ];

    [Fact]
    public void Check_SoundPlanOverLiveRuns_FindsNothing() => Assert.All([Preempting, Staying], plan => Assert.Empty(PlanChecker.Check(Live, plan)));

    [Fact]
    public void Check_EachFaultOverLiveRuns_IsNamed() => Assert.All(LiveFaults, fault => Assert.Contains(fault.Says, PlanChecker.Check(fault.Problem, fault.Plan)));

    [Fact]
    public void Check_GroupThatHasTooManyAlready_MayKeepThem()
    {
        var problem = Live with { Groups = [new("g", 4)] };
        Assert.Empty(PlanChecker.Check(problem, Staying));
        Assert.Empty(PlanChecker.Check(problem, Preempting));
    }

    [Fact]
    public void Check_SoundPlan_FindsNothing() => Assert.Empty(PlanChecker.Check(Problem, Plan));

    [Fact]
    public void Check_EachFault_IsNamed() => Assert.All(Faults, fault => Assert.Contains(fault.Says, PlanChecker.Check(fault.Problem, fault.Plan)));

    [Fact]
    public void Check_WideAndNarrowGangsOnOneNode_PacksTheWideFirst()
    {
        // Seven free GPUs hold one of four, one of two and one of one, whichever is listed first.
        var problem = Of([Run("a", 1, 1), Run("b", 1, 2), Run("c", 1, 4)], Nodes((7, 1)));
        var plan = Placer.Place(problem, new());
        Assert.Equal(3, plan.Moves.Length);
        Assert.Empty(PlanChecker.Check(problem, plan));
    }

    private static PlacementPlan WithMoves(params ImmutableArray<PlannedMove> moves) => Plan with { Moves = moves, Value = moves.Sum(move => move.Value) };

    private static PlacementPlan WithTarget(Func<Target, Target> change) => WithMoves(Plan.Moves[0] with { Target = change(Plan.Moves[0].Target) });

    private static PlacementProblem WithRun(Func<PlacementRun, PlacementRun> change) => Problem with { Runs = Problem.Runs.SetItem(0, change(Problem.Runs[0])) };
}
