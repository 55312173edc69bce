using System.Collections.Immutable;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Runs;

namespace Failover.Abstractions.Ports;

/// <summary>Finds the clients of the fleet file's members by name.</summary>
public interface IMemberClients
{
    /// <summary>The client; throws <see cref="ArgumentException"/> for a name that the fleet file does not list.</summary>
    IMemberClient Get(string member);
}

/// <summary>One member cluster. Infrastructure failures are answers, never exceptions; a time-out is <see cref="CallOutcome.Unknown"/> (I4).</summary>
public interface IMemberClient
{
    /// <summary>Its name in the fleet file.</summary>
    string Name { get; }

    /// <summary>Asks <c>/readyz</c>, once, within <paramref name="timeout"/>.</summary>
    Task<ProbeResult> ProbeAsync(TimeSpan timeout, CancellationToken cancellationToken = default);

    /// <summary>Creates the workload of an epoch, or adopts the one that is there if its labels say it is this very launch.</summary>
    Task<CallResult> LaunchAsync(LaunchRequest request, CancellationToken cancellationToken = default);

    /// <summary>
    /// Tries the launch, and a pod of it, as dry runs, which store nothing: Done where the member would take both, Invalid where it would not, with what it said, and
    /// Unknown where it did not say. One pod is tried, and the whole gang is held against the namespace's quotas, where we may read them.
    /// </summary>
    Task<CallResult> PreflightAsync(LaunchRequest request, CancellationToken cancellationToken = default);

    /// <summary>Deletes a workload that was seen, with its Kubernetes uid as precondition; gone already is <see cref="CallOutcome.Done"/>. Its pods get their grace period.</summary>
    Task<CallResult> DeleteAsync(SeenWorkload workload, CancellationToken cancellationToken = default);

    /// <summary>
    /// Lists and watches nodes, node leases, and the pods and workloads of our installation, until cancelled: reports changes, coalesced to at most one
    /// report each <paramref name="settle"/>. Lists again on its own after errors, with jitter.
    /// </summary>
    Task WatchAsync(IMemberObserver observer, TimeSpan settle, CancellationToken cancellationToken);
}

/// <summary>Receives what a member's watcher saw.</summary>
public interface IMemberObserver
{
    /// <summary>The member as of now; the whole picture, though sent only on changes.</summary>
    Task ObserveAsync(MemberObservation observation);

    /// <summary>
    /// The watch broke off or never came up, or for another reason than told before; what was observed is ageing from here. Told again at the next tick where it throws.
    /// </summary>
    Task LostSightAsync(SightLoss loss);
}

/// <summary>A consistent picture of a member.</summary>
/// <param name="Capacity">GPUs by pool.</param>
/// <param name="Workloads">Our installation's workloads, whatever epoch.</param>
/// <param name="Nodes">Nodes in all and how many are ready.</param>
/// <param name="NodesReady">Ready nodes, by condition.</param>
/// <param name="LeasesRenewed">Nodes whose lease was seen to change within the last three lease durations, on our own clock.</param>
public sealed record MemberObservation(CapacitySnapshot Capacity, ImmutableArray<SeenWorkload> Workloads, int Nodes, int NodesReady, int LeasesRenewed);

/// <summary>The phases of a workload, of whatever kind.</summary>
public enum WorkloadPhase
{
    /// <summary>Created; not all of its pods run.</summary>
    Pending,

    /// <summary>All pods of the gang are ready.</summary>
    Running,

    /// <summary>Ended well.</summary>
    Succeeded,

    /// <summary>Ended badly, for good.</summary>
    Failed,

    /// <summary>Being deleted.</summary>
    Terminating,
}

/// <summary>One of our workloads as seen on a member. <paramref name="ObjectUid"/> is Kubernetes'; <paramref name="ExitCode"/> that of the pod that failed first.</summary>
public sealed record SeenWorkload(
    string Namespace, string Name, string ObjectUid, string RunUid, int Epoch, string LaunchId, WorkloadPhase Phase, int? ExitCode, string Detail)
{
    /// <summary>The Kubernetes kind, which tells how it is deleted.</summary>
    public string Kind { get; init; } = "Job";
}

/// <summary>All that a launch needs; the workload kind's adapter turns it into a manifest.</summary>
public sealed record LaunchRequest
{
    /// <summary>Labels the workload as ours.</summary>
    public required string Installation { get; init; }

    /// <summary>The run's uid.</summary>
    public required string RunUid { get; init; }

    /// <summary>What the user asked for, with the workload's manifest.</summary>
    public required RunSpec Spec { get; init; }

    /// <summary>The epoch.</summary>
    public required int Epoch { get; init; }

    /// <summary>Names this very launch.</summary>
    public required string LaunchId { get; init; }

    /// <summary>From the tenant's entry.</summary>
    public required string Namespace { get; init; }

    /// <summary>From the tenant's entry.</summary>
    public string? ServiceAccount { get; init; }

    /// <summary>The label that selects the chosen SKU's nodes.</summary>
    public required KeyValuePair<string, string> NodeSelector { get; init; }

    /// <summary><c>FAILOVER_*</c>, by name.</summary>
    public required ImmutableDictionary<string, string> Environment { get; init; }
}

/// <summary>What became of a call.</summary>
public enum CallOutcome
{
    /// <summary>It is done, now or before.</summary>
    Done,

    /// <summary>The member answered: not now; worth trying again.</summary>
    Refused,

    /// <summary>The member answered: never like this.</summary>
    Invalid,

    /// <summary>Nobody knows whether it was done (I4).</summary>
    Unknown,
}

/// <summary>An outcome, with what was said.</summary>
public sealed record CallResult(CallOutcome Outcome, string Detail)
{
    /// <summary>What a person should know of it, though it stands in the way of nothing.</summary>
    public string? Note { get; init; }
}

/// <summary>How a probe ended.</summary>
public enum ProbeAnswer
{
    /// <summary>200.</summary>
    Ready,

    /// <summary>It answered, but not 200: alive, not well.</summary>
    NotReady,

    /// <summary>No answer in time, or no connection.</summary>
    NoAnswer,

    /// <summary>It answered that our credentials won't do, or its certificate is not the one we trust: our side's fault, never a loss.</summary>
    NotTrusted,
}

/// <summary>A probe's answer, and how long it took.</summary>
public sealed record ProbeResult(ProbeAnswer Answer, TimeSpan Took, string Detail)
{
    /// <summary>What it met, where the answer is not <see cref="ProbeAnswer.Ready"/>.</summary>
    public ApiTrouble Trouble { get; init; }
}
