namespace Failover.Domain.Placement.Solving;

/// <summary>
/// What multipliers of the rows prove, in exact integers, whatever rounding errors went into them: the most that anything within the rows and the bounds is
/// worth, or that nothing is (Neumaier and Shcherbina 2004).
/// </summary>
internal sealed class LinearProof
{
    /// <summary>Contradictions come in parts of one.</summary>
    private const int ContradictionShift = 50;

    private readonly LinearRows lines;
    private readonly int shift;
    private readonly long[] price;
    private readonly Int128[] gain;

    public LinearProof(LinearRows lines)
    {
        this.lines = lines;
        price = new long[lines.Rows];
        gain = new Int128[lines.Columns];
        long most = 1;
        foreach (var value in lines.Value)
            most = Math.Max(most, value);
        shift = Math.Clamp(58 - (int)long.Log2(most), 0, 28);
    }

    /// <summary>Parts of a value that bounds and gains are counted in.</summary>
    public Int128 Unit => Int128.One << shift;

    /// <summary>[column]: what it gained above the rows' prices in the last <see cref="Bound"/>.</summary>
    public ReadOnlySpan<Int128> Gain => gain;

    /// <summary>Nothing within the rows and the bounds is worth more, with what is given. <paramref name="settled"/>, [column]: 0 or 1, or -1 for open.</summary>
    public Int128 Bound(ReadOnlySpan<double> multiplier, ReadOnlySpan<sbyte> settled) =>
        ((Int128)lines.GivenValue << shift) + Sum(multiplier, settled, 1, shift);

    /// <summary>Whether the rows, so many times each, ask for more than there is, whatever is chosen within the bounds.</summary>
    public bool Contradicts(ReadOnlySpan<double> multiplier, ReadOnlySpan<sbyte> settled) => Sum(multiplier, settled, 0, ContradictionShift) < 0;

    private Int128 Sum(ReadOnlySpan<double> multiplier, ReadOnlySpan<sbyte> settled, int value, int parts)
    {
        var sum = Int128.Zero;
        for (var row = 0; row < price.Length; row++)
        {
            price[row] = (long)Math.Clamp(Math.Round(Math.ScaleB(multiplier[row], parts)), 0, long.MaxValue / 2);
            sum += (Int128)price[row] * lines.Capacity[row];
        }

        for (var column = 0; column < gain.Length; column++)
        {
            var left = (Int128)(value * lines.Value[column]) << parts;
            for (var part = lines.Start[column]; part < lines.Start[column + 1]; part++)
                left -= (Int128)price[lines.Row[part]] * lines.Need[part];
            gain[column] = left;
            if (settled[column] == 1 || (settled[column] < 0 && left > 0))
                sum += left;
        }

        return sum;
    }
}
