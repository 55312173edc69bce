namespace Failover.Chaos.Mutants;

/// <summary>A silo with one deliberate fault, to see that the checks find it.</summary>
/// <param name="Name">As in <c>--mutant</c>.</param>
/// <param name="Summary">What it does wrong.</param>
public sealed record Mutant(string Name, string Summary);

/// <summary>All mutants.</summary>
public static class MutantList
{
    /// <summary>By name.</summary>
    public static IReadOnlyList<Mutant> All { get; } = [];
}
