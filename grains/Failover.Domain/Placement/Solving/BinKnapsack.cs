using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Failover.Domain.Placement.Solving;

/// <summary>How sizes are rounded where a bin is too large to be counted GPU by GPU.</summary>
internal enum Rounding
{
    /// <summary>Sizes up: what is chosen fits.</summary>
    Feasible,

    /// <summary>Sizes down: no choice is worth more than what is found.</summary>
    Bound,
}

/// <summary>
/// The best set of gangs for one bin under its nested rows: dynamic programming over used GPUs, gangs of the largest chunks first and large gangs before
/// small ones. Of the table only those cells are computed from which the end can still be reached (with most of the bin undisputed, few).
/// </summary>
internal sealed class BinKnapsack
{
    private const int Lanes = 8;

    /// <summary>Cells of one level; beyond, sizes are rounded to coarser units. 2^15 cells of 8 bytes stay in the second-level cache.</summary>
    private const int CellsMax = 1 << 15;

    private const long Never = long.MinValue / 4;

    private readonly Rounding rounding;
    private readonly int[] itemsOfLevel = new int[GangProblem.Levels];
    private readonly Stage[] stages = new Stage[GangProblem.Levels];
    private int[] keys = new int[256];
    private int[] sizes = new int[256];
    private long[] profits = new long[256];
    private int[] masks = new int[256];
    private bool[] taken = new bool[256];
    private long[] row = new long[1_024];
    private long[] wider = new long[1_024];
    private byte[] choices = new byte[8_192];

    public BinKnapsack(Rounding rounding) => this.rounding = rounding;

    /// <summary>How many gangs are offered.</summary>
    public int Count { get; private set; }

    /// <summary>Blocks of cells that all calls together computed.</summary>
    public long Work { get; private set; }

    public void Clear()
    {
        Count = 0;
        Array.Clear(itemsOfLevel);
    }

    /// <summary>Offers a gang. They come in the order of <see cref="Order"/>; the profit is above 0.</summary>
    public void Add(int key, int gpus, int level, long profit)
    {
        if (Count == keys.Length)
            Grow();
        keys[Count] = key;
        sizes[Count] = gpus;
        profits[Count++] = profit;
        itemsOfLevel[level]++;
    }

    /// <summary>Large chunks first, then large gangs.</summary>
    public static long Order(int gpus, int level) => -(((long)level << 32) + gpus);

    public int KeyOf(int item) => keys[item];

    public long ProfitOf(int item) => profits[item];

    public bool IsTaken(int item) => taken[item];

    /// <summary>The most profit within the capacities (one a level, in GPUs, nested); the choice is read by <see cref="IsTaken"/>.</summary>
    public long Solve(ReadOnlySpan<long> capacity)
    {
        Plan(capacity);
        var used = 0;
        Stage? wide = null;
        for (var level = GangProblem.Levels - 1; level >= 0; level--)
        {
            ref var stage = ref stages[level];
            Begin(ref stage, wide);
            for (var item = stage.First; item < stage.End; item++)
            {
                stage.Later -= sizes[item] >> stage.Shift;
                masks[item] = used;
                used = Take(ref stage, item, used);
            }

            wide = stage;
        }

        var last = stages[0];
        var best = row[Lanes + last.Top - last.Base];
        Trace();
        return best;
    }

    /// <summary>Which cells each level needs, from the end backwards.</summary>
    private void Plan(ReadOnlySpan<long> capacity)
    {
        long all = 0;
        for (var item = 0; item < Count; item++)
            all += sizes[item];
        var high = all;
        for (int level = 0, end = Count; level < GangProblem.Levels; level++)
        {
            high = Math.Min(high, capacity[level]);
            ref var stage = ref stages[level];
            stage.End = end;
            stage.First = end -= itemsOfLevel[level];
            stage.High = high;
        }

        var shift = 0;
        while (!Fits(shift))
            shift++;
    }

    /// <summary>Lays the stages out with units of 2^(level + shift) GPUs; false: too many cells.</summary>
    private bool Fits(int shift)
    {
        var low = stages[0].High;
        for (var level = 0; level < GangProblem.Levels; level++)
        {
            ref var stage = ref stages[level];
            stage.Shift = Math.Max(level, shift);
            low = Math.Min(low, stage.High);
            long later = 0;
            for (var item = stage.First; item < stage.End; item++)
                later += Units(sizes[item], stage.Shift);
            stage.Later = later;
            stage.Low = Math.Max(0, low >> stage.Shift);
            var top = stage.High >> stage.Shift;
            var bottom = Math.Max(0, stage.Low - later);
            if (top - bottom >= CellsMax || top > int.MaxValue / 2)
                return false;
            stage.Top = (int)top;
            stage.Base = (int)bottom;
            low = (long)stage.Base << stage.Shift;
        }

        if (shift > 0)
        {
            for (var level = 0; level < GangProblem.Levels; level++)
            {
                for (var item = stages[level].First; item < stages[level].End; item++)
                    sizes[item] = (int)(Units(sizes[item], stages[level].Shift) << stages[level].Shift);
            }
        }

        return true;
    }

    private long Units(int gpus, int shift) => rounding == Rounding.Feasible ? ((long)gpus + (1L << shift) - 1) >> shift : gpus >> shift;

    private void Begin(ref Stage stage, Stage? wide)
    {
        var cells = stage.Top - stage.Base + 1;
        var room = cells + (2 * Lanes);
        if (wide is not { } from)
        {
            if (row.Length < room)
                row = new long[room * 2];
            row.AsSpan(0, Lanes).Fill(Never);
            row.AsSpan(Lanes, cells).Clear();
            return;
        }

        // "At most so many GPUs": a cell of the coarser level holds for all finer ones up to the next.
        if (wider.Length < room)
            wider = new long[room * 2];
        wider.AsSpan(0, Lanes).Fill(Never);
        var ratio = from.Shift - stage.Shift;
        for (var cell = 0; cell < cells; cell++)
            wider[Lanes + cell] = row[Lanes + Math.Max(0, Math.Min((stage.Base + cell) >> ratio, from.Top) - from.Base)];
        (row, wider) = (wider, row);
    }

    /// <summary>Lets each cell have the item if that is better, from the top down, so that none has it twice. Returns the choices' new end.</summary>
    private int Take(ref Stage stage, int item, int used)
    {
        var size = sizes[item] >> stage.Shift;
        var low = (int)(Math.Max(Math.Max(0, stage.Low - stage.Later), size) - stage.Base);
        var top = stage.Top - stage.Base;
        if (low > top)
            return used;
        var blocks = ((top - low) / Lanes) + 1;
        if (choices.Length < used + blocks)
            Array.Resize(ref choices, (used + blocks) * 2);
        Work += blocks + 1;
        Sweep(ref row[0], top + Lanes, size, profits[item], blocks, ref choices[used]);
        return used + blocks;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sweep(ref long row, int top, int size, long profit, int blocks, ref byte choice)
    {
        var gain = Vector512.Create(profit);
        var at = top - Lanes + 1;
        for (var block = 0; block < blocks; block++, at -= Lanes)
        {
            // The first cells are never reached: a block that runs below them reads and writes what does not count.
            ref var cell = ref Unsafe.Add(ref row, at);
            var without = Vector512.LoadUnsafe(ref cell);
            var with = Vector512.LoadUnsafe(ref Unsafe.Add(ref cell, -size)) + gain;
            var better = Vector512.GreaterThan(with, without);
            Unsafe.Add(ref choice, block) = (byte)better.ExtractMostSignificantBits();
            Vector512.ConditionalSelect(better, with, without).StoreUnsafe(ref cell);
        }
    }

    private void Trace()
    {
        taken.AsSpan(0, Count).Clear();
        var at = stages[0].Top;
        for (var level = 0; level < GangProblem.Levels; level++)
        {
            ref var stage = ref stages[level];
            if (level > 0)
                at = Math.Min(at >> (stage.Shift - stages[level - 1].Shift), stage.Top);
            for (var item = stage.End - 1; item >= stage.First; item--)
            {
                var size = sizes[item] >> stage.Shift;
                var below = stage.Top - at;
                if (at < size || size > stage.Top || (choices[masks[item] + (below / Lanes)] & (1 << (Lanes - 1 - (below % Lanes)))) == 0)
                    continue;
                taken[item] = true;
                at -= size;
            }
        }
    }

    private void Grow()
    {
        var size = keys.Length * 2;
        Array.Resize(ref keys, size);
        Array.Resize(ref sizes, size);
        Array.Resize(ref profits, size);
        Array.Resize(ref masks, size);
        Array.Resize(ref taken, size);
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Stage
    {
        public int First;
        public int End;

        /// <summary>Log2 of the unit.</summary>
        public int Shift;

        /// <summary>The first cell, in units.</summary>
        public int Base;

        /// <summary>The last cell, in units.</summary>
        public int Top;

        /// <summary>The lowest cell from which the finer levels read.</summary>
        public long Low;

        /// <summary>Units of the items that are still to come.</summary>
        public long Later;

        /// <summary>GPUs that this level and those of larger chunks may use together.</summary>
        public long High;
    }
}
