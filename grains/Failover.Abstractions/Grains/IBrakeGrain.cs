using System.Collections.Immutable;
using Failover.Domain.Health;

namespace Failover.Abstractions.Grains;

/// <summary>The brake's one row. Key: <c>brake</c>.</summary>
[Alias("failover.brake")]
public interface IBrakeGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "brake";

    /// <summary>Hands an event to the machine; answers, once stored, who may move, in the order of a request.</summary>
    [Alias("apply")]
    Task<ImmutableArray<PermitAnswer>> ApplyAsync(BrakeEvent brakeEvent);

    /// <summary>The stored state.</summary>
    [Alias("get")]
    Task<BrakeState> GetAsync();
}
