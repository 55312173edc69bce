using System.Collections.Concurrent;
using Failover.Simulator.ApiServer;

namespace Failover.Simulator.Cluster;

/// <summary>
/// The kubelets of all of a member's own nodes: they start bound pods after a delay, end deleted ones within their
/// grace, and report what became of them. Pods bound to other nodes are nobody's here, as on a dead node.
/// </summary>
internal sealed class Kubelets(SimulatedMemberOptions options, ClusterStore store, NodeController nodes, IPodRuntime runtime)
{
    // 128 + SIGKILL, as a container runtime reports it.
    private const int Killed = 137;

    private readonly Dictionary<string, Held> _held = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<(string Uid, int ExitCode)> _exits = new();

    public IEnumerable<PodInfo> Running => _held.Values.Where(h => h.Info is not null).Select(h => h.Info!);

    /// <summary>Safe from any thread; taken up at the next run.</summary>
    public void PodExited(string uid, int exitCode) => _exits.Enqueue((uid, exitCode));

    public void Run(TimeSpan startupDelay, IReadOnlyList<StoredObject> pods, Deadlines deadlines)
    {
        TakeExits(pods);
        var present = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pod in pods)
        {
            present.Add(pod.Uid);
            if (!nodes.IsRun(pod.Pod.NodeName))
                continue;
            if (pod.Pod.IsFinished)
                Release(pod);
            else if (pod.Pod.IsDeleting)
                Terminate(pod, deadlines);
            else
                Start(pod, startupDelay, deadlines);
        }

        // What was deleted by force may still run; it is ended as soon as its kubelet sees that.
        foreach (var (uid, _) in _held.Where(held => !present.Contains(held.Key) && nodes.IsRun(held.Value.Node)).ToList())
            Kill(uid);
    }

    /// <summary>The power goes: everything is killed, nothing is reported.</summary>
    public void Lose()
    {
        foreach (var uid in _held.Keys.Order(StringComparer.Ordinal).ToList())
            Kill(uid);
        _exits.Clear();
    }

    /// <summary>Machines are gone: what ran on them is killed, and nothing is reported.</summary>
    public void LoseOn(IReadOnlyCollection<string> gone)
    {
        foreach (var (uid, _) in _held.Where(held => gone.Contains(held.Value.Node)).OrderBy(held => held.Key, StringComparer.Ordinal).ToList())
            Kill(uid);
    }

    /// <summary>Kubelets run again: what they find dead, they report; what runs on is taken up.</summary>
    public void RecoverOn(IReadOnlyCollection<string> back, IReadOnlyList<StoredObject> pods)
    {
        foreach (var pod in pods.Where(pod => back.Contains(pod.Pod.NodeName) && pod.Pod.Phase == "Running" && !_held.ContainsKey(pod.Uid)))
            Finish(pod, Killed, "ContainerStatusUnknown");
    }

    /// <summary>The nodes have booted: what had been running before is found dead, and reported.</summary>
    public void Recover(IReadOnlyList<StoredObject> pods)
    {
        foreach (var pod in pods)
        {
            if (nodes.IsOwn(pod.Pod.NodeName) && pod.Pod.Phase == "Running")
                Finish(pod, Killed, "ContainerStatusUnknown");
        }
    }

    /// <summary>Kills one running pod's containers; false if it does not run.</summary>
    public bool KillContainers(StoredObject pod)
    {
        if (!_held.TryGetValue(pod.Uid, out var held) || held.Info is null)
            return false;
        Kill(pod.Uid);
        Finish(pod, Killed, "OOMKilled");
        return true;
    }

    private void TakeExits(IReadOnlyList<StoredObject> pods)
    {
        while (_exits.TryDequeue(out var exit))
        {
            // Late news of a pod that was killed meanwhile are ignored.
            if (!_held.TryGetValue(exit.Uid, out var held) || held.Info is null)
                continue;
            _held.Remove(exit.Uid);
            if (pods.FirstOrDefault(p => p.Uid == exit.Uid) is { } pod)
                Finish(pod, exit.ExitCode, exit.ExitCode == 0 ? "Completed" : "Error");
        }
    }

    private void Start(StoredObject pod, TimeSpan startupDelay, Deadlines deadlines)
    {
        if (!_held.TryGetValue(pod.Uid, out var held))
        {
            held = new Held { Node = pod.Pod.NodeName, StartAt = store.Now + startupDelay };
            _held.Add(pod.Uid, held);
        }

        if (held.Info is not null)
            return;
        if (store.Now < held.StartAt)
        {
            deadlines.Add(held.StartAt);
            return;
        }

        var now = store.NowText;
        if (!store.Mutate(pod, tree => PodStatus.Running(tree, now)))
            return;
        held.Info = PodInfos.Of(options, store.Objects, pod);
        runtime.PodStarted(held.Info);
    }

    private void Terminate(StoredObject pod, Deadlines deadlines)
    {
        if (!_held.TryGetValue(pod.Uid, out var held) || held.Info is null)
        {
            _held.Remove(pod.Uid);
            Finish(pod, Killed, "ContainerStatusUnknown");
            return;
        }

        // Counted from when the kubelet saw it: the object's own time has whole seconds only.
        var grace = TimeSpan.FromSeconds(pod.Pod.GraceSeconds);
        if (held.KillAt is null || store.Now + grace < held.KillAt)
        {
            var isFirst = held.KillAt is null;
            held.KillAt = store.Now + grace;
            if (isFirst && grace > TimeSpan.Zero)
                runtime.PodTerminating(held.Info, grace);
        }

        if (store.Now < held.KillAt)
        {
            deadlines.Add(held.KillAt.Value);
            return;
        }

        Kill(pod.Uid);
        Finish(pod, Killed, "Error");
    }

    private void Finish(StoredObject pod, int exitCode, string reason)
    {
        var now = store.NowText;
        store.Mutate(pod, tree => PodStatus.Finished(tree, exitCode, reason, now));
        if (pod.Pod.IsDeleting)
            store.Delete(pod, graceSeconds: 0);
    }

    // A finished pod keeps nothing here; one that is being deleted may go now.
    private void Release(StoredObject pod)
    {
        Kill(pod.Uid);
        if (pod.Pod.IsDeleting && pod.Pod.GraceSeconds > 0)
            store.Delete(pod, graceSeconds: 0);
    }

    private void Kill(string uid)
    {
        if (_held.Remove(uid, out var held) && held.Info is not null)
            runtime.PodKilled(held.Info);
    }

    /// <summary>What a kubelet remembers of a pod.</summary>
    private sealed class Held
    {
        public required string Node { get; init; }

        public required DateTimeOffset StartAt { get; init; }

        /// <summary>Set once the containers run.</summary>
        public PodInfo? Info { get; set; }

        /// <summary>Set once the pod was told to end.</summary>
        public DateTimeOffset? KillAt { get; set; }
    }
}
