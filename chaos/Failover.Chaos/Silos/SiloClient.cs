using Failover.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace Failover.Chaos.Silos;

/// <summary>What the operator of a chaos run does, over gRPC. A submission that is not answered in time is made again with the same request id.</summary>
public sealed class SiloClient(Uri address) : IDisposable
{
    /// <summary>Who the silo is told we are.</summary>
    public const string Operator = "chaos";

    /// <summary>A machine that is busy with other work makes a silo slow; what was not answered in time may have been done, and the request id makes it harmless to ask again.</summary>
    private const int SubmitTries = 4;

    private static readonly TimeSpan CallPatience = TimeSpan.FromSeconds(10);

    private readonly GrpcChannel _channel = GrpcChannel.ForAddress(address);

    /// <summary>Whether the silo answers.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await new Brake.BrakeClient(_channel).ShowAsync(new ShowBrakeRequest(), Options(cancellationToken));
            return true;
        }
        catch (RpcException)
        {
            // Not listening, not ready, or not in time: not yet.
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }
    }

    /// <summary>Submits a run's document; its uid. Throws <see cref="InvalidDataException"/> where the silo finds it faulty.</summary>
    public async Task<string> SubmitAsync(string document, string requestId, CancellationToken cancellationToken)
    {
        var request = new SubmitRunRequest { Document = document, RequestId = requestId };
        var reply = await SubmitAsync(request, cancellationToken);
        if (reply.Submitted is { } run)
            return run.Line.Uid;
        throw new InvalidDataException(
            $"The silo refuses a run: {string.Join("; ", reply.Faults?.Items.Select(fault => $"{fault.Path}: {fault.Message}") ?? [])}");
    }

    /// <summary>The brake as it is.</summary>
    public async Task<BrakeView> BrakeAsync(CancellationToken cancellationToken) =>
        await new Brake.BrakeClient(_channel).ShowAsync(new ShowBrakeRequest(), Options(cancellationToken));

    /// <summary>Releases the brake.</summary>
    public async Task ReleaseBrakeAsync(CancellationToken cancellationToken) =>
        await new Brake.BrakeClient(_channel).ReleaseAsync(new ReleaseBrakeRequest { By = Operator }, Options(cancellationToken));

    /// <summary>Has a waiting run start from nothing.</summary>
    public async Task StartFromNothingAsync(string uid, CancellationToken cancellationToken) =>
        await new Runs.RunsClient(_channel).RetryAsync(
            new RetryRunRequest { Run = new RunRef { NameOrUid = uid }, By = Operator, FromNothing = true }, Options(cancellationToken));

    /// <inheritdoc/>
    public void Dispose() => _channel.Dispose();

    private async Task<SubmitRunReply> SubmitAsync(SubmitRunRequest request, CancellationToken cancellationToken)
    {
        for (var tried = 1; ; tried++)
        {
            try
            {
                return await new Runs.RunsClient(_channel).SubmitAsync(request, Options(cancellationToken));
            }
            catch (RpcException late) when (late.StatusCode == StatusCode.DeadlineExceeded && tried < SubmitTries)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    private static CallOptions Options(CancellationToken cancellationToken) =>
        new(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + CallPatience, cancellationToken: cancellationToken);
}
