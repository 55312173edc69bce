using System.Threading.Channels;

namespace Failover.Simulator.ApiServer;

/// <summary>Wakes one waiter, however often it is raised meanwhile. What changed is for the waiter to find out.</summary>
internal sealed class ChangeSignal
{
    private readonly Channel<bool> _flag =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public bool IsRaised => _flag.Reader.Count > 0;

    public void Raise() => _flag.Writer.TryWrite(true);

    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => _flag.Reader.ReadAsync(cancellationToken);

    /// <summary>Takes the flag down if it is up.</summary>
    public void Lower() => _flag.Reader.TryRead(out _);
}
