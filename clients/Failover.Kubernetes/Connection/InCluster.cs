using System.Net;
using System.Security.Cryptography.X509Certificates;
using k8s;
using k8s.Authentication;
using k8s.Exceptions;

namespace Failover.Kubernetes.Connection;

/// <summary>The cluster that our own pod runs on, by the account that the pod was given.</summary>
internal static class InCluster
{
    /// <summary>The authority's certificate, within the account's folder.</summary>
    public const string AuthorityFile = "ca.crt";

    private const string TokenFile = "token";
    private const string HostVariable = "KUBERNETES_SERVICE_HOST";
    private const string PortVariable = "KUBERNETES_SERVICE_PORT";

    /// <summary>The client configuration. Throws <see cref="KubeConfigException"/> where we run in no pod, <see cref="IOException"/> for what can't be read.</summary>
    public static KubernetesClientConfiguration Load(KubernetesOptions options)
    {
        var host = Environment.GetEnvironmentVariable(HostVariable);
        var port = Environment.GetEnvironmentVariable(PortVariable);
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port))
        {
            throw new KubeConfigException($"inCluster: {HostVariable} and {PortVariable} are not set, so this is no pod");
        }

        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(Path.Combine(options.ServiceAccountFolder, AuthorityFile));
        var named = IPAddress.TryParse(host, out var address) && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{host}]" : host;
        var config = new KubernetesClientConfiguration
        {
            Host = $"https://{named}:{port}",
            SslCaCerts = authorities,
            // Read again as it is renewed, which a kubelet does every hour or so.
            TokenProvider = new TokenFileAuth(Path.Combine(options.ServiceAccountFolder, TokenFile)),
        };
        Kubeconfig.Harden(config, "inCluster", options);
        return config;
    }
}
