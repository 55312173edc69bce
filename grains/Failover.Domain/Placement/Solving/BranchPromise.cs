namespace Failover.Domain.Placement.Solving;

/// <summary>
/// How large the search below a run's options may become, for <see cref="ExactSearch"/> to branch where it promises to be smallest. Prices as they are tell
/// only what an option takes at once; what bins that are alike, or a group's limit, will lose after that is guessed from how often the option was chosen
/// while the prices settled.
/// </summary>
internal sealed class BranchPromise(GangProblem problem, KnapsackDual dual)
{
    /// <summary>How fast a search grows with its gap: by e^this from a closed gap to the node's.</summary>
    private const double Steepness = 4;

    /// <summary>The weight of one step in how often a place was chosen.</summary>
    private const double Recent = 0.1;

    /// <summary>The share of the room's cost that is taken to be lost where an option was not chosen at all, for what is shared by a bin, and by a group.</summary>
    private const double LostOfBin = 0.25;
    private const double LostOfGroup = 0.5;

    private readonly double[] often = new double[problem.Candidates];

    /// <summary>Takes note of what the bins choose now.</summary>
    public void Note()
    {
        for (var run = 0; run < problem.Runs; run++)
        {
            for (var place = problem.Start[run]; place < problem.UsableEnd[run]; place++)
                often[place] += Recent * ((dual.IsChosen(place) ? 1 : 0) - often[place]);
        }
    }

    /// <summary>The size of the search below these options, in units of the one without any of them. <paramref name="slack"/>: the gap, in the dual's units.</summary>
    public double Size(int run, List<(int Place, Int128 Loss)> options, double slack)
    {
        var size = 0.0;
        foreach (var (place, loss) in options)
        {
            var guess = (double)loss + (place < 0 ? LossOfNone(run) : LossOfPlace(run, place));
            size += Math.Exp(-Steepness * Math.Min(1, guess / Math.Max(1, slack)));
        }

        return size;
    }

    private double LossOfPlace(int run, int place)
    {
        var region = problem.RegionOfBin[problem.BinOf[place]];
        var there = 0.0;
        for (var other = problem.Start[run]; other < problem.UsableEnd[run]; other++)
            there += problem.RegionOfBin[problem.BinOf[other]] == region ? often[other] : 0;
        var spread = dual.SpreadCost(run, place);
        var ofGroup = LostOfGroup * Math.Clamp(1 - there, 0, 1) * spread;
        // What a run with one place pays for its bin's room is not known.
        if (!dual.Shared[run])
            return ofGroup;
        var room = ((double)problem.ValueOf[place] * dual.Unit) - dual.Price[run] - spread;
        return ofGroup + (LostOfBin * Math.Max(0, room) * (1 - often[place]));
    }

    private double LossOfNone(int run)
    {
        double had = 0, spread = 0;
        for (var other = problem.Start[run]; other < problem.UsableEnd[run]; other++)
        {
            had += often[other];
            spread += often[other] * dual.SpreadCost(run, other);
        }

        return (LostOfGroup * spread) + (LostOfBin * dual.Price[run] * Math.Min(1, had));
    }
}
