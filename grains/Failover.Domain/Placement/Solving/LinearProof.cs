namespace Failover.Domain.Placement.Solving;

/// <summary>
/// What multipliers of the rows prove, in exact integers, whatever rounding errors went into them: the most that anything within the rows and the bounds is
/// worth (Neumaier and Shcherbina 2004).
/// </summary>
internal sealed class LinearProof
{
    /// <summary>No row needs a price above the highest value, which it holds; and so sums of prices times the largest capacities do not overflow.</summary>
    private const long PriceMax = 1L << 59;

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
    public Int128 Bound(ReadOnlySpan<double> multiplier, ReadOnlySpan<sbyte> settled)
    {
        var sum = (Int128)lines.GivenValue << shift;
        for (var row = 0; row < price.Length; row++)
        {
            price[row] = (long)Math.Clamp(Math.Round(Math.ScaleB(multiplier[row], shift)), 0, PriceMax);
            sum += (Int128)price[row] * lines.Capacity[row];
        }

        for (var column = 0; column < gain.Length; column++)
        {
            var left = (Int128)lines.Value[column] << shift;
            for (var part = lines.Start[column]; part < lines.Start[column + 1]; part++)
                left -= (Int128)price[lines.Row[part]] * lines.Need[part];
            gain[column] = left;
            if (settled[column] == 1 || (settled[column] < 0 && left > 0))
                sum += left;
        }

        return sum;
    }
}
