using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Failover.Abstractions.State;

namespace Failover.Storage.Tests.Orleans;

/// <summary>A state with all that states have: required and absent members, enums, sets of cases, lists.</summary>
public sealed record StoredCounter : IStoredRecord
{
    public string Kind { get; init; } = "counter";

    public int SchemaVersion { get; init; } = 1;

    public string? Name { get; init; }

    public int Count { get; init; }

    public Colour Colour { get; init; }

    public ImmutableArray<int> Past { get; init; } = [];

    public Shape? Shape { get; init; }

    public bool Equals(StoredCounter? other) =>
        other is not null && (Name, Count, Colour, Shape) == (other.Name, other.Count, other.Colour, other.Shape) && Past.SequenceEqual(other.Past);

    public override int GetHashCode() => HashCode.Combine(Name, Count, Colour, Shape);
}

public enum Colour
{
    Red,
    DarkGreen,
}

[JsonDerivedType(typeof(Circle), "circle")]
[JsonDerivedType(typeof(Square), "square")]
public abstract record Shape
{
    public sealed record Circle(double Radius) : Shape;

    public sealed record Square(double Side, string? Label = null) : Shape;
}
