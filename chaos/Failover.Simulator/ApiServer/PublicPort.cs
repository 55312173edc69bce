using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Failover.Simulator.ApiServer;

/// <summary>
/// The port that the outside sees: it relays bytes to the server behind it, so that the network between the two can be
/// cut. A cut is silent: nothing is read, answered, refused or closed, and new connections get no byte back. What was
/// sent into the cut arrives when it heals, late, as retransmissions do.
/// </summary>
internal sealed class PublicPort : IAsyncDisposable
{
    private const int BufferBytes = 32 * 1024;

    private readonly IPEndPoint _server;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Link, Task> _links = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource _open = OpenGate();
    private Socket _listener;
    private Task _accepting = Task.CompletedTask;

    public PublicPort(IPEndPoint server)
    {
        _server = server;
        _listener = Bind(new IPEndPoint(IPAddress.Loopback, 0));
        EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
        Listen();
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>Stops forwarding, silently, in both directions.</summary>
    public void Cut()
    {
        lock (_gate)
        {
            if (_open.Task.IsCompleted)
                _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Restore()
    {
        lock (_gate)
            _open.TrySetResult();
    }

    /// <summary>Resets every connection; from now on new ones are refused.</summary>
    public async Task CloseAsync()
    {
        await StopListeningAsync();

        // Bound but not listening, the port stays ours and refuses.
        _listener = Bind(EndPoint);
    }

    public void Open() => Listen();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        Restore();
        await StopListeningAsync();
        _stopping.Dispose();
    }

    private static TaskCompletionSource OpenGate()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        gate.SetResult();
        return gate;
    }

    private static Socket Bind(IPEndPoint at)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(at);
        return socket;
    }

    private void Listen()
    {
        _listener.Listen(512);
        _accepting = AcceptAsync(_listener);
    }

    private async Task StopListeningAsync()
    {
        _listener.Dispose();
        await _accepting.WaitAsync(CancellationToken.None);
        foreach (var (link, _) in _links)
            link.Reset();
        await Task.WhenAll(_links.Values);
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (!_stopping.IsCancellationRequested)
        {
            Socket outside;
            try
            {
                outside = await listener.AcceptAsync(_stopping.Token);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // The port was closed.
                return;
            }

            var link = new Link(outside);
            var relaying = RelayAsync(link);
            _links[link] = relaying;
            _ = relaying.ContinueWith((_, l) => _links.TryRemove((Link)l!, out Task? _), link, TaskScheduler.Default);
        }
    }

    private async Task RelayAsync(Link link)
    {
        using (link)
        {
            try
            {
                await PassAsync(link.Stopping);
                await link.Inside.ConnectAsync(_server, link.Stopping);
                var inbound = PumpAsync(link.Outside, link.Inside, link.Stopping);
                var outbound = PumpAsync(link.Inside, link.Outside, link.Stopping);
                await Task.WhenAll(inbound, outbound);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // One side is gone; so the other goes as well.
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        try
        {
            while (true)
            {
                var read = await from.ReceiveAsync(buffer, cancellationToken);

                // Checked after the read, so that not one byte passes a cut.
                await PassAsync(cancellationToken);
                if (read == 0)
                    break;
                for (var sent = 0; sent < read;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), cancellationToken);
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // A reset is passed on, once the network lets it through.
            await PassAsync(cancellationToken);
            from.Dispose();
            to.Close(0);
        }
    }

    private Task PassAsync(CancellationToken cancellationToken)
    {
        Task open;
        lock (_gate)
            open = _open.Task;
        return open.WaitAsync(cancellationToken);
    }

    /// <summary>One connection from outside, and its other half to the server.</summary>
    private sealed class Link(Socket outside) : IDisposable
    {
        private readonly CancellationTokenSource _stopping = new();

        public Socket Outside { get; } = outside;

        public Socket Inside { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        public CancellationToken Stopping => _stopping.Token;

        public void Reset()
        {
            try
            {
                Outside.LingerState = new LingerOption(true, 0);
                _stopping.Cancel();
            }
            catch (Exception error) when (error is ObjectDisposedException or SocketException)
            {
                // It ended by itself meanwhile.
            }
        }

        public void Dispose()
        {
            Outside.Dispose();
            Inside.Dispose();
            _stopping.Dispose();
        }
    }
}
