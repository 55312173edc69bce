using System.Collections.Immutable;

namespace Failover.Domain.Migration;

/// <summary>A transition: the state to store, and then the effects to have done.</summary>
public sealed record RunTransition(RunState State, ImmutableArray<RunEffect> Effects);

/// <summary>The run's machine: design sections "Epochs, commits and seals" and "Moving a run" as one pure function.</summary>
public static partial class RunMachine
{
}
