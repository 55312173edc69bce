using System.Net;
using k8s;

namespace Failover.Kubernetes.Connection;

/// <summary>The library's client, with access to plain GETs: health paths, and lists and watches whose opening and end can be told apart from silence.</summary>
internal sealed class MemberKubernetes(KubernetesClientConfiguration config) : k8s.Kubernetes(config)
{
    /// <summary>
    /// Sends one authenticated GET and returns once the headers are there; <paramref name="pathAndQuery"/> has no leading slash.
    /// Throws <see cref="k8s.Autorest.HttpOperationException"/> unless the answer is 2xx.
    /// </summary>
    public Task<HttpResponseMessage> GetAsync(string pathAndQuery, CancellationToken cancellationToken) =>
        SendRequestRaw("", new HttpRequestMessage(HttpMethod.Get, new Uri(BaseUri, pathAndQuery)) { Version = HttpVersion.Version20 }, cancellationToken);
}
