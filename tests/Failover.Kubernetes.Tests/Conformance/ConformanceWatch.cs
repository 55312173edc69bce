using System.Text.Json;
using System.Threading.Channels;
using Failover.Kubernetes.Connection;
using Failover.Kubernetes.Watching;

namespace Failover.Kubernetes.Tests.Conformance;

/// <summary>One of our watches at work, with all that it told, in order.</summary>
internal sealed class ConformanceWatch : IObjectSink, IDisposable
{
    private readonly Channel<(string What, string Name)> told = Channel.CreateUnbounded<(string, string)>();
    private readonly CancellationTokenSource ending = new();
    private readonly MemberConnection connection;
    private readonly ResourceWatch watch;
    private readonly Sight sight;
    private readonly Task running;
    private int lists;
    private int openings;

    public ConformanceWatch(string path, string? selector, MemberConnection connection, KubernetesOptions options, string? from)
    {
        this.connection = connection;
        sight = new Sight(TimeProvider.System, () => Interlocked.Increment(ref openings));
        watch = new ResourceWatch(path, path, selector, this, sight, connection, options, TimeProvider.System) { Version = from };
        running = watch.RunAsync(ending.Token);
    }

    /// <summary>How often it has listed.</summary>
    public int Lists => Volatile.Read(ref lists);

    /// <summary>How often a watch was opened.</summary>
    public int Openings => Volatile.Read(ref openings);

    /// <summary>Whether it is closed by now.</summary>
    public bool IsLost => sight.Worst() is not null;

    /// <summary>How far it has seen.</summary>
    public string? Version => watch.Version;

    /// <summary>The names in the list that came last; what was told before it is passed over.</summary>
    public IReadOnlyList<string> Listed { get; private set; } = [];

    /// <summary>Waits for the next list.</summary>
    public Task ListedAsync() => NextAsync("listed", "");

    /// <summary>Waits until the object is told of, as <c>set</c> or <c>removed</c>; what is told of others is passed over.</summary>
    public async Task NextAsync(string what, string name)
    {
        using var patience = new CancellationTokenSource(ConformanceCluster.Patience);
        while (await told.Reader.ReadAsync(patience.Token) != (what, name))
        {
            // It was something else.
        }
    }

    /// <summary>All that was told and not waited for yet.</summary>
    public IReadOnlyList<(string What, string Name)> Rest()
    {
        var rest = new List<(string, string)>();
        while (told.Reader.TryRead(out var next))
        {
            rest.Add(next);
        }

        return rest;
    }

    void IObjectSink.Replace(IEnumerable<JsonElement> objects)
    {
        Listed = [.. objects.Select(NameOf)];
        Interlocked.Increment(ref lists);
        told.Writer.TryWrite(("listed", ""));
    }

    void IObjectSink.Set(JsonElement changed) => told.Writer.TryWrite(("set", NameOf(changed)));

    void IObjectSink.Remove(JsonElement gone) => told.Writer.TryWrite(("removed", NameOf(gone)));

    public void Dispose()
    {
        ending.Cancel();
        connection.Dispose();
        _ = running.ContinueWith(_ => ending.Dispose(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private static string NameOf(JsonElement entry) => entry.GetProperty("metadata").GetProperty("name").GetString()!;
}
