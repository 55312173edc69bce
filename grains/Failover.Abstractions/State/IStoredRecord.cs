namespace Failover.Abstractions.State;

/// <summary>
/// What every stored payload tells of itself, so that it can be read without our types, and by builds older and newer than its writer's. Storage refuses
/// payloads that lack either member; types that can't see this interface carry the two by themselves.
/// </summary>
public interface IStoredRecord
{
    /// <summary>What it is, such as <c>run</c>; never changes.</summary>
    string Kind { get; }

    /// <summary>The record's schema, from 1.</summary>
    int SchemaVersion { get; }
}
