namespace Failover.Kubernetes.Launching;

/// <summary>Names of workloads.</summary>
public static class WorkloadName
{
    private const int LengthMax = 63;

    /// <summary>
    /// <c>&lt;run&gt;-&lt;first 8 of uid&gt;-e&lt;epoch&gt;</c>: a DNS label, as is the name with a worker's index appended, which an indexed Job's pods have as
    /// host name. The run's part is cut where that would be too long; the uid's tells runs apart.
    /// </summary>
    public static string Of(string run, string runUid, int epoch, int workers)
    {
        var tail = $"-{(runUid.Length > 8 ? runUid[..8] : runUid)}-e{epoch}";
        var runLengthMax = LengthMax - tail.Length - $"-{workers - 1}".Length;
        return (run.Length > runLengthMax ? run[..runLengthMax].TrimEnd('-') : run) + tail;
    }
}
