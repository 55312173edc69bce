using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace Failover.Simulator.ApiServer;

/// <summary>A member's HTTPS server on a loopback port, behind its <see cref="PublicPort"/>.</summary>
internal sealed class ApiServerHost : IAsyncDisposable
{
    private readonly WebApplication _application;

    private ApiServerHost(WebApplication application, PublicPort port)
    {
        _application = application;
        Port = port;
    }

    public PublicPort Port { get; }

    public static async Task<ApiServerHost> StartAsync(ApiHandler handler, MemberCertificates certificates, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = certificates.Server,
                ClientCertificateMode = ClientCertificateMode.AllowCertificate,
                ClientCertificateValidation = (certificate, _, errors) => errors == SslPolicyErrors.None || certificates.IsOurs(certificate),
            }));
        });
        var application = builder.Build();
        application.Run(handler.HandleAsync);
        await application.StartAsync(cancellationToken);
        var address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new ApiServerHost(application, new PublicPort(new IPEndPoint(IPAddress.Loopback, new Uri(address).Port)));
    }

    public async ValueTask DisposeAsync()
    {
        await Port.DisposeAsync();
        await _application.DisposeAsync();
    }
}
