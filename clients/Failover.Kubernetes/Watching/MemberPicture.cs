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
    /// <summary>Odd objects that are told of; a server that makes up new ones all the time must not fill the log.</summary>
    private const int OddToldMax = 100;

    private readonly TimeProvider time;
    private readonly Action<string> odd;
    private readonly HashSet<string> oddTold = new(StringComparer.Ordinal);
    private readonly LeaseBook leases;
    private readonly IReadOnlyList<(IWorkloadKind Kind, ObjectCache<WorkloadFacts> Cache)> workloads;
    private readonly ObjectCache<NodeFacts> nodes;
    private readonly ObjectCache<PodFacts> pods;
    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private CapacitySnapshot? capacity;
    private HashSet<string> silent = [];
    private bool dirty = true;
    private (ImmutableArray<SeenWorkload> Workloads, int Ready, ImmutableArray<string> Nodes) composed;

    /// <param name="fleet">Its GPU types and installation are what is looked for.</param>
    /// <param name="kinds">The kinds of workloads.</param>
    /// <param name="time">For leases, and versions of pictures.</param>
    /// <param name="odd">Is told, once each, of objects that can't be read.</param>
    public MemberPicture(FleetSpec fleet, IReadOnlyList<IWorkloadKind> kinds, TimeProvider time, Action<string> odd)
    {
        (this.time, this.odd) = (time, odd);
        leases = new LeaseBook(time);
        nodes = new(entry => NodeFacts.Read(KubernetesJson.Deserialize<V1Node>(entry), fleet.Skus), gate, Changed, detail => TellOdd("nodes", detail));
        pods = new(entry => PodFacts.Read(KubernetesJson.Deserialize<V1Pod>(entry), fleet.Installation), gate, Changed, detail => TellOdd("pods", detail));
        workloads = [.. kinds.Select(kind => (kind, new ObjectCache<WorkloadFacts>(kind.Read, gate, Changed, detail => TellOdd(kind.Resource.Plural, detail))))];
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
            // Leases fall silent without an object's changing.
            var nowSilent = leases.Silent(nodes.Facts.Select(node => node.Name));
            if (dirty || !nowSilent.SetEquals(silent))
            {
                (dirty, silent) = (false, nowSilent);
                capacity = CapacityCounter.Count(nodes.Facts, pods.Facts, capacity, time.GetUtcNow().ToUnixTimeMilliseconds(), silent);
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

            return new MemberObservation(capacity!, composed.Workloads, composed.Nodes.Length, composed.Ready, composed.Nodes.Length - silent.Count);
        }
    }

    void IObjectSink.Replace(IEnumerable<JsonElement> objects)
    {
        var fresh = objects.Select(ReadLease).OfType<V1Lease>().ToList();
        lock (gate)
        {
            leases.Keep(fresh.Select(lease => lease.Metadata.Name).ToHashSet(StringComparer.Ordinal));
            fresh.ForEach(leases.Note);
        }
    }

    void IObjectSink.Set(JsonElement changed)
    {
        if (ReadLease(changed) is not { } lease)
        {
            return;
        }

        lock (gate)
        {
            leases.Note(lease);
        }
    }

    void IObjectSink.Remove(JsonElement gone)
    {
        if (OddJson.Text(gone, "metadata", "name") is not { } node)
        {
            return;
        }

        lock (gate)
        {
            leases.Remove(node);
        }
    }

    /// <summary>A lease without a name is nobody's sign of life.</summary>
    private V1Lease? ReadLease(JsonElement entry) => OddJson.Read(
        () => KubernetesJson.Deserialize<V1Lease>(entry) is { Metadata.Name: not null } lease ? lease : throw new JsonException("it has no name"),
        entry, detail => TellOdd("node leases", detail), out _);

    private void TellOdd(string resource, string detail)
    {
        var what = $"{resource}: {detail}";
        lock (gate)
        {
            if (oddTold.Count >= OddToldMax || !oddTold.Add(what))
            {
                return;
            }
        }

        odd(what);
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
