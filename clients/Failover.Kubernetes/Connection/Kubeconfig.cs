using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Failover.Domain.Fleet;
using k8s;
using k8s.Authentication;
using k8s.Exceptions;
using k8s.KubeConfigModels;
using YamlDotNet.Serialization;

namespace Failover.Kubernetes.Connection;

/// <summary>Reads a member's kubeconfig, and makes TLS strict.</summary>
internal static class Kubeconfig
{
    /// <summary>
    /// The client configuration of the member's context (else the current one). Credentials are a token, a token file, a client certificate, or what the one plugin
    /// says that the member allows. Throws <see cref="KubeConfigException"/> for what we refuse, <see cref="IOException"/> for what cannot be read.
    /// </summary>
    public static KubernetesClientConfiguration Load(MemberSpec member, KubernetesOptions options)
    {
        var (path, context) = (member.Kubeconfig, member.Context);
        var text = File.ReadAllText(path);
        var file = Parse<K8SConfiguration>(text, path);
        file.FileName = Path.GetFullPath(path);
        context ??= file.CurrentContext;
        var user = file.Contexts?.FirstOrDefault(entry => entry.Name == context)?.ContextDetails?.User
            ?? throw new KubeConfigException($"{path}: no context '{context}' that names a user");
        var credentials = file.Users?.FirstOrDefault(entry => entry.Name == user)?.UserCredentials
            ?? throw new KubeConfigException($"{path}: no credentials for user '{user}'");
        if (credentials.AuthProvider is not null)
        {
            throw new KubeConfigException($"{path}: user '{user}' needs an auth-provider, a kind of credential plugin that Kubernetes has let go of; use a token, a token file, a client certificate or execPlugin");
        }

        if (credentials.ExternalExecution is { } plugin)
        {
            plugin.Command = Allowed(plugin.Command, member.ExecPlugin, $"{path}: user '{user}'");
            KubernetesClientConfiguration.ExecTimeout = options.PluginTimeout;
        }

        var tokenFile = credentials.Token is null
            ? Parse<UsersFile>(text, path).Users.FirstOrDefault(entry => entry.Name == user)?.User?.TokenFile
            : null;
        if (tokenFile is not null)
        {
            // The library knows no tokenFile and refuses users without credentials that it knows, so it is told of a token that is never sent.
            credentials.Token = "from-file";
        }

        var config = Build(file, context, path);
        if (tokenFile is not null)
        {
            config.AccessToken = null;
            config.TokenProvider = new TokenFileAuth(Path.Combine(Path.GetDirectoryName(file.FileName)!, tokenFile));
        }

        Harden(config, path, options);
        return config;
    }

    private static KubernetesClientConfiguration Build(K8SConfiguration file, string? context, string path)
    {
        try
        {
            return KubernetesClientConfiguration.BuildConfigFromConfigObject(file, context);
        }
        catch (Exception fault) when (fault is FormatException or CryptographicException)
        {
            throw new KubeConfigException($"{path}: a certificate that cannot be read: {fault.Message}", fault);
        }
        catch (Exception fault) when (fault is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            throw new KubeConfigException($"{path}: the credential plugin cannot be run: {fault.Message}", fault);
        }
    }

    /// <summary>The absolute path of the program to run: a kubeconfig is somebody else's file, and may not choose what we run.</summary>
    private static string Allowed(string command, string? allowed, string whose) =>
        allowed is null
            ? throw new KubeConfigException($"{whose} needs the credential plugin '{command}'; allow it by the member's execPlugin, by absolute path, or use a token, a token file or a client certificate")
            : command == allowed || command == Path.GetFileName(allowed) ? allowed
            : throw new KubeConfigException($"{whose} needs the credential plugin '{command}', and the member allows {allowed} only");

    internal static void Harden(KubernetesClientConfiguration config, string path, KubernetesOptions options)
    {
        if (!config.Host.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || config.SkipTlsVerify)
        {
            throw new KubeConfigException($"{path}: the API server must be reached by https, with its certificate verified");
        }

        if (config.Username is not null)
        {
            throw new KubeConfigException($"{path}: a user name and password are no credentials for an API server");
        }

        // With SslCaCerts set, the library accepts a certificate of that authority for any host name. A chain policy is checked as well as the name.
        var authorities = config.SslCaCerts;
        config.SslCaCerts = null;
        config.UserAgent = "failover";
        config.HttpClientTimeout = Timeout.InfiniteTimeSpan;
        config.FirstMessageHandlerSetup = handler =>
        {
            handler.ConnectTimeout = options.ConnectTimeout;
            handler.KeepAlivePingDelay = options.KeepAliveDelay;
            handler.KeepAlivePingTimeout = options.KeepAliveTimeout;
            handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always;
            handler.AllowAutoRedirect = false;
            handler.UseProxy = false;
            // Judges as it would be judged without, and keeps why.
            handler.SslOptions.RemoteCertificateValidationCallback = UntrustedServerException.Judge;
            if (authorities is not null)
            {
                handler.SslOptions.CertificateChainPolicy = TrustOnly(authorities);
            }
        };
    }

    private static X509ChainPolicy TrustOnly(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            // A member's own authority publishes no revocation lists.
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }

    private static T Parse<T>(string text, string path)
        where T : class
    {
        try
        {
            return typeof(T) == typeof(K8SConfiguration)
                ? KubernetesYaml.Deserialize<T>(text)
                : new DeserializerBuilder().IgnoreUnmatchedProperties().Build().Deserialize<T>(text);
        }
        catch (YamlDotNet.Core.YamlException fault)
        {
            throw new KubeConfigException($"{path}: not a kubeconfig: {fault.Message}", fault);
        }
    }

    private sealed class UsersFile
    {
        [YamlMember(Alias = "users")]
        public List<NamedUser> Users { get; set; } = [];
    }

    private sealed class NamedUser
    {
        [YamlMember(Alias = "name")]
        public string? Name { get; set; }

        [YamlMember(Alias = "user")]
        public UserFields? User { get; set; }
    }

    private sealed class UserFields
    {
        [YamlMember(Alias = "tokenFile")]
        public string? TokenFile { get; set; }
    }
}
