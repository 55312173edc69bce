namespace Failover.Domain.Placement.Solving;

/// <summary>A plan in the making: each run's place, what the rows hold of it, and a log by which the last changes are undone.</summary>
internal sealed class PlanState
{
    private readonly GangProblem problem;
    private readonly long[] used;
    private readonly long[] ingested;
    private readonly long[] spread;
    private readonly Seat[] seats;
    private readonly List<(int Run, int Place)> log = [];

    public PlanState(GangProblem problem)
    {
        this.problem = problem;
        used = new long[problem.Bins * GangProblem.Levels];
        ingested = new long[problem.Regions];
        spread = new long[problem.Groups * problem.Regions];
        seats = new Seat[problem.Runs];
        seats.AsSpan().Fill(new Seat(0, -1, -1));
    }

    /// <summary>What a run has: worth, candidate and bin; the latter two -1 if it has none. Together, since they are read together.</summary>
    public readonly record struct Seat(long Value, int Place, int Bin);

    /// <summary>[run].</summary>
    public ReadOnlySpan<Seat> Seats => seats;

    /// <summary>The run's candidate; -1: none.</summary>
    public int PlaceOf(int run) => seats[run].Place;

    /// <summary>[run]: its candidate; -1: none.</summary>
    public int[] Places()
    {
        var places = new int[seats.Length];
        CopyTo(places);
        return places;
    }

    public void CopyTo(int[] places)
    {
        for (var run = 0; run < places.Length; run++)
            places[run] = seats[run].Place;
    }

    public long Value { get; private set; }

    /// <summary>Where <see cref="Undo"/> goes back to.</summary>
    public int Mark => log.Count;

    public bool Fits(int run, int place) => FitsBin(run, place) && FitsRegion(run, place);

    public bool FitsBin(int run, int place)
    {
        var row = problem.BinOf[place] * GangProblem.Levels;
        var gpus = problem.Gpus[run];
        for (var level = problem.Level[run]; ; level--)
        {
            if (used[row + level] + gpus > problem.Capacity[row + level])
                return false;
            if (level == 0)
                return true;
        }
    }

    /// <summary>Whether ingest and spread allow it. A run that moves within a region is taken out first.</summary>
    public bool FitsRegion(int run, int place)
    {
        var region = problem.RegionOfBin[problem.BinOf[place]];
        if (ingested[region] + problem.IngestOf[place] > problem.Ingest[region] && problem.IngestOf[place] > 0)
            return false;
        var group = problem.Group[run];
        return group < 0 || spread[(group * problem.Regions) + region] + problem.Gpus[run] <= problem.SpreadMax[(group * problem.Regions) + region];
    }

    /// <summary>GPUs free in a bin, in chunks of 2^level.</summary>
    public long Free(int bin, int level) => problem.Capacity[(bin * GangProblem.Levels) + level] - used[(bin * GangProblem.Levels) + level];

    public long IngestLeft(int region) => problem.Ingest[region] - ingested[region];

    public long SpreadLeft(int group, int region) => problem.SpreadMax[(group * problem.Regions) + region] - spread[(group * problem.Regions) + region];

    /// <summary>Gives the run another place, or none; logged.</summary>
    public void Move(int run, int place)
    {
        var before = seats[run].Place;
        if (before == place)
            return;
        log.Add((run, before));
        Put(run, before, place);
    }

    public void Undo(int mark)
    {
        for (var entry = log.Count - 1; entry >= mark; entry--)
            Put(log[entry].Run, seats[log[entry].Run].Place, log[entry].Place);
        log.RemoveRange(mark, log.Count - mark);
    }

    /// <summary>What was changed since then stays.</summary>
    public void Keep() => log.Clear();

    private void Put(int run, int from, int to)
    {
        if (from >= 0)
            Change(run, from, -1);
        if (to >= 0)
            Change(run, to, 1);
        seats[run] = to < 0 ? new Seat(0, -1, -1) : new Seat(problem.ValueOf[to], to, problem.BinOf[to]);
    }

    private void Change(int run, int place, int sign)
    {
        var bin = problem.BinOf[place];
        var gpus = (long)problem.Gpus[run] * sign;
        for (int level = problem.Level[run]; level >= 0; level--)
            used[(bin * GangProblem.Levels) + level] += gpus;
        var region = problem.RegionOfBin[bin];
        ingested[region] += sign * problem.IngestOf[place];
        if (problem.Group[run] >= 0)
            spread[(problem.Group[run] * problem.Regions) + region] += gpus;
        Value += sign * problem.ValueOf[place];
    }
}
