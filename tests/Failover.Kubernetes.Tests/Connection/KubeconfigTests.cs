using Failover.Abstractions.Ports;
using Failover.Domain.Fleet;
using Failover.Domain.Health;
using Failover.Kubernetes.Connection;
using k8s.Exceptions;

namespace Failover.Kubernetes.Tests.Connection;

public sealed class KubeconfigTests
{
    [Theory]
    [InlineData("{server: 'https://m:6443'}", "{exec: {command: kubelogin, apiVersion: client.authentication.k8s.io/v1}}", "credential plugin")]
    [InlineData("{server: 'https://m:6443'}", "{auth-provider: {name: azure, config: {access-token: t}}}", "credential plugin")]
    [InlineData("{server: 'https://m:6443'}", "{username: u, password: p}", "user name and password")]
    [InlineData("{server: 'https://m:6443', insecure-skip-tls-verify: true}", "{token: t}", "verified")]
    [InlineData("{server: 'http://m:6443'}", "{token: t}", "https")]
    [InlineData("{server: 'https://m:6443', certificate-authority-data: bm90IGEgY2VydGlmaWNhdGU=}", "{}", "")]
    public void Load_WhatWeRefuse_SaysWhy(string cluster, string user, string why)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, Text(cluster, user));

            var fault = Assert.Throws<KubeConfigException>(() => Kubeconfig.Load(new MemberSpec("m", "r", path), new KubernetesOptions()));

            Assert.Contains(why, fault.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("not: [a kubeconfig")]
    [InlineData("kind: Config")]
    public void Load_NoKubeconfig_SaysSo(string text)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, text);

            Assert.Throws<KubeConfigException>(() => Kubeconfig.Load(new MemberSpec("m", "r", path, "other"), new KubernetesOptions()));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task Load_ClientCertificate_IsSent()
    {
        await using var test = await TestMember.StartAsync();
        using var certificate = test.Member.ClientCertificateOf("admin");
        var text = await File.ReadAllTextAsync(test.Kubeconfig());
        var key = certificate.GetECDsaPrivateKeyPem() ?? certificate.GetRSAPrivateKeyPem();
        var path = test.PathOf("certificate.yaml");
        await File.WriteAllTextAsync(
            path,
            text.Replace(
                $"token: {test.Member.TokenOf("admin")}",
                $"{{client-certificate-data: {Base64(certificate.ExportCertificatePem())}, client-key-data: {Base64(key!)}}}",
                StringComparison.Ordinal));

        var seen = await test.ClientOf(path).ProbeAsync(TestMember.Patience);

        Assert.Equal((ProbeAnswer.Ready, ""), (seen.Answer, seen.Detail));
        Assert.Contains(test.Calls, call => call is { Path: "/readyz", User: "admin" });
    }

    [Fact]
    public async Task Load_TokenFile_IsReadBesideTheKubeconfig()
    {
        await using var test = await TestMember.StartAsync();
        var text = await File.ReadAllTextAsync(test.Kubeconfig());
        await File.WriteAllTextAsync(test.PathOf("the-token"), test.Member.TokenOf("admin") + "\n");
        await File.WriteAllTextAsync(
            test.PathOf("file.yaml"), text.Replace($"token: {test.Member.TokenOf("admin")}", "tokenFile: the-token", StringComparison.Ordinal));

        Assert.Equal(ProbeAnswer.Ready, (await test.ClientOf(test.PathOf("file.yaml")).ProbeAsync(TestMember.Patience)).Answer);

        Assert.Contains(test.Calls, call => call is { Path: "/readyz", User: "admin" });
    }

    [Fact]
    public async Task Load_TokenFileMissing_NotTrusted()
    {
        await using var test = await TestMember.StartAsync();
        var text = await File.ReadAllTextAsync(test.Kubeconfig());
        await File.WriteAllTextAsync(
            test.PathOf("file.yaml"), text.Replace($"token: {test.Member.TokenOf("admin")}", "tokenFile: none", StringComparison.Ordinal));

        Assert.Equal(ProbeAnswer.NotTrusted, (await test.ClientOf(test.PathOf("file.yaml")).ProbeAsync(TestMember.Patience)).Answer);
    }

    [Fact]
    public async Task Load_PluginThatIsAllowed_IsRunByItsAbsolutePath()
    {
        await using var test = await TestMember.StartAsync();
        var plugin = Plugin(test, test.Member.TokenOf("admin"));
        var kubeconfig = await WithPluginAsync(test, Path.GetFileName(plugin));

        var seen = await test.ClientOf(new MemberSpec("east-1", "eastus", kubeconfig) { ExecPlugin = plugin }).ProbeAsync(TestMember.Patience);

        Assert.Equal((ProbeAnswer.Ready, ""), (seen.Answer, seen.Detail));
        Assert.Contains(test.Calls, call => call is { Path: "/readyz", User: "admin" });
    }

    [Fact]
    public async Task Load_OtherPluginThanAllowed_IsNotRun()
    {
        await using var test = await TestMember.StartAsync();
        var plugin = Plugin(test, test.Member.TokenOf("admin"));
        var kubeconfig = await WithPluginAsync(test, plugin);

        var seen = await test.ClientOf(new MemberSpec("east-1", "eastus", kubeconfig) { ExecPlugin = "/usr/local/bin/kubelogin" }).ProbeAsync(TestMember.Patience);

        Assert.Equal((ProbeAnswer.NotTrusted, ApiTrouble.NoCredentials), (seen.Answer, seen.Trouble));
        Assert.Contains("allows /usr/local/bin/kubelogin only", seen.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#!/bin/sh\nexit 7\n")]
    [InlineData("#!/bin/sh\necho nonsense\n")]
    public async Task Load_PluginFails_NoCredentials(string script)
    {
        await using var test = await TestMember.StartAsync();
        var plugin = Script(test, script);
        var kubeconfig = await WithPluginAsync(test, plugin);

        var seen = await test.ClientOf(new MemberSpec("east-1", "eastus", kubeconfig) { ExecPlugin = plugin }).ProbeAsync(TestMember.Patience);

        Assert.Equal((ProbeAnswer.NotTrusted, ApiTrouble.NoCredentials), (seen.Answer, seen.Trouble));
    }

    [Fact]
    public async Task InCluster_PodsOwnAccount_IsUsedAndRenewed()
    {
        await using var test = await TestMember.StartAsync();
        var options = TestMember.Quick;
        options.ServiceAccountFolder = test.PathOf("account");
        Directory.CreateDirectory(options.ServiceAccountFolder);
        var member = new MemberSpec("east-1", "eastus", "") { InCluster = true };
        Assert.Equal(ApiTrouble.NoCredentials, (await test.ClientOf(member, options).ProbeAsync(TestMember.Patience)).Trouble);

        await File.WriteAllTextAsync(Path.Combine(options.ServiceAccountFolder, "ca.crt"), test.Member.AuthorityPem);
        await File.WriteAllTextAsync(Path.Combine(options.ServiceAccountFolder, "token"), test.Member.TokenOf("viewer"));
        Environment.SetEnvironmentVariable("KUBERNETES_SERVICE_HOST", test.Member.Endpoint.Host);
        Environment.SetEnvironmentVariable("KUBERNETES_SERVICE_PORT", $"{test.Member.Endpoint.Port}");

        Assert.Equal(ProbeAnswer.Ready, (await test.ClientOf(member, options).ProbeAsync(TestMember.Patience)).Answer);
        Assert.Contains(test.Calls, call => call is { Path: "/readyz", User: "viewer" });
    }

    private static string Plugin(TestMember test, string token) => Script(
        test,
        $$$"""
        #!/bin/sh
        echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"{{{token}}}"}}'

        """);

    private static string Script(TestMember test, string text)
    {
        var path = test.PathOf("get-token");
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        return path;
    }

    private static async Task<string> WithPluginAsync(TestMember test, string command)
    {
        var path = test.PathOf("plugin.yaml");
        var text = await File.ReadAllTextAsync(test.Kubeconfig());
        var exec = $"exec: {{apiVersion: client.authentication.k8s.io/v1, command: {command}, interactiveMode: Never}}";
        await File.WriteAllTextAsync(path, text.Replace($"token: {test.Member.TokenOf("admin")}", exec, StringComparison.Ordinal));
        return path;
    }

    private static string Text(string cluster, string user) => string.Join(
        '\n',
        "current-context: c",
        "clusters: [{name: m, cluster: " + cluster + "}]",
        "users: [{name: u, user: " + user + "}]",
        "contexts: [{name: c, context: {cluster: m, user: u}}]");

    private static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(text));
}

file static class CertificateKeys
{
    public static string? GetECDsaPrivateKeyPem(this System.Security.Cryptography.X509Certificates.X509Certificate2 certificate)
    {
        using var key = System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions.GetECDsaPrivateKey(certificate);
        return key?.ExportECPrivateKeyPem();
    }

    public static string? GetRSAPrivateKeyPem(this System.Security.Cryptography.X509Certificates.X509Certificate2 certificate)
    {
        using var key = System.Security.Cryptography.X509Certificates.RSACertificateExtensions.GetRSAPrivateKey(certificate);
        return key?.ExportRSAPrivateKeyPem();
    }
}
