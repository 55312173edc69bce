using System.Collections.Immutable;

namespace Failover.Domain.Placement.Solving;

/// <summary>Who goes where, with the proof of how good that is.</summary>
/// <param name="BinOf">[run]: its bin; -1: it has none.</param>
/// <param name="Value">What the places are worth together.</param>
/// <param name="Bound">No plan is worth more: proven in integers. In strict tiers, of plans that keep the tiers above as they are here.</param>
/// <param name="Prices">For the next solve of a problem like this one.</param>
/// <param name="Work">What it took, in the steps of <see cref="WorkBudget"/>.</param>
public sealed record GangPlan(ImmutableArray<int> BinOf, long Value, long Bound, Prices Prices, long Work)
{
    /// <summary>The share of the bound that the plan may have left on the table, at the most; 0 to 1.</summary>
    public double Gap => Bound > 0 ? (Bound - Value) / (double)Bound : 0;

    /// <summary>No plan is better.</summary>
    public bool Proven => Value == Bound;
}

/// <summary>How to solve.</summary>
public sealed record GangSolveOptions
{
    /// <summary>Of the random numbers; any.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>No run of a tier is given up for any of the tiers below. Default: values decide, in which tiers are weights.</summary>
    public bool StrictTiers { get; init; }

    /// <summary>The prices of a problem of the same shape, solved before.</summary>
    public Prices? Prices { get; init; }

    /// <summary>[run]: the bin of an earlier plan, -1 for none, to begin with; who no longer fits looks for another. Empty: none.</summary>
    public ImmutableArray<int> Plan { get; init; } = [];
}
