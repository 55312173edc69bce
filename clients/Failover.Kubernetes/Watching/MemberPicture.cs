using System.Collections.Immutable;
using System.Text.Json;
using System.Threading.Channels;
using Failover.Abstractions.Ports;
using Failover.Domain.Fleet;
using Failover.Domain.Members;
using Failover.Kubernetes.Capacity;
using Failover.Kubernetes.Launching;
using k8s;
using k8s.Models;

namespace Failover.Kubernetes.Watching;

/// <summary>What is known of one member from its lists and watches. Thread-safe.</summary>
internal sealed class MemberPicture : IObjectSink
{
    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly LeaseBook leases;
    private readonly IReadOnlyList<(IWorkloadKind Kind, ObjectCache<WorkloadFacts> Cache)> workloads;
    private readonly ObjectCache<NodeFacts> nodes;
    private readonly ObjectCache<PodFacts> pods;
    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private CapacitySnapshot? capacity;
    private bool dirty = true;
    private (ImmutableArray<SeenWorkload> Workloads, int Ready, ImmutableArray<string> Nodes) composed;

    public MemberPicture(FleetSpec fleet, IReadOnlyList<IWorkloadKind> kinds, TimeProvider time)
    {
        this.time = time;
        leases = new LeaseBook(time);
        nodes = new(entry => NodeFacts.Read(KubernetesJson.Deserialize<V1Node>(entry), fleet.Skus), gate, Changed);
        pods = new(entry => PodFacts.Read(KubernetesJson.Deserialize<V1Pod>(entry), fleet.Installation), gate, Changed);
        workloads = [.. kinds.Select(kind => (kind, new ObjectCache<WorkloadFacts>(kind.Read, gate, Changed)))];
    }

    /// <summary>Where nodes go.</summary>
    public IObjectSink Nodes => nodes;

    /// <summary>Where pods go.</summary>
    public IObjectSink Pods => pods;

    /// <summary>Where leases go: their renewals change no picture by themselves, only their silence does.</summary>
    public IObjectSink Leases => this;

    /// <summary>Where the workloads of each kind go.</summary>
    public IEnumerable<(IWorkloadKind Kind, IObjectSink Sink)> Workloads => workloads.Select(entry => (entry.Kind, (IObjectSink)entry.Cache));

    /// <summary>Yields when there is a reason to look: after a change, a nudge, or several of them at once.</summary>
    public IAsyncEnumerable<bool> ReasonsAsync(CancellationToken cancellationToken) => wake.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Gives a reason to look.</summary>
    public void Nudge() => wake.Writer.TryWrite(true);

    /// <summary>Our process stood still for so long.</summary>
    public void Excuse(TimeSpan pause)
    {
        lock (gate)
        {
            leases.Excuse(pause);
        }
    }

    /// <summary>The picture as of now. A version never falls, not even when a process starts again: it is no lower than the milliseconds of our clock.</summary>
    public MemberObservation Compose()
    {
        lock (gate)
        {
            if (dirty)
            {
                dirty = false;
                capacity = CapacityCounter.Count(nodes.Facts, pods.Facts, capacity, time.GetUtcNow().ToUnixTimeMilliseconds());
                var byOwner = pods.Facts.Where(pod => pod.Owner is not null).ToLookup(pod => pod.Owner!);
                composed = (
                    [
                        .. workloads.SelectMany(entry => entry.Cache.Facts.Select(workload => WorkloadPhases.See(
                                workload, entry.Kind.Resource.Kind,
                                [.. byOwner[new PodOwner(workload.Namespace, workload.RunUid, workload.Epoch, workload.LaunchId)]])))
                            .OrderBy(workload => workload.Namespace, StringComparer.Ordinal).ThenBy(workload => workload.Name, StringComparer.Ordinal),
                    ],
                    nodes.Facts.Count(node => node.Ready),
                    [.. nodes.Facts.Select(node => node.Name)]);
            }

            return new MemberObservation(capacity!, composed.Workloads, composed.Nodes.Length, composed.Ready, leases.CountRenewed(composed.Nodes));
        }
    }

    void IObjectSink.Replace(IEnumerable<JsonElement> objects)
    {
        var fresh = objects.Select(entry => KubernetesJson.Deserialize<V1Lease>(entry)).ToList();
        lock (gate)
        {
            leases.Keep(fresh.Select(lease => lease.Metadata.Name).ToHashSet(StringComparer.Ordinal));
            fresh.ForEach(leases.Note);
        }
    }

    void IObjectSink.Set(JsonElement changed)
    {
        var lease = KubernetesJson.Deserialize<V1Lease>(changed);
        lock (gate)
        {
            leases.Note(lease);
        }
    }

    void IObjectSink.Remove(JsonElement gone)
    {
        var lease = KubernetesJson.Deserialize<V1Lease>(gone);
        lock (gate)
        {
            leases.Remove(lease.Metadata.Name);
        }
    }

    private void Changed()
    {
        lock (gate)
        {
            dirty = true;
        }

        Nudge();
    }
}
