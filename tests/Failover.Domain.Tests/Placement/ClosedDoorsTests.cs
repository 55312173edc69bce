using System.Collections.Immutable;
using Failover.Domain.Migration;
using Failover.Domain.Placement;
using Failover.Domain.Placement.Solving;
using static Failover.Domain.Tests.Placement.Problems;

namespace Failover.Domain.Tests.Placement;

/// <summary>What no wait ends is told apart from what is so now, whichever engine says it.</summary>
public sealed class ClosedDoorsTests
{
    private static readonly PlacementPolicy Policy = new();

    // One member, four nodes of 8 h100 that are all taken, unless a case says otherwise; what is told of it to a run, and whether that stays so.
    private static readonly (PlacementProblem Problem, string Reason, bool Never)[] Cases =
    [
        // Too large for the pool as it is, whatever runs there.
        (Full(Run("a", workers: 1_000)), "too large for it even if it were empty: needs 8000 GPUs, its h100 nodes have 32 in all", true),
        // It would fit if nothing else ran there.
        (Full(Run("a", workers: 4)), "not enough h100: needs 32 GPUs, 0 free", false),
        // Enough GPUs, on nodes that are too narrow.
        (With(Full(Run("a", workers: 4)), bin => bin with { NodesByGpus = Nodes((4, 16)) }), "too large for it even if it were empty: needs 8 GPUs on one node 4 times, its h100 nodes have room for 0", true),
        (With(Full(Run("a", workers: 3)), bin => bin with { NodesByGpus = Nodes((8, 2), (4, 16)) }), "too large for it even if it were empty: needs 8 GPUs on one node 3 times, its h100 nodes have room for 2", true),
        // Two types, neither large enough: the roomier one is named.
        (Plus(Full(Run("a", workers: 9) with { Skus = [new("h100", 1_000), new("a100", 400)] }), "a100", Nodes((8, 8))), "too large for it even if it were empty: needs 72 GPUs, its a100 nodes have 64 in all", true),
        // One of two types would do.
        (Plus(Full(Run("a", workers: 8) with { Skus = [new("h100", 1_000), new("a100", 400)] }), "a100", Nodes((8, 8))), "not enough h100: needs 64 GPUs, 0 free", false),
        // A record of before the nodes were counted says nothing of them.
        (With(Full(Run("a", workers: 1_000)), bin => bin with { NodesByGpus = [] }), "not enough h100: needs 8000 GPUs, 0 free", false),
        // What no wait ends is said first, since whatever else there is may end.
        (Closed(Full(Run("a", workers: 1_000))), "too large for it even if it were empty: needs 8000 GPUs, its h100 nodes have 32 in all", true),
        (Closed(Full(Run("a", workers: 4))), "It is Lost, not Healthy.", false),
        (Full(Run("a", workers: 1_000) with { Excluded = [new("m0", "distrusted")] }), "too large for it even if it were empty: needs 8000 GPUs, its h100 nodes have 32 in all", true),
        (Full(Run("a") with { Excluded = [new("m0", "distrusted")] }), "distrusted", false),
        // Nowhere to be, by the run's document or the fleet file.
        (Full(Run("a", region: "east")) with { Regions = [new("east", 0), new("west", 0)] }, "region west is not allowed", true),
        (Full(Run("a") with { Skus = [new("b200", 1_000)] }), "no b200 there, only h100", true),
        (Full(Run("a") with { Skus = [] }), "none of its GPU types is in the fleet file", true),
        // Nodes may be on their way where none were seen.
        (Full(Run("a")) with { Bins = [] }, "no h100 there: no GPUs seen", false),
        // A group's share that is smaller than the run, and one that others have taken.
        (Full(Run("a", workers: 4) with { Group = "g" }) with { Groups = [new("g", 24)] }, "spread: needs 32 GPUs, its group g may have 24 in any one region", true),
        (With(Full(Run("a", workers: 4) with { Group = "g" }), bin => bin with { NodesByFreeGpus = Nodes((8, 4)) }) with { Groups = [new PlacementGroup("g", 32) { Held = ImmutableDictionary<string, long>.Empty.Add("west", 8) }] },
            "spread: needs 32 GPUs, its group g may have 24 more in west", false),
    ];

    public static TheoryData<int, PlacementEngine> Rows =>
        new(Enumerable.Range(0, Cases.Length).SelectMany(row => Enum.GetValues<PlacementEngine>().Select(engine => (row, engine))));

    [Theory]
    [MemberData(nameof(Rows))]
    public void For_Member_SaysWhyAndWhetherThatStaysSo(int row, PlacementEngine engine)
    {
        var (problem, reason, never) = Cases[row];
        var plan = engine == PlacementEngine.Greedy ? Placer.Place(problem, Policy) : SolverPlacer.Solve(problem, Policy, new WorkBudget(200_000)).Plan;

        Assert.Equal(new MemberReason("m0", reason) { Never = never }, Assert.Single(Assert.Single(plan.Unplaced).PerMember));
    }

    private static PlacementProblem Full(PlacementRun run) => With(Of([run], Nodes((0, 4))), bin => bin with { NodesByGpus = Nodes((8, 4)) });

    private static PlacementProblem With(PlacementProblem problem, Func<PlacementBin, PlacementBin> change) => problem with { Bins = [.. problem.Bins.Select(change)] };

    private static PlacementProblem Plus(PlacementProblem problem, string sku, ImmutableArray<int> nodes) =>
        problem with { Bins = problem.Bins.Add(new PlacementBin("m0", sku, Nodes((0, 1))) { NodesByGpus = nodes }) };

    private static PlacementProblem Closed(PlacementProblem problem) => problem with { Members = [problem.Members[0] with { NotTarget = "It is Lost, not Healthy." }] };
}
