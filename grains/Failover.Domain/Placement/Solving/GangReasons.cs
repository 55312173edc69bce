using System.Collections.Immutable;

namespace Failover.Domain.Placement.Solving;

/// <summary>The row that keeps a run out of a bin; the first that holds, in this order.</summary>
public enum KeptOutBy
{
    /// <summary>The bin is not among the run's candidates.</summary>
    NotListed,

    /// <summary>A place there is worth nothing.</summary>
    WorthNothing,

    /// <summary>The bin has fewer GPUs than the run needs, even if all else were gone.</summary>
    TooSmall,

    /// <summary>It has enough, but not in chunks as large as the run needs together.</summary>
    TooScattered,

    /// <summary>Too much would have to be brought into the region, beside what others bring.</summary>
    Ingest,

    /// <summary>The group would have too many GPUs in the region.</summary>
    Spread,

    /// <summary>Others are worth more there.</summary>
    Outbid,

    /// <summary>Nothing does: the plan was not made to the end, or the run has a better place.</summary>
    Nothing,
}

/// <summary>Why a run is not in a bin.</summary>
/// <param name="Bin">The bin.</param>
/// <param name="Row">What keeps it out.</param>
/// <param name="Needs">What it needs of that row: GPUs, or ingest.</param>
/// <param name="Has">What the row has for it: in all where it could never fit, else what is left.</param>
/// <param name="By">Who would have to go, for <see cref="KeptOutBy.Outbid"/>; who brings in most, for <see cref="KeptOutBy.Ingest"/>.</param>
/// <param name="Margin">By how much they are worth more than it: what the plan would lose. Below 0 the plan could be better.</param>
public sealed record BinReason(int Bin, KeptOutBy Row, long Needs, long Has, ImmutableArray<int> By, long Margin);

/// <summary>Why a run is where it is.</summary>
/// <param name="Bin">Where.</param>
/// <param name="Value">What that is worth.</param>
/// <param name="RunnerUp">The next best bin, all told; -1: there is none.</param>
/// <param name="Margin">What the plan would lose if it went there, those who would have to make room included.</param>
public sealed record PlaceReason(int Bin, long Value, int RunnerUp, long Margin);

/// <summary>Explains a plan, run by run, from the problem and the plan alone.</summary>
public sealed class GangReasons
{
    /// <summary>As many are named as a person wants to read.</summary>
    private const int NamedMax = 3;

    private readonly GangProblem problem;
    private readonly PlanState state;
    private readonly BinChoice choice = new(Rounding.Feasible);
    private readonly List<int>[] occupants;

    /// <summary>Throws <see cref="ArgumentException"/> for a plan that is not one of the problem.</summary>
    public GangReasons(GangProblem problem, GangPlan plan)
    {
        if (GangChecker.Check(problem, plan.BinOf.AsSpan(), plan.Value) is [var fault, ..])
            throw new ArgumentException(fault, nameof(plan));
        this.problem = problem;
        state = new PlanState(problem);
        occupants = [.. Enumerable.Range(0, problem.Bins).Select(_ => new List<int>())];
        foreach (var run in Enumerable.Range(0, problem.Runs).OrderBy(run => BinKnapsack.Order(problem.Gpus[run], problem.Level[run])))
        {
            if (plan.BinOf[run] < 0)
                continue;
            state.Move(run, problem.Find(run, plan.BinOf[run]));
            occupants[plan.BinOf[run]].Add(run);
        }
    }

    /// <summary>Why the run is where it is; null: it has no place.</summary>
    public PlaceReason? Why(int run)
    {
        var seat = state.Seats[run];
        if (seat.Place < 0)
            return null;
        var (runnerUp, least) = (-1, long.MaxValue);
        for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
        {
            var reason = WhyNot(run, problem.BinOf[place]);
            var loss = reason.Row switch
            {
                KeptOutBy.Nothing => seat.Value - problem.ValueOf[place],
                // What leaving costs is in the margin already: it counts from no place at all.
                KeptOutBy.Outbid => reason.Margin + seat.Value,
                _ => long.MaxValue,
            };
            if (place != seat.Place && loss < least)
                (runnerUp, least) = (reason.Bin, loss);
        }

        return new PlaceReason(seat.Bin, seat.Value, runnerUp, runnerUp < 0 ? 0 : least);
    }

    /// <summary>Why the run is in none of the bins, bin by bin.</summary>
    public ImmutableArray<BinReason> WhyNot(int run) => [.. Enumerable.Range(0, problem.Bins).Select(bin => WhyNot(run, bin))];

    /// <summary>Why the run is not in the bin.</summary>
    public BinReason WhyNot(int run, int bin)
    {
        var place = Array.IndexOf(problem.BinOf, (ushort)bin, problem.Start[run], problem.Start[run + 1] - problem.Start[run]);
        var gpus = problem.Gpus[run];
        if (place < 0)
            return new(bin, KeptOutBy.NotListed, 0, 0, [], 0);
        if (problem.ValueOf[place] <= 0)
            return new(bin, KeptOutBy.WorthNothing, 0, problem.ValueOf[place], [], 0);
        var row = bin * GangProblem.Levels;
        if (gpus > problem.Capacity[row])
            return new(bin, KeptOutBy.TooSmall, gpus, problem.Capacity[row], [], 0);
        if (gpus > problem.Capacity[row + problem.Level[run]])
            return new(bin, KeptOutBy.TooScattered, gpus, problem.Capacity[row + problem.Level[run]], [], 0);
        // Rows are judged as if the run had left the place that it has.
        var now = state.PlaceOf(run);
        var mark = state.Mark;
        state.Move(run, -1);
        var reason = InRegion(run, place) ?? InBin(run, place);
        state.Undo(mark);
        return now == place ? new(bin, KeptOutBy.Nothing, 0, 0, [], 0) : reason;
    }

    private BinReason? InRegion(int run, int place)
    {
        int bin = problem.BinOf[place];
        var region = problem.RegionOfBin[bin];
        if (problem.IngestOf[place] > 0 && problem.IngestOf[place] > state.IngestLeft(region))
            return new(bin, KeptOutBy.Ingest, problem.IngestOf[place], state.IngestLeft(region), Bringing(region, run), 0);
        if (problem.Group[run] >= 0 && problem.Gpus[run] > state.SpreadLeft(problem.Group[run], region))
            return new(bin, KeptOutBy.Spread, problem.Gpus[run], state.SpreadLeft(problem.Group[run], region), [], 0);
        return null;
    }

    private BinReason InBin(int run, int place)
    {
        int bin = problem.BinOf[place];
        if (state.FitsBin(run, place))
            return new(bin, KeptOutBy.Nothing, 0, 0, [], 0);
        choice.Clear();
        long together = 0;
        var others = occupants[bin].Where(other => other != run).ToArray();
        foreach (var other in others)
        {
            choice.Add(problem.Gpus[other], problem.Level[other], state.Seats[other].Value);
            together += state.Seats[other].Value;
        }

        var room = new long[GangProblem.Levels];
        var least = long.MaxValue;
        for (var level = 0; level < room.Length; level++)
        {
            var capacity = problem.Capacity[(bin * GangProblem.Levels) + level] - (level <= problem.Level[run] ? problem.Gpus[run] : 0);
            room[level] = least = Math.Min(least, capacity);
        }

        var margin = together - choice.Choose(room) - problem.ValueOf[place];
        var gone = others.Where((_, item) => !choice.IsChosen(item)).OrderByDescending(other => state.Seats[other].Value).ThenBy(other => other);
        return new(bin, KeptOutBy.Outbid, problem.Gpus[run], state.Free(bin, problem.Level[run]), [.. gone.Take(NamedMax)], margin);
    }

    private ImmutableArray<int> Bringing(int region, int run) =>
    [
        .. Enumerable.Range(0, problem.Runs)
            .Where(other => other != run && state.PlaceOf(other) >= 0 && problem.RegionOfBin[state.Seats[other].Bin] == region && problem.IngestOf[state.PlaceOf(other)] > 0)
            .OrderByDescending(other => problem.IngestOf[state.PlaceOf(other)]).ThenBy(other => other).Take(NamedMax),
    ];
}
