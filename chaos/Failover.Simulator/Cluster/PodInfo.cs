namespace Failover.Simulator.Cluster;

/// <summary>A started pod as its containers see it.</summary>
/// <param name="Member">The member's name.</param>
/// <param name="Region">The member's region.</param>
/// <param name="Namespace">The pod's namespace.</param>
/// <param name="Name">The pod's name.</param>
/// <param name="Uid">The pod's uid; a replacement has another.</param>
/// <param name="Node">The node that it is bound to.</param>
/// <param name="JobName">The owning Job's name; empty for a bare pod.</param>
/// <param name="JobUid">The owning Job's uid; empty for a bare pod.</param>
/// <param name="CompletionIndex">Rank in an Indexed Job, from 0; 0 for others.</param>
/// <param name="GangSize">How many pods the owning Job runs at once; 1 for a bare pod.</param>
/// <param name="Labels">The pod's labels.</param>
/// <param name="Environment">The literal environment of all containers, merged in their order, with JOB_COMPLETION_INDEX resolved.</param>
/// <param name="GracePeriod">From SIGTERM to SIGKILL, as the pod's spec has it.</param>
public sealed record PodInfo(
    string Member,
    string Region,
    string Namespace,
    string Name,
    string Uid,
    string Node,
    string JobName,
    string JobUid,
    int CompletionIndex,
    int GangSize,
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyDictionary<string, string> Environment,
    TimeSpan GracePeriod);
