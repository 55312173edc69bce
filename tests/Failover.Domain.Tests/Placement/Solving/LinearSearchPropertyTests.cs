using CsCheck;
using Failover.Domain.Placement.Solving;

namespace Failover.Domain.Tests.Placement.Solving;

/// <summary>What branch and bound, and the proofs it rests on, say of every problem, against a search through all plans.</summary>
public sealed class LinearSearchPropertyTests
{
    /// <summary>More than all runs of a problem are worth together.</summary>
    private const long Must = 1_000_000;

    [Fact]
    public void Run_NothingSettled_FindsTheOptimumWhateverTheScale() =>
        Gen.Select(GangSpec.Gen(6), Gen.Int[-36, 36], Gen.Int[-52, 52], Gen.Long[1, 60]).Sample(
            (spec, draw, ingestDraw, below) =>
            {
                var scale = Math.Max(0, draw);
                var (problem, optimum) = (Scaled(spec, scale, Math.Max(0, ingestDraw)).Build(), spec.Optimum() << scale);
                var search = Searched(problem, Open(problem), Math.Max(-1, optimum - below));
                Assert.False(search.Stopped);
                Assert.Equal(optimum, search.BestValue);
                Assert.Equal(search.BestValue, search.Bound);
                Assert.Empty(GangChecker.Check(problem, BinsOf(problem, search.Best), search.BestValue));
            },
            iter: PropertyCases.Count);

    [Fact]
    public void Run_SomeSettled_MissesNoPlanOfWhatIsLeft() =>
        Gen.Select(GangSpec.Gen(6), Gen.Int[-3, 1].Array[18], Gen.Long[-1, 200]).Sample(
            (spec, draws, known) =>
            {
                var problem = spec.Build();
                var settled = Settled(problem, draws);
                var search = Searched(problem, settled, known);
                Assert.False(search.Stopped);
                Assert.True(search.Bound >= Left(spec, problem, settled), $"bound {search.Bound}");
                Assert.InRange(search.BestValue, Math.Max(known, Left(spec, problem, settled)), Math.Max(known, spec.Optimum()));
            },
            iter: PropertyCases.Count);

    [Fact]
    public void Reduce_AnyPlan_SettlesOnlyWhatBetterPlansAgreeOn() =>
        Gen.Select(GangSpec.Gen(6), Gen.Int[0, 40]).Sample(
            (spec, steps) =>
            {
                var problem = spec.Build();
                var first = GreedyPlan.ByValue(problem);
                var dual = new DualSearch(problem, new Prices(problem), first.Places(), first.Value, deflected: true, _ => false);
                dual.Descend(steps);
                var settled = dual.Reduce(first.Places(), first.Value, _ => false);
                var optimum = spec.Optimum();
                Assert.True(dual.Bound >= optimum);
                if (optimum > first.Value)
                    Assert.Equal(optimum, Left(spec, problem, settled));
            },
            iter: PropertyCases.Count);

    [Fact]
    public void Proof_AnyMultipliers_HoldsForEveryPlan() =>
        Gen.Select(GangSpec.Gen(6), Gen.Int[-3, 1].Array[18], Gen.Double[-1, 30].Array[40]).Sample(
            (spec, draws, multipliers) =>
            {
                var problem = spec.Build();
                var settled = Settled(problem, draws);
                var lines = new LinearRows(problem, settled);
                var left = Left(spec, problem, settled);
                if (lines.Impossible)
                {
                    Assert.True(left < 0);
                    return;
                }

                var open = Enumerable.Repeat((sbyte)-1, lines.Columns).ToArray();
                var proof = new LinearProof(lines);
                Assert.True(proof.Bound(multipliers.AsSpan(0, lines.Rows), open) >= left * proof.Unit);
            },
            iter: PropertyCases.Count);

    private static LinearSearch Searched(GangProblem problem, sbyte[] settled, long known)
    {
        var none = Enumerable.Repeat(-1, problem.Runs).ToArray();
        var search = new LinearSearch(problem, new LinearRows(problem, settled), none, known, _ => false);
        search.Run();
        return search;
    }

    private static sbyte[] Open(GangProblem problem) => [.. Enumerable.Repeat((sbyte)-1, problem.Candidates)];

    /// <summary>Below 0: open; a run has one place at the most.</summary>
    private static sbyte[] Settled(GangProblem problem, int[] draws)
    {
        var settled = Open(problem);
        for (var run = 0; run < problem.Runs; run++)
        {
            for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
                settled[place] = (sbyte)Math.Max(-1, settled.AsSpan(problem.Start[run], place - problem.Start[run]).Contains((sbyte)1) ? Math.Min(0, draws[place]) : draws[place]);
        }

        return settled;
    }

    /// <summary>The most that a plan is worth that has what is settled; below 0: there is none.</summary>
    private static long Left(GangSpec spec, GangProblem problem, sbyte[] settled)
    {
        var musts = 0;
        var runs = spec.Runs.Select((run, index) =>
        {
            var must = run.Places.Where(place => problem.Find(index, place.Bin) is >= 0 and var at && settled[at] == 1).ToArray();
            musts += must.Length;
            return run with
            {
                Places = must.Length > 0
                    ? [.. must.Select(place => place with { Value = place.Value + Must })]
                    : [.. run.Places.Where(place => problem.Find(index, place.Bin) is >= 0 and var at && settled[at] < 0)],
            };
        }).ToArray();
        return (spec with { Runs = runs }).Optimum() - (musts * Must);
    }

    private static int[] BinsOf(GangProblem problem, ReadOnlySpan<int> places) => [.. places.ToArray().Select(place => place < 0 ? -1 : problem.BinOf[place])];

    private static GangSpec Scaled(GangSpec spec, int values, int ingest) => spec with
    {
        Ingest = [.. spec.Ingest.Select(window => window << ingest)],
        Runs =
        [
            .. spec.Runs.Select(run => run with { Places = [.. run.Places.Select(place => place with { Value = place.Value << values, Ingest = place.Ingest << ingest })] }),
        ],
    };
}
