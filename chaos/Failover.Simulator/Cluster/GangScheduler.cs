using System.Text.Json.Nodes;
using Failover.Simulator.ApiServer;

namespace Failover.Simulator.Cluster;

/// <summary>
/// Binds pods to nodes: a Job's pods all at once or not at all, each to the fullest node that still takes it. The same
/// cluster gives the same bindings: oldest Job first, then by name. A gang that does not fit blocks no other.
/// </summary>
internal sealed class GangScheduler(SimulatedMemberOptions options, ClusterStore store)
{
    public void Run(IReadOnlyList<StoredObject> jobs, IReadOnlyList<StoredObject> pods)
    {
        var pending = pods.Where(p => p.Pod is { NodeName: "", IsActive: true }).ToList();
        if (pending.Count == 0)
            return;
        var rooms = Rooms(pods);
        var jobsByUid = jobs.ToDictionary(j => j.Uid, StringComparer.Ordinal);
        var gangs = pending
            .GroupBy(p => options.GangScheduling && p.Pod.OwnerKind == "Job" ? p.Pod.OwnerUid : p.Uid, StringComparer.Ordinal)
            .Select(g => g.OrderBy(p => p.Pod.Index).ThenBy(p => p.Name, StringComparer.Ordinal).ToList())
            .OrderBy(g => g[0].Metadata.Str("creationTimestamp"), StringComparer.Ordinal)
            .ThenBy(g => g[0].Name, StringComparer.Ordinal);
        foreach (var gang in gangs)
        {
            if (options.GangScheduling && jobsByUid.TryGetValue(gang[0].Pod.OwnerUid, out var job) && !IsComplete(job, gang, pods))
                continue;
            Place(gang, rooms);
        }
    }

    // Until the Job controller has made all of its pods, a gang is not there to be placed.
    private static bool IsComplete(StoredObject job, List<StoredObject> gang, IReadOnlyList<StoredObject> pods)
    {
        var spec = job.Tree.Obj("spec");
        var wanted = spec.Int("parallelism") ?? 1;
        if (spec.Int("completions") is { } completions)
            wanted = Math.Min(wanted, completions - (job.Tree.Obj("status").Int("succeeded") ?? 0));
        var bound = pods.Count(p => p.Pod.OwnerUid == job.Uid && p.Pod is { IsActive: true, NodeName.Length: > 0 });
        return bound + gang.Count >= wanted;
    }

    private void Place(List<StoredObject> gang, List<Room> rooms)
    {
        var chosen = new List<(StoredObject Pod, Room Room)>();
        foreach (var pod in gang)
        {
            var room = rooms
                .Where(r => r.Refusal(pod) is null)
                .OrderBy(r => r.FreeGpus)
                .ThenBy(r => r.Node.Name, StringComparer.Ordinal)
                .FirstOrDefault();
            if (room is null)
                break;
            room.Take(pod);
            chosen.Add((pod, room));
        }

        if (chosen.Count == gang.Count)
        {
            foreach (var (pod, room) in chosen)
                store.Bind(pod, room.Node.Name);
            return;
        }

        var message = Refusal(gang[chosen.Count], rooms);
        foreach (var (pod, room) in chosen)
            room.GiveBack(pod);
        var now = store.NowText;
        foreach (var pod in gang.Where(p => p.Pod.UnschedulableMessage != message))
            store.Mutate(pod, tree => PodSubresources.WithCondition(tree, "PodScheduled", "False", now, "Unschedulable", message));
    }

    private static string Refusal(StoredObject pod, List<Room> rooms)
    {
        var reasons = rooms
            .Select(r => r.Refusal(pod) ?? "")
            .GroupBy(r => r, StringComparer.Ordinal)
            .Select(g => $"{g.Count()} {g.Key}")
            .Order(StringComparer.Ordinal);
        return rooms.Count == 0
            ? "no nodes available to schedule pods"
            : $"0/{rooms.Count} nodes are available: {string.Join(", ", reasons)}. preemption: 0/{rooms.Count} nodes are available: {rooms.Count} Preemption is not helpful for scheduling.";
    }

    private List<Room> Rooms(IReadOnlyList<StoredObject> pods)
    {
        var rooms = store.Objects.All(ResourceKind.Node).Select(n => new Room(n)).ToList();
        var byName = rooms.ToDictionary(r => r.Node.Name, StringComparer.Ordinal);
        foreach (var pod in pods.Where(p => !p.Pod.IsFinished))
        {
            if (byName.TryGetValue(pod.Pod.NodeName, out var room))
                room.Take(pod);
        }

        return rooms;
    }

    /// <summary>What is free on a node.</summary>
    private sealed class Room
    {
        private readonly IReadOnlyList<JsonObject> _taints;
        private readonly bool _isUnschedulable;
        private int _freePods;

        public Room(StoredObject node)
        {
            Node = node;
            var allocatable = node.Tree.Obj("status").Obj("allocatable");
            FreeGpus = Count(allocatable.Str("nvidia.com/gpu"));
            _freePods = Count(allocatable.Str("pods"));
            _taints = [.. node.Tree.Obj("spec").Objects("taints").Where(t => t.Str("effect") is "NoSchedule" or "NoExecute")];
            _isUnschedulable = node.Tree.Obj("spec").Bool("unschedulable") == true || node.IsDeleting;
        }

        public StoredObject Node { get; }

        public int FreeGpus { get; private set; }

        public void Take(StoredObject pod)
        {
            FreeGpus -= pod.Pod.Gpus;
            _freePods--;
        }

        public void GiveBack(StoredObject pod)
        {
            FreeGpus += pod.Pod.Gpus;
            _freePods++;
        }

        /// <summary>Why the pod cannot go here, in the real scheduler's words; null if it can.</summary>
        public string? Refusal(StoredObject pod)
        {
            var spec = pod.Tree.Obj("spec");
            if (_isUnschedulable)
                return "node(s) were unschedulable";
            if (_taints.FirstOrDefault(t => !spec.Objects("tolerations").Any(x => Tolerates(x, t))) is { } taint)
                return $"node(s) had untolerated taint(s) {{{taint.Str("key")}: {taint.Str("value")}}}";
            if (spec.Map("nodeSelector").Any(s => Node.Labels.GetValueOrDefault(s.Key) != s.Value))
                return "node(s) didn't match Pod's node affinity/selector";
            if (pod.Pod.Gpus > FreeGpus)
                return "Insufficient nvidia.com/gpu";
            return _freePods < 1 ? "Too many pods" : null;
        }

        private static bool Tolerates(JsonObject toleration, JsonObject taint)
        {
            if (toleration.Str("effect") is { Length: > 0 } effect && effect != taint.Str("effect"))
                return false;
            if (toleration.Str("key") is { Length: > 0 } key && key != taint.Str("key"))
                return false;
            return toleration.Str("operator") == "Exists" || (toleration.Str("value") ?? "") == (taint.Str("value") ?? "");
        }

        private static int Count(string? quantity) => int.TryParse(quantity, out var value) ? value : 0;
    }
}
