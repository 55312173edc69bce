namespace Failover.Domain.Placement.Solving;

/// <summary>What settling a column took from the bound where it was tried, to choose by where to branch (Bénichou et al. 1971).</summary>
internal sealed class BranchCosts(int columns)
{
    /// <summary>What of a fraction's worth is taken to be lost by rounding it, where the first pivot shows nothing: it makes large gangs come first.</summary>
    private const double Doubt = 0.001;

    private readonly double[] taken = new double[columns * 2];
    private readonly int[] tried = new int[columns * 2];

    /// <summary>Settling it at <paramref name="to"/>, so far from where it was, took so much.</summary>
    public void Note(int column, int to, double far, double took)
    {
        if (far <= 0 || !double.IsFinite(took))
            return;
        taken[(column * 2) + to] += took / far;
        tried[(column * 2) + to]++;
    }

    /// <summary>How much both ways promise together. <paramref name="down"/> and <paramref name="up"/>: what each takes at least.</summary>
    public double Promise(int column, double at, long value, double down, double up) =>
        One(column, 0, at, value, down) * One(column, 1, 1 - at, value, up);

    private double One(int column, int to, double far, long value, double least)
    {
        var number = (column * 2) + to;
        var before = tried[number] > 0 ? taken[number] / tried[number] * far : 0;
        return Math.Max(least, before) + (Doubt * far * value) + Doubt;
    }
}
