using System.Collections.Immutable;
using Failover.Domain.Migration;

namespace Failover.Grains.Effects;

/// <summary>Where grains put effects once the state that asks for them is stored. Never blocks, never calls out.</summary>
internal interface IEffectQueue
{
    /// <summary>Queues effects of a run; one that is queued or under way already is passed over.</summary>
    void Enqueue(string runUid, ImmutableArray<RunEffect> effects);
}
