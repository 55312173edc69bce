using System.Numerics;
using System.Runtime.InteropServices;

namespace Failover.Domain.Placement.Solving;

/// <summary>
/// The dual simplex method for variables with bounds, on a dense tableau (Lemke 1954), with the long step: a variable that would become infeasible changes
/// its bound instead, as long as that gains (Fourer 1994). Bounds may change between solves, and the next solve goes on from where the last ended. In
/// floating point: what it says is proven by <see cref="LinearProof"/> from its multipliers, or not at all.
/// </summary>
internal sealed class DualSimplex
{
    private const double Tolerance = 1e-9;
    private const double PivotMin = 1e-7;

    /// <summary>Pivots before rounding errors are feared.</summary>
    private const int PivotsMax = 2_000;

    /// <summary>A solve of more pivots goes round in circles.</summary>
    private const int PivotsLeast = 100;
    private const int PivotsPerRow = 20;

    private readonly LinearRows lines;
    private readonly int rows;
    private readonly int columns;
    private readonly double[] tableau;
    private readonly double[] reduced;
    private readonly double[] basic;
    private readonly double[] multiplier;
    private readonly int[] ofRow;
    private readonly int[] ofColumn;
    private readonly int[] positionOf;
    private readonly bool[] upper;
    private readonly sbyte[] settled;
    private readonly double[] pivotRow;
    private readonly double[] ratios;
    private readonly int[] eligible;
    private readonly double unit;
    private double value;
    private int sinceReset;

    public DualSimplex(LinearRows lines)
    {
        this.lines = lines;
        (rows, columns) = (lines.Rows, lines.Columns);
        tableau = new double[rows * columns];
        reduced = new double[columns];
        basic = new double[rows];
        multiplier = new double[rows];
        ofRow = new int[rows];
        ofColumn = new int[columns];
        positionOf = new int[columns];
        upper = new bool[columns];
        settled = new sbyte[columns];
        settled.AsSpan().Fill(-1);
        pivotRow = new double[columns];
        ratios = new double[columns];
        eligible = new int[columns];
        foreach (var most in lines.Value)
            unit = Math.Max(unit, most);
        Reset();
    }

    /// <summary>How a solve ended.</summary>
    public enum Outcome
    {
        /// <summary>At the best there is within the bounds.</summary>
        Optimal,

        /// <summary>Nothing is left within the bounds.</summary>
        Infeasible,

        /// <summary>At or below the cut-off already.</summary>
        CutOff,

        /// <summary>Too many pivots.</summary>
        Failed,

        /// <summary>The budget is spent.</summary>
        Stopped,
    }

    /// <summary>[row]: what one more of it is worth, 0 and up.</summary>
    public ReadOnlySpan<double> Multiplier => multiplier;

    /// <summary>Steps of a few nanoseconds.</summary>
    public long Work { get; private set; }

    /// <summary>[column]: 0 or 1 where it is settled, else -1.</summary>
    public ReadOnlySpan<sbyte> Settled => settled;

    /// <summary>Starts anew from where no row binds, with what is settled.</summary>
    public void Reset()
    {
        sinceReset = 0;
        Array.Clear(tableau);
        value = 0;
        for (var row = 0; row < rows; row++)
        {
            ofRow[row] = columns + row;
            basic[row] = lines.Capacity[row] / Scale(row);
        }

        for (var column = 0; column < columns; column++)
        {
            ofColumn[column] = positionOf[column] = column;
            reduced[column] = lines.Value[column] / unit;
            for (var part = lines.Start[column]; part < lines.Start[column + 1]; part++)
                tableau[(lines.Row[part] * columns) + column] = lines.Need[part] / Scale(lines.Row[part]);
        }

        for (var column = 0; column < columns; column++)
        {
            upper[column] = settled[column] != 0;
            if (!upper[column])
                continue;
            value += reduced[column];
            for (var part = lines.Start[column]; part < lines.Start[column + 1]; part++)
                basic[lines.Row[part]] -= lines.Need[part] / Scale(lines.Row[part]);
        }

        Work += tableau.Length / 8;
    }

    /// <summary>The column's value where the last solve ended.</summary>
    public double ValueOf(int column) => positionOf[column] is >= 0 and var at ? At(at) : basic[~positionOf[column]];

    /// <summary>Settles a column at 0 or 1; frees it by -1.</summary>
    public void Settle(int column, sbyte at)
    {
        settled[column] = at;
        if (positionOf[column] is not (>= 0 and var position))
            return;
        var before = upper[position] ? 1 : 0;
        var after = at >= 0 ? at : reduced[position] > 0 ? 1 : 0;
        if (before != after)
            Shift(position, after);
    }

    /// <summary>
    /// Goes on to the best within the bounds, or until it is clear that it is not above <paramref name="cutOff"/>, or the budget is spent by its work.
    /// </summary>
    public Outcome Solve(double cutOff, Func<long, bool> spent)
    {
        if (spent(Work))
            return Outcome.Stopped;
        if (sinceReset > PivotsMax)
            Reset();
        for (var pivots = 0; pivots < PivotsLeast + (PivotsPerRow * rows); pivots++)
        {
            if (value * unit <= cutOff)
            {
                Price();
                return Outcome.CutOff;
            }

            var row = Violated(out var sign, out var bound);
            if (row < 0)
            {
                Price();
                return Outcome.Optimal;
            }

            var column = Enter(row, sign, Math.Abs(basic[row] - bound));
            if (column < 0)
            {
                Price();
                return Outcome.Infeasible;
            }

            if (spent(Work))
                return Outcome.Stopped;
            Pivot(row, column, bound);
        }

        sinceReset = PivotsMax + 1;
        Price();
        return Outcome.Failed;
    }

    /// <summary>
    /// What the value falls by at least when a column that is not whole goes down to 0, or up to 1: by the first pivot (Tomlin 1971). Infinite: nothing is
    /// left there.
    /// </summary>
    public (double Down, double Up) Penalty(int column)
    {
        var row = ~positionOf[column];
        double down = double.PositiveInfinity, up = double.PositiveInfinity;
        var line = tableau.AsSpan(row * columns, columns);
        for (var at = 0; at < columns; at++)
        {
            var part = line[at];
            if (Math.Abs(part) < PivotMin || IsSettled(at))
                continue;
            var ratio = Math.Abs(reduced[at] / part);
            if (part > 0 != upper[at])
                down = Math.Min(down, ratio);
            else
                up = Math.Min(up, ratio);
        }

        Work += columns / 4;
        return (down * basic[row] * unit, up * (1 - basic[row]) * unit);
    }

    private double At(int position) => upper[position] ? 1 : 0;

    private bool IsSettled(int position) => ofColumn[position] < columns && settled[ofColumn[position]] >= 0;

    private double Scale(int row) => Math.Max(1, lines.Capacity[row]);

    /// <summary>Moves a variable that is not basic to its other bound.</summary>
    private void Shift(int position, int to)
    {
        var change = to - At(position);
        if (change == 0)
            return;
        upper[position] = to == 1;
        value += reduced[position] * change;
        for (var row = 0; row < rows; row++)
            basic[row] -= tableau[(row * columns) + position] * change;
        Work += rows / 4;
    }

    /// <summary>The row furthest outside its bounds; -1: none. <paramref name="sign"/> 1: above them.</summary>
    private int Violated(out int sign, out double bound)
    {
        var (worst, most) = (-1, Tolerance);
        (sign, bound) = (0, 0);
        for (var row = 0; row < rows; row++)
        {
            var (low, high) = BoundsOf(ofRow[row]);
            if (low - basic[row] > most)
                (worst, most, sign, bound) = (row, low - basic[row], -1, low);
            else if (basic[row] - high > most)
                (worst, most, sign, bound) = (row, basic[row] - high, 1, high);
        }

        Work += rows / 4;
        return worst;
    }

    private (double Low, double High) BoundsOf(int variable)
    {
        if (variable >= columns)
            return (0, double.PositiveInfinity);
        return settled[variable] >= 0 ? (settled[variable], settled[variable]) : (0, 1);
    }

    /// <summary>The column that enters in place of the row's variable; those before it in the order of ratios change their bounds. -1: none can.</summary>
    private int Enter(int row, int sign, double slope)
    {
        var line = tableau.AsSpan(row * columns, columns);
        var count = 0;
        for (var at = 0; at < columns; at++)
        {
            var part = sign * line[at];
            if ((upper[at] ? -part : part) < PivotMin || IsSettled(at))
                continue;
            ratios[count] = Math.Abs(reduced[at] / part);
            eligible[count++] = at;
        }

        Work += columns / 4;
        Array.Sort(ratios, eligible, 0, count);
        for (var i = 0; i < count; i++)
        {
            var at = eligible[i];
            slope -= ofColumn[at] >= columns ? double.PositiveInfinity : Math.Abs(line[at]);
            if (slope > Tolerance)
                continue;
            // Of those that come at the same point, the one with the largest part keeps the numbers good.
            var entering = i;
            for (var other = i + 1; other < count && ratios[other] <= ratios[i] + Tolerance; other++)
            {
                if (Math.Abs(line[eligible[other]]) > Math.Abs(line[eligible[entering]]))
                    entering = other;
            }

            for (var flipped = 0; flipped < i; flipped++)
                Shift(eligible[flipped], upper[eligible[flipped]] ? 0 : 1);
            return eligible[entering];
        }

        return -1;
    }

    private void Pivot(int row, int column, double bound)
    {
        sinceReset++;
        var line = tableau.AsSpan(row * columns, columns);
        var inverse = 1 / line[column];
        var step = (basic[row] - bound) * inverse;
        for (var at = 0; at < columns; at++)
            pivotRow[at] = line[at] * inverse;
        pivotRow[column] = inverse;
        var entered = At(column) + step;
        value += reduced[column] * step;
        for (var other = 0; other < rows; other++)
        {
            var factor = tableau[(other * columns) + column];
            if (other == row || factor == 0)
                continue;
            basic[other] -= factor * step;
            tableau[(other * columns) + column] = 0;
            Subtract(tableau.AsSpan(other * columns, columns), factor);
        }

        var price = reduced[column];
        reduced[column] = 0;
        Subtract(reduced, price);
        pivotRow.CopyTo(line);
        var (enters, leaves) = (ofColumn[column], ofRow[row]);
        (ofRow[row], ofColumn[column]) = (enters, leaves);
        if (enters < columns)
            positionOf[enters] = ~row;
        if (leaves < columns)
            positionOf[leaves] = column;
        upper[column] = bound > 0.5;
        basic[row] = entered;
    }

    private void Subtract(Span<double> from, double factor)
    {
        Work += (columns / 8) + 1;
        var vectors = MemoryMarshal.Cast<double, Vector<double>>(from);
        var by = MemoryMarshal.Cast<double, Vector<double>>(pivotRow.AsSpan(0, from.Length));
        for (var i = 0; i < vectors.Length; i++)
            vectors[i] -= by[i] * factor;
        for (var i = vectors.Length * Vector<double>.Count; i < from.Length; i++)
            from[i] -= pivotRow[i] * factor;
    }

    private void Price()
    {
        Array.Clear(multiplier);
        for (var at = 0; at < columns; at++)
        {
            if (ofColumn[at] >= columns)
                multiplier[ofColumn[at] - columns] = Math.Max(0, -reduced[at]) * unit / Scale(ofColumn[at] - columns);
        }
    }
}
