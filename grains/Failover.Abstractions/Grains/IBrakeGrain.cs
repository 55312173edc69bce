using System.Collections.Immutable;
using Failover.Domain.Health;

namespace Failover.Abstractions.Grains;

/// <summary>The brake's one row. Key: <c>brake</c>.</summary>
[Alias("failover.brake")]
public interface IBrakeGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "brake";

    /// <summary>Asks for permits, or tells that evidence returned; answers the stored state, whose permits say who may move.</summary>
    [Alias("apply")]
    Task<BrakeState> ApplyAsync(BrakeEvent brakeEvent);

    /// <summary>The stored state.</summary>
    [Alias("get")]
    Task<BrakeState> GetAsync();
}
