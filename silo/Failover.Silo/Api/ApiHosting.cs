using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Failover.Silo.Api;

/// <summary>Puts the gRPC services, failover.v1, into a silo.</summary>
public static class ApiHosting
{
    // A document's own limit is 1 MiB; its message is a little larger.
    private const int MessageBytesMax = 2 << 20;

    /// <summary>
    /// Adds the services. They need <c>IRunDirectory</c>, <c>IRowFeed</c>, the fleet, a <see cref="TimeProvider"/> and an <c>IGrainFactory</c>. Every endpoint speaks HTTP/2 only: without
    /// TLS there is nothing to tell gRPC's protocol from HTTP/1.1 by.
    /// </summary>
    public static IServiceCollection AddFailoverApi(this IServiceCollection services)
    {
        services.AddGrpc(options =>
        {
            options.MaxReceiveMessageSize = MessageBytesMax;
            options.Interceptors.Add<ApiErrors>();
        });
        services.AddSingleton<RunFinder>();
        services.Configure<KestrelServerOptions>(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
        return services;
    }

    /// <summary>Maps the services. Check the addresses by <see cref="ApiBinding.Validate"/> first.</summary>
    public static WebApplication MapFailoverApi(this WebApplication app)
    {
        app.MapGrpcService<RunsService>();
        app.MapGrpcService<MembersService>();
        app.MapGrpcService<BrakeService>();
        app.MapGrpcService<EventsService>();
        return app;
    }
}
