namespace Failover.Abstractions.State;

/// <summary>Names shared by those who write grain state and those who read its rows.</summary>
public static class TableStorage
{
    /// <summary>The name of the grain storage over the conditional tables.</summary>
    public const string Name = "tables";

    /// <summary>The partition that a grain's rows are in, by the name of its state; the row is the grain's key.</summary>
    public static string PartitionOf(string stateName) => $"grain/{stateName}";
}
