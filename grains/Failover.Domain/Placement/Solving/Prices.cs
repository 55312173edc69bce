namespace Failover.Domain.Placement.Solving;

/// <summary>What the rows cost, in value a GPU or a unit of ingest; any such prices, from 0, give a bound. One problem's prices serve the next that resembles it.</summary>
public sealed class Prices
{
    internal Prices(GangProblem problem)
    {
        Bin = new double[problem.Bins * GangProblem.Levels];
        Ingest = new double[problem.Regions];
        Spread = new double[problem.Groups * problem.Regions];
    }

    /// <summary>[bin × levels + level]: a GPU in chunks of 2^level; what needs larger chunks pays for the smaller ones as well.</summary>
    internal double[] Bin { get; }

    internal double[] Ingest { get; }

    /// <summary>[group × regions + region].</summary>
    internal double[] Spread { get; }

    internal bool Suits(GangProblem problem) =>
        Bin.Length == problem.Bins * GangProblem.Levels && Ingest.Length == problem.Regions && Spread.Length == problem.Groups * problem.Regions;

    internal void CopyTo(Prices other)
    {
        Bin.CopyTo(other.Bin, 0);
        Ingest.CopyTo(other.Ingest, 0);
        Spread.CopyTo(other.Spread, 0);
    }

    /// <summary>[level × bins + bin]: what a GPU of a gang of that level costs in all.</summary>
    internal void Total(double[] perGpu, int bins)
    {
        for (var bin = 0; bin < bins; bin++)
        {
            var sum = 0.0;
            for (var level = 0; level < GangProblem.Levels; level++)
                perGpu[(level * bins) + bin] = sum += Bin[(bin * GangProblem.Levels) + level];
        }
    }
}
