using System.Net;
using Failover.Abstractions.Ports;
using Failover.Kubernetes.Connection;

namespace Failover.Kubernetes.Probing;

/// <summary>Asks <c>/readyz</c> over a connection of its own.</summary>
internal sealed class Prober(MemberConnection connection, TimeProvider time)
{
    public async Task<ProbeResult> ProbeAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        using var limit = new CancellationTokenSource(timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        MemberKubernetes? client = null;
        var answer = await ApiAnswer.FromAsync(
            async attempt =>
            {
                client = connection.Acquire();
                using var response = await client.GetAsync("readyz", attempt);
                return default;
            },
            both.Token,
            cancellationToken);
        var result = new ProbeResult(Read(answer), time.GetElapsedTime(started), answer.Detail) { Trouble = answer.Trouble };
        if (result.Answer == ProbeAnswer.NoAnswer && client is not null)
        {
            // Behind a silent partition the old connection would wait for its packets' ever rarer repeats, long after the partition has healed.
            connection.Abandon(client);
        }

        return result;
    }

    private static ProbeAnswer Read(ApiAnswer answer) => answer switch
    {
        { Ok: true } => ProbeAnswer.Ready,
        { Kind: ApiAnswerKind.NotTrusted } => ProbeAnswer.NotTrusted,
        { Kind: ApiAnswerKind.Answered, Status: HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden } => ProbeAnswer.NotTrusted,
        { Kind: ApiAnswerKind.Answered } => ProbeAnswer.NotReady,
        _ => ProbeAnswer.NoAnswer,
    };
}
