using Failover.Domain.Checkpoints;

namespace Failover.Domain.Migration;

/// <summary>
/// Something that a run wants done outside. Derived from the stored state (by <c>RunMachine.Pending</c>), never stored: what is pending after a crash is
/// pending again. Idempotent; the effect runner re-reads the run's row and drops an effect that the row no longer asks for (I3).
/// </summary>
/// <param name="Id"><c>{uid}/e{epoch}/m{move}/{kind}</c>; results carry it back.</param>
public abstract record RunEffect(string Id)
{
    /// <summary>Reserve the gang's GPUs on the target.</summary>
    public sealed record Reserve(string Id, Target Target, int Epoch) : RunEffect(Id);

    /// <summary>List the lineage in every store that may hold it.</summary>
    public sealed record Survey(string Id) : RunEffect(Id);

    /// <summary>Bring a commit, whole and verified, into the target's store from one of <paramref name="Sources"/>.</summary>
    public sealed record Stage(string Id, CommitRef Commit, IReadOnlyList<string> Sources, string ToStore) : RunEffect(Id);

    /// <summary>Ask the workload for a last checkpoint and stop it.</summary>
    public sealed record Quiesce(string Id, string Member, int Epoch) : RunEffect(Id);

    /// <summary>Close an epoch's commits in its store. <paramref name="Owed"/>: a seal that could not be set when the epoch was cut.</summary>
    public sealed record Seal(string Id, int Epoch, string Store, bool Owed) : RunEffect(Id);

    /// <summary>Pin the commit's files in the store for an epoch.</summary>
    public sealed record Pin(string Id, CommitRef Commit, string Store, int ForEpoch) : RunEffect(Id);

    /// <summary>Create the current epoch's workload.</summary>
    public sealed record Launch(string Id, EpochState Epoch) : RunEffect(Id);

    /// <summary>Remove the pin that an epoch no longer needs.</summary>
    public sealed record Unpin(string Id, string Store, int ForEpoch) : RunEffect(Id);
}
