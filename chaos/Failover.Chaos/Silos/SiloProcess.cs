using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Failover.Chaos.Worlds;

namespace Failover.Chaos.Silos;

/// <summary>The silo, or what a world needs, could not be started.</summary>
public sealed class WorldStartException : Exception
{
    /// <summary>Without a message.</summary>
    public WorldStartException() { }

    /// <summary>With a message.</summary>
    public WorldStartException(string message) : base(message) { }

    /// <summary>With a message and a cause.</summary>
    public WorldStartException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>
/// A real silo in a process of its own, over a world's fleet file and data folder. Its output is in <c>silo-&lt;n&gt;.log</c> below the world's folder, n counting
/// starts. It never outlives this object, nor this process.
/// </summary>
public sealed class SiloProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    private readonly World _world;
    private readonly string? _mutant;
    private readonly TimeProvider _time;
    private readonly (int Api, int Health, int Silo, int Gateway) _ports = (FreePort(), FreePort(), FreePort(), FreePort());
    private readonly EventHandler _onExit;
    private Process? _process;
    private Task _output = Task.CompletedTask;

    /// <summary>Prepares a silo; nothing is started yet. A <paramref name="mutant"/> is one of <see cref="Mutants.MutantList"/>.</summary>
    public SiloProcess(World world, string? mutant, TimeProvider time)
    {
        (_world, _mutant, _time) = (world, mutant, time);
        Client = new SiloClient(Address);
        _onExit = (_, _) => KillNow();
        AppDomain.CurrentDomain.ProcessExit += _onExit;
    }

    /// <summary>Where its API listens; the same through all restarts.</summary>
    public Uri Address => new($"http://127.0.0.1:{_ports.Api}");

    /// <summary>Speaks to it as a user would.</summary>
    public SiloClient Client { get; }

    /// <summary>How often it was started.</summary>
    public int Starts { get; private set; }

    /// <summary>Whether it ended without being told to.</summary>
    public bool HasDied => _process is { HasExited: true };

    /// <summary>The log of the present start.</summary>
    public string LogPath => Path.Combine(_world.Folder, $"silo-{Starts}.log");

    /// <summary>Starts the process; returns at once.</summary>
    public void Start()
    {
        Starts++;
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = AppContext.BaseDirectory };
        foreach (var argument in Arguments())
            start.ArgumentList.Add(argument);
        _process = Process.Start(start) ?? throw new WorldStartException("The silo's process could not be started.");
        _output = CopyOutputAsync(_process, LogPath);
    }

    /// <summary>Waits until it answers. Throws <see cref="WorldStartException"/> with the end of its log where it ends or is too slow.</summary>
    public async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        while (!await Client.AnswersAsync(cancellationToken))
        {
            if (HasDied || _time.GetElapsedTime(began) > StartPatience)
                throw new WorldStartException($"The silo {(HasDied ? "ended" : "did not answer in time")}; the end of {LogPath}:{Environment.NewLine}{await TailAsync()}");
            await Task.Delay(Poll, _time, cancellationToken);
        }
    }

    /// <summary>SIGKILL, as a power cut would: nothing of it runs when this returns.</summary>
    public async Task KillAsync()
    {
        KillNow();
        if (_process is null)
            return;
        await _process.WaitForExitAsync();
#pragma warning disable VSTHRD003 // Work of our own making, which needs no context of its starter's.
        await _output;
#pragma warning restore VSTHRD003
        _process.Dispose();
        _process = null;
    }

    /// <summary>SIGSTOP: it runs no more, holds all it has, and knows nothing of it.</summary>
    public void Pause() => Signals.Stop(_process!);

    /// <summary>SIGCONT.</summary>
    public void Resume() => Signals.Continue(_process!);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= _onExit;
        await KillAsync().WaitAsync(StopPatience, _time);
        Client.Dispose();
    }

    private IEnumerable<string> Arguments()
    {
        string Beside(string file) => Path.Combine(AppContext.BaseDirectory, file);
        string[] program = _mutant is null ? [Beside("Failover.Silo.dll")] : [Beside("Failover.Chaos.dll"), "silo", "--mutant", _mutant];
        return
        [
            .. program, "--fleet", _world.FleetPath, "--data", _world.DataFolder, "--listen", Address.ToString().TrimEnd('/'), "--health", $"http://127.0.0.1:{_ports.Health}", "--site", FleetFile.Site,
            "--silo-port", _ports.Silo.ToString(CultureInfo.InvariantCulture), "--gateway-port", _ports.Gateway.ToString(CultureInfo.InvariantCulture),
        ];
    }

    private void KillNow()
    {
        if (_process is { HasExited: false } process)
            process.Kill(entireProcessTree: true);
    }

    private async Task<string> TailAsync()
    {
        using var reader = new StreamReader(new FileStream(LogPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var lines = (await reader.ReadToEndAsync()).Split('\n');
        return string.Join(Environment.NewLine, lines.TakeLast(20));
    }

    private static async Task CopyOutputAsync(Process process, string path)
    {
        using var writer = TextWriter.Synchronized(new StreamWriter(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read)) { AutoFlush = true });
        await Task.WhenAll(CopyAsync(process.StandardOutput, writer), CopyAsync(process.StandardError, writer));
    }

    private static async Task CopyAsync(StreamReader reader, TextWriter writer)
    {
        while (await reader.ReadLineAsync() is { } line)
            await writer.WriteLineAsync(line);
    }

    // Free now; a restart needs the same ones again, so that they can't be left to the system.
    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
