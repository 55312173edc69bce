namespace Failover.Simulator.Cluster;

/// <summary>
/// What a member's kubelets tell whoever plays the containers. Called from the member's own loop, one call at a time,
/// in the order in which things happened; an implementation returns at once and answers through <see cref="IPodControl"/>.
/// </summary>
public interface IPodRuntime
{
    /// <summary>The pod's containers run from now on (the start-up delay has passed).</summary>
    void PodStarted(PodInfo pod);

    /// <summary>SIGTERM: the pod is to end by itself within <paramref name="grace"/>, else it is killed.</summary>
    void PodTerminating(PodInfo pod, TimeSpan grace);

    /// <summary>SIGKILL, or the power went: nothing of the pod runs any more. No <see cref="IPodControl.PodExited"/> is expected.</summary>
    void PodKilled(PodInfo pod);
}

/// <summary>What the containers tell their kubelet.</summary>
public interface IPodControl
{
    /// <summary>All containers of the pod have ended; 0 is success. Ignored if that pod (by uid) no longer runs here.</summary>
    void PodExited(string ns, string podName, string podUid, int exitCode);
}
