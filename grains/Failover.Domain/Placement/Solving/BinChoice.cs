namespace Failover.Domain.Placement.Solving;

/// <summary>
/// The best set of gangs for one bin. The linear relaxation of nested rows is solved by taking gangs in the order of profit a GPU; what it says of a gang
/// by more than its distance to a whole-number choice is certain (Dantzig 1957; Ingargiola and Korsh 1973). Only the rest goes to <see cref="BinKnapsack"/>.
/// </summary>
internal sealed class BinChoice(Rounding rounding)
{
    private const int Levels = GangProblem.Levels;

    private readonly BinKnapsack knapsack = new(rounding);
    private readonly long[] room = new long[Levels];
    private readonly double[] cost = new double[Levels];
    private int[] gpus = new int[256];
    private byte[] level = new byte[256];
    private long[] profit = new long[256];
    private bool[] chosen = new bool[256];
    private double[] density = new double[256];
    private int[] order = new int[256];
    private long counted;

    public int Count { get; private set; }

    public long Work => knapsack.Work + counted;

    public void Clear() => Count = 0;

    /// <summary>Offers a gang, of profit above 0, in the order of <see cref="BinKnapsack.Order"/>. Returns its position.</summary>
    public int Add(int gangGpus, int gangLevel, long gangProfit)
    {
        if (Count == gpus.Length)
            Grow();
        gpus[Count] = gangGpus;
        level[Count] = (byte)gangLevel;
        profit[Count] = gangProfit;
        return Count++;
    }

    public bool IsChosen(int item) => chosen[item];

    /// <summary>
    /// Chooses, and returns the profit. Where nothing can be worth more than <paramref name="known"/> it says so by -1, and chooses nothing.
    /// </summary>
    public long Choose(ReadOnlySpan<long> capacity, long known = -1)
    {
        counted += Count * 4;
        if (AllFit(capacity))
        {
            chosen.AsSpan(0, Count).Fill(true);
            var all = Total();
            return all > known ? all : -1;
        }

        var upper = Relax(capacity, out var greedy);
        // Sums of doubles err by far less than this.
        upper += 1 + (upper * 1e-9);
        if (upper < known + 1)
            return -1;
        var gap = upper - Math.Max(known, greedy);
        var sure = Reduce(capacity, gap);
        var best = knapsack.Solve(room) + sure;
        for (var item = 0; item < knapsack.Count; item++)
            chosen[knapsack.KeyOf(item)] = knapsack.IsTaken(item);
        return best > known ? best : -1;
    }

    private bool AllFit(ReadOnlySpan<long> capacity)
    {
        room.AsSpan().Clear();
        for (var item = 0; item < Count; item++)
            room[level[item]] += gpus[item];
        long sum = 0;
        for (var l = Levels - 1; l >= 0; l--)
        {
            sum += room[l];
            if (sum > capacity[l])
                return false;
        }

        return true;
    }

    private long Total()
    {
        long sum = 0;
        for (var item = 0; item < Count; item++)
            sum += profit[item];
        return sum;
    }

    /// <summary>The relaxation's worth and its price of a GPU for each level; and what taking whole gangs in the same order is worth.</summary>
    private double Relax(ReadOnlySpan<long> capacity, out long greedy)
    {
        for (var item = 0; item < Count; item++)
        {
            density[item] = -(double)profit[item] / gpus[item];
            order[item] = item;
        }

        Array.Sort(density, order, 0, Count);
        capacity.CopyTo(room);
        Array.Clear(cost);
        Span<long> whole = stackalloc long[Levels];
        capacity.CopyTo(whole);
        greedy = 0;
        var upper = 0.0;
        var blocked = Levels;
        for (var at = 0; at < Count; at++)
        {
            var item = order[at];
            var gang = level[item];
            if (gang < blocked)
            {
                long part = gpus[item];
                for (int l = gang; l >= 0; l--)
                    part = Math.Min(part, room[l]);
                for (int l = gang; l >= 0; l--)
                    room[l] -= part;
                upper -= density[at] * part;
                // The row that is full keeps its level and all above it out from here on.
                for (var l = 0; l <= gang && part < gpus[item]; l++)
                {
                    if (room[l] > 0)
                        continue;
                    for (var dear = l; dear < blocked; dear++)
                        cost[dear] = -density[at];
                    blocked = l;
                    break;
                }
            }

            if (FitsWhole(whole, item))
                greedy += profit[item];
        }

        return upper;
    }

    private bool FitsWhole(Span<long> whole, int item)
    {
        for (int l = level[item]; l >= 0; l--)
        {
            if (whole[l] < gpus[item])
                return false;
        }

        for (int l = level[item]; l >= 0; l--)
            whole[l] -= gpus[item];
        return true;
    }

    /// <summary>Settles what is certain; the others go to the knapsack, with the room that is left. Returns the certain ones' profit.</summary>
    private long Reduce(ReadOnlySpan<long> capacity, double gap)
    {
        knapsack.Clear();
        capacity.CopyTo(room);
        long sure = 0;
        for (var item = 0; item < Count; item++)
        {
            var gain = profit[item] - (cost[level[item]] * gpus[item]);
            chosen[item] = gain > gap;
            if (chosen[item])
            {
                sure += profit[item];
                for (int l = level[item]; l >= 0; l--)
                    room[l] -= gpus[item];
            }
            else if (gain >= -gap)
            {
                knapsack.Add(item, gpus[item], level[item], profit[item]);
            }
        }

        for (var l = 1; l < Levels; l++)
            room[l] = Math.Min(room[l], room[l - 1]);
        return sure;
    }

    private void Grow()
    {
        var size = gpus.Length * 2;
        Array.Resize(ref gpus, size);
        Array.Resize(ref level, size);
        Array.Resize(ref profit, size);
        Array.Resize(ref chosen, size);
        Array.Resize(ref density, size);
        Array.Resize(ref order, size);
    }
}
