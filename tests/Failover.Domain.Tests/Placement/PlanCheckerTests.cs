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
        ("run a: a move is worth at least 1, not 0", Problem, WithMoves(Plan.Moves[0] with { Value = 0 })),
        ("run a does not fit onto the nodes of m0/h100", WithRun(run => run with { Workers = 3 }), Plan),
        ("region west: 600000000000 bytes are brought in, 5 may be", Problem with { Regions = [new("west", 5)] }, Plan),
        ($"the plan says it is worth 1, its moves add up to {Plan.Value}", Problem, Plan with { Value = 1 }),
    ];

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
