using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Failover.Kubernetes.Tests.Watching;

/// <summary>An API server that lists and watches what a test says, word for word, whatever its shape.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("failover-scripted-");
    private readonly X509Certificate2 certificate = SelfSigned();
    private readonly WebApplication app;

    private ScriptedServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.UseHttps(certificate);
            }));
        app = builder.Build();
        app.Run(AnswerAsync);
    }

    private readonly ConcurrentDictionary<string, int> watches = new();

    /// <summary>Items of a list, and then events of its watch, by the resource's plural; none where nothing is said. Each further watch leaves out one event more.</summary>
    public Dictionary<string, (string[] Items, string[] Events)> Script { get; } = [];

    public string Kubeconfig { get; private set; } = "";

    public static async Task<ScriptedServer> StartAsync(params (string Plural, string[] Items, string[] Events)[] script)
    {
        var server = new ScriptedServer();
        foreach (var (plural, items, events) in script)
        {
            server.Script[plural] = (items, events);
        }

        await server.app.StartAsync(TestContext.Current.CancellationToken);
        server.Kubeconfig = Path.Combine(server.directory.FullName, "kubeconfig.yaml");
        var authority = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(server.certificate.ExportCertificatePem()));
        await File.WriteAllTextAsync(
            server.Kubeconfig,
            $$$"""
            apiVersion: v1
            kind: Config
            current-context: it
            contexts: [{name: it, context: {cluster: it, user: us}}]
            clusters: [{name: it, cluster: {server: "{{{server.app.Urls.First()}}}", certificate-authority-data: {{{authority}}}}}]
            users: [{name: us, user: {token: word}}]
            """);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        certificate.Dispose();
        directory.Delete(recursive: true);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var plural = context.Request.Path.Value!.Split('/')[^1];
        var (items, events) = Script.GetValueOrDefault(plural, ([], []));
        if (!context.Request.Query.ContainsKey("watch"))
        {
            await context.Response.WriteAsync($$$"""{"metadata":{"resourceVersion":"1"},"items":[{{{string.Join(',', items)}}}]}""");
            return;
        }

        foreach (var line in events.Skip(watches.AddOrUpdate(plural, 0, (_, opened) => opened + 1)))
        {
            await context.Response.WriteAsync(line + "\n");
        }

        await context.Response.Body.FlushAsync();
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }
}
