using Failover.Abstractions.State;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Failover.Silo.Api;

/// <summary>
/// A state store that does not answer is UNAVAILABLE to callers: they may ask again, and nothing is made twice. A row that can't be read is DATA_LOSS, which asking again does not mend.
/// </summary>
internal sealed class ApiErrors : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception fault) when (Answer(fault) is { } status)
        {
            throw new RpcException(status);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception fault) when (Answer(fault) is { } status)
        {
            throw new RpcException(status);
        }
    }

    // A grain that did not answer in time has done what was asked, or has not: the same to the caller.
    private static Status? Answer(Exception fault) => fault switch
    {
        UnreadableRowException => new Status(StatusCode.DataLoss, fault.Message, fault),
        TableUnavailableException or TimeoutException or Orleans.Runtime.OrleansException =>
            new Status(StatusCode.Unavailable, $"The silo could not finish this, and it may have been done or not; ask again. {fault.Message}", fault),
        _ => null,
    };
}
