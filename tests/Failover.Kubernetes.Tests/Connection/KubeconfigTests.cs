using Failover.Abstractions.Ports;
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

            var fault = Assert.Throws<KubeConfigException>(() => Kubeconfig.Load(path, null, new KubernetesOptions()));

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

            Assert.Throws<KubeConfigException>(() => Kubeconfig.Load(path, "other", new KubernetesOptions()));
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
