using System.Text.Json.Serialization;
using Failover.Simulator.ApiServer;
using Failover.Simulator.Stores;

namespace Failover.Simulator.History;

/// <summary>Which attempt of which run, and where it runs.</summary>
public sealed record TrainerId(string Uid, string Name, string Member, string Region, int Epoch, int Attempt);

/// <summary>Whether a fault begins or ends.</summary>
public enum FaultPhase
{
    /// <summary>From now on.</summary>
    Begin,

    /// <summary>Until now.</summary>
    End,

    /// <summary>Over as soon as done: a kill, a flipped byte.</summary>
    Once,
}

/// <summary>How a try to take a commit slot ended.</summary>
public enum CommitOutcome
{
    /// <summary>The slot holds this commit.</summary>
    Committed,

    /// <summary>The slot holds a seal.</summary>
    Sealed,

    /// <summary>The slot holds something else, such as another attempt's commit.</summary>
    Taken,

    /// <summary>The store failed; whether the slot was taken is unknown.</summary>
    Io,
}

/// <summary>
/// One thing that the outside saw. A closed set, told apart by <c>type</c> in JSON; docs/history-format.md describes each. <see cref="Seq"/> and
/// <see cref="At"/> are set by <see cref="HistoryWriter"/>.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(FaultInjected), "fault")]
[JsonDerivedType(typeof(AttemptStarted), "attemptStarted")]
[JsonDerivedType(typeof(StepReached), "step")]
[JsonDerivedType(typeof(CommitTried), "commitTried")]
[JsonDerivedType(typeof(CheckpointPruned), "pruned")]
[JsonDerivedType(typeof(AttemptExited), "exited")]
[JsonDerivedType(typeof(RunFinished), "finished")]
[JsonDerivedType(typeof(SlotSeen), "slotSeen")]
[JsonDerivedType(typeof(SlotChanged), "slotChanged")]
[JsonDerivedType(typeof(PinSeen), "pinSeen")]
[JsonDerivedType(typeof(ApiCallSeen), "apiCall")]
public abstract record HistoryEvent
{
    /// <summary>The event's place in the history, dense from 0.</summary>
    [JsonPropertyOrder(-3)]
    public long Seq { get; init; }

    /// <summary>When it was written down, by the simulator's clock.</summary>
    [JsonPropertyOrder(-2)]
    public DateTimeOffset At { get; init; }
}

/// <summary>A fault was injected, or taken away. <paramref name="Target"/> names what was hit, <paramref name="Detail"/> is for people.</summary>
public sealed record FaultInjected(string Kind, string Target, FaultPhase Phase, string? Detail = null) : HistoryEvent;

/// <summary>A gang's leader has claimed its attempt and loaded its state; <paramref name="Step"/> is the one it goes on from.</summary>
public sealed record AttemptStarted(TrainerId Trainer, string Nonce, CommitRef? ResumedFrom, long Step) : HistoryEvent;

/// <summary>
/// A sample, taken at each heartbeat but those that say that no step is to be expected: the last step finished, and how many steps this attempt has executed. <paramref name="HeartbeatWritten"/> is false where the
/// heartbeat could not be written.
/// </summary>
public sealed record StepReached(TrainerId Trainer, long Step, long Executed, bool HeartbeatWritten) : HistoryEvent;

/// <summary>
/// A try to commit <paramref name="Step"/> in <paramref name="Slot"/> has ended; <paramref name="Executed"/> steps were executed by this attempt until then.
/// </summary>
public sealed record CommitTried(TrainerId Trainer, int Slot, long Step, long Executed, CommitOutcome Outcome, string? Detail = null) : HistoryEvent;

/// <summary>The attempt deleted its own checkpoint of a step.</summary>
public sealed record CheckpointPruned(TrainerId Trainer, long Step) : HistoryEvent;

/// <summary>
/// The leader's process ended: 0 trained to the end, 1 store not there at the start, 2 misconfigured, 86 the epoch is over, 87 corrupt checkpoint,
/// 137 killed, 143 stopped by SIGTERM. The attempt is -1 where none had been claimed.
/// </summary>
public sealed record AttemptExited(TrainerId Trainer, int Code, string Reason, long Executed) : HistoryEvent;

/// <summary>Trained to the end and committed: the weights' digest, and the provenance of the last commit.</summary>
public sealed record RunFinished(TrainerId Trainer, long Step, string WeightsSha256, string Provenance) : HistoryEvent;

/// <summary>A commit slot was first seen in a store. Neither sealed nor with a commit: its content is neither.</summary>
public sealed record SlotSeen(string Store, string Tenant, string Uid, int Epoch, int Slot, bool Sealed, CommitDocument? Commit) : HistoryEvent;

/// <summary>A slot's content is not what it was when first seen; nothing may do that.</summary>
public sealed record SlotChanged(string Store, string Tenant, string Uid, int Epoch, int Slot) : HistoryEvent;

/// <summary>A file was first seen below a folder of pins; the path is below the store.</summary>
public sealed record PinSeen(string Store, string Path) : HistoryEvent;

/// <summary>A member's API server answered a request.</summary>
public sealed record ApiCallSeen(ApiCall Call) : HistoryEvent;
