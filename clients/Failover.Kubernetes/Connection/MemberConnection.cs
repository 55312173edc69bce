using Failover.Domain.Fleet;

namespace Failover.Kubernetes.Connection;

/// <summary>
/// Connections to one member, for one purpose: probes, calls and watches each have their own, so that none waits behind another.
/// Reads the kubeconfig, or the pod's own account, again when it has changed, as it does when credentials are rotated.
/// </summary>
internal sealed class MemberConnection(MemberSpec member, KubernetesOptions options) : IDisposable
{
    private readonly Lock gate = new();
    private MemberKubernetes? client;
    private (DateTime WrittenAt, long SizeBytes) loadedFrom;

    /// <summary>The client. Throws what <see cref="Kubeconfig.Load"/> throws.</summary>
    public MemberKubernetes Acquire()
    {
        lock (gate)
        {
            var file = new FileInfo(member.InCluster ? Path.Combine(options.ServiceAccountFolder, InCluster.AuthorityFile) : member.Kubeconfig);
            var stamp = file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
            if (client is null || stamp != loadedFrom)
            {
                // Not disposed: calls under way end on it, and its idle connections close by themselves.
                client = new MemberKubernetes(member.InCluster ? InCluster.Load(options) : Kubeconfig.Load(member, options));
                loadedFrom = stamp;
            }

            return client;
        }
    }

    /// <summary>Gives up a client whose connection is dead, so that the next call makes a new one instead of waiting for the old one's packets.</summary>
    public void Abandon(MemberKubernetes dead)
    {
        lock (gate)
        {
            if (ReferenceEquals(client, dead))
            {
                client = null;
            }
        }

        dead.Dispose();
    }

    public void Dispose()
    {
        lock (gate)
        {
            client?.Dispose();
            client = null;
        }
    }
}
