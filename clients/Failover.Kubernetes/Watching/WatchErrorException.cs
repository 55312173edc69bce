namespace Failover.Kubernetes.Watching;

/// <summary>A watch's ERROR event: a Status with a code, 410 if the version to resume from is gone.</summary>
internal sealed class WatchErrorException(int code, string message) : Exception(message)
{
    public int Code { get; } = code;
}
