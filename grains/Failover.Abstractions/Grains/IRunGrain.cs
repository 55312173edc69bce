using Failover.Domain.Migration;
using Failover.Domain.Runs;

namespace Failover.Abstractions.Grains;

/// <summary>A run. Key: its uid.</summary>
[Alias("failover.run")]
public interface IRunGrain : IGrainWithStringKey
{
    /// <summary>Stores a new run; the same uid again with the same spec is harmless. Answers the stored state.</summary>
    [Alias("submit")]
    Task<RunState> SubmitAsync(RunSpec spec);

    /// <summary>Hands an event to the machine; returns once the new state is stored.</summary>
    [Alias("apply")]
    Task ApplyAsync(RunEvent runEvent);

    /// <summary>The state, or <see langword="null"/> where there is no such run.</summary>
    [Alias("get")]
    Task<RunState?> GetAsync();
}
