using System.Threading.Channels;
using Failover.Abstractions.Ports;
using Failover.Domain.Health;

namespace Failover.Kubernetes.Tests.Watching;

/// <summary>Keeps what it was told, in order, for a test to wait for.</summary>
internal sealed class RecordingObserver : IMemberObserver
{
    private readonly Channel<object> told = Channel.CreateUnbounded<object>();

    private object? last;

    /// <summary>How many observations to refuse from now on.</summary>
    public int Refusals { get; set; }

    public Task ObserveAsync(MemberObservation observation)
    {
        if (Refusals > 0)
        {
            Refusals--;
            throw new TimeoutException("not now");
        }

        told.Writer.TryWrite(observation);
        return Task.CompletedTask;
    }

    public Task LostSightAsync(SightLoss loss)
    {
        told.Writer.TryWrite(loss);
        return Task.CompletedTask;
    }

    /// <summary>The next observation for which the condition holds. Losses of sight before it, as while the first lists are slow to come, are passed over.</summary>
    public async Task<MemberObservation> SeeAsync(Func<MemberObservation, bool> condition)
    {
        while (true)
        {
            if (await NextAsync() is MemberObservation next && condition(next))
            {
                return next;
            }
        }
    }

    /// <summary>The next loss of sight.</summary>
    public async Task<SightLoss> LoseAsync()
    {
        while (true)
        {
            if (await NextAsync() is SightLoss loss)
            {
                return loss;
            }
        }
    }

    private async Task<object> NextAsync()
    {
        using var patience = new CancellationTokenSource(TestMember.Patience);
        try
        {
            return last = await told.Reader.ReadAsync(patience.Token);
        }
        catch (OperationCanceledException fault)
        {
            var workloads = last is MemberObservation seen ? string.Join("; ", seen.Workloads) : "";
            throw new TimeoutException($"Nothing more was told; the last was {last} {workloads}", fault);
        }
    }
}
