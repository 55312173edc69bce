using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Failover.Domain.Checkpoints;

/// <summary>What was found of a run's lineage, store by store, at one moment. An input to decisions, never stored.</summary>
public sealed record LineageSurvey(ImmutableArray<StoreSurvey> Stores);

/// <summary>Whether a store could be read. Anything but <see cref="Listed"/> is Unknown (I2).</summary>
public enum SurveyOutcome
{
    /// <summary>The listing is whole and the store answered its canary.</summary>
    Listed,

    /// <summary>No answer, or an answer that breaks off.</summary>
    Unreachable,

    /// <summary>The store refused us.</summary>
    Denied,
}

/// <summary>One store's slots of the run, in (epoch, slot) order; empty unless <see cref="SurveyOutcome.Listed"/>.</summary>
public sealed record StoreSurvey(string Store, SurveyOutcome Outcome, ImmutableArray<SlotEntry> Slots, string? Detail = null);

/// <summary>What is known of a commit's files in one store.</summary>
public enum CopyHealth
{
    /// <summary>All files are there; sizes and ETags are those that were hashed and found right.</summary>
    Verified,

    /// <summary>All files are there with the right sizes; not hashed yet.</summary>
    Unverified,

    /// <summary>A file's size or hash is not the commit's.</summary>
    Corrupt,

    /// <summary>A file is not there (pruned, or not copied yet).</summary>
    Missing,
}

/// <summary>One slot: a seal (<see cref="Commit"/> is null) or a commit with the health of its files in that store.</summary>
public sealed record SlotEntry(int Epoch, int Slot, Commit? Commit, CopyHealth Health)
{
    /// <summary>Whether the slot closes its epoch.</summary>
    [JsonIgnore]
    public bool IsSeal => Commit is null;

    /// <summary>The slot's name.</summary>
    [JsonIgnore]
    public CommitRef Ref => new(Epoch, Slot);
}
