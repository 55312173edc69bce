using System.Globalization;
using System.Text;
using Failover.Simulator.History;
using Failover.Simulator.Stores;
using Failover.Simulator.Trainers;
using Microsoft.Extensions.Time.Testing;

namespace Failover.Simulator.Tests.Trainers;

/// <summary>Two regions with a store each, fake time, a history in memory, and trainers that take no time.</summary>
internal sealed class TrainerBench : IDisposable
{
    public const string Uid = "01jd2m7k3q8v5w9x0y1z2a3b4c";
    public const string Tenant = "acme";

    private readonly string _root = Directory.CreateTempSubdirectory("failover-").FullName;
    private readonly Lock _lock = new();
    private readonly List<HistoryEvent> _events = [];
    private int _nonces;

    public TrainerBench()
    {
        World = new StoreWorld(_root, [new("store-east", "east"), new("store-west", "west")], []);
        Time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        History = new HistoryWriter(TextWriter.Null, Time, e =>
        {
            lock (_lock) _events.Add(e);
        });
    }

    public StoreWorld World { get; }

    public FakeTimeProvider Time { get; }

    public HistoryWriter History { get; }

    public IReadOnlyList<HistoryEvent> Events
    {
        get
        {
            lock (_lock) return [.. _events];
        }
    }

    public IEnumerable<T> All<T>() where T : HistoryEvent => Events.OfType<T>();

    public static TrainerSettings Settings(int epoch = 1, string? resume = null, string store = "store-east") => new()
    {
        Run = "llm",
        Uid = Uid,
        Epoch = epoch,
        CheckpointUri = $"{StoreWorld.UriPrefix}{store}/{Tenant}/{Uid}/e{epoch}",
        ResumeUri = resume is null ? null : $"{StoreWorld.UriPrefix}{store}/{Tenant}/{Uid}/{resume}",
        HeartbeatUri = $"{StoreWorld.UriPrefix}store-west/heartbeats/member-1/{Uid}",
        HeartbeatEvery = TimeSpan.FromSeconds(1),
        Seed = 7,
        Steps = 40,
        CommitEvery = 10,
    };

    public async Task<TrainerExit> RunAsync(TrainerSettings settings, ScriptedPace? pace = null, string region = "east")
    {
        pace ??= new ScriptedPace();
        pace.Time = Time;
        var nonce = (++_nonces).ToString("x16", CultureInfo.InvariantCulture);
        var trainer = new Trainer(settings, "member-1", region, nonce, World, pace, Time, History);
        return await trainer.RunAsync(pace.Terminating.Token, pace.Killed.Token);
    }

    public IReadOnlyList<FoundCommit> Commits(string store = "store-east") => World.ListCommits(store, Tenant, Uid);

    public string InStore(string path, string store = "store-east") => Path.Combine(World.StorePath(store), Tenant, Uid, path);

    public async Task SealAsync(int epoch, int slot) =>
        await World.Mount(StoreWorld.SiloOwner, "store-east").TryCreateAsync($"{Tenant}/{Uid}/e{epoch}/commits/{slot}", Encoding.UTF8.GetBytes("SEALED by a test\n"));

    public void Dispose()
    {
        History.Dispose();
        Directory.Delete(_root, recursive: true);
    }
}

/// <summary>Time passes at once, and what a test wants to happen at a step, a pause or a write happens there.</summary>
internal sealed class ScriptedPace : ITrainerPace
{
    public CancellationTokenSource Terminating { get; } = new();

    public CancellationTokenSource Killed { get; } = new();

    public FakeTimeProvider? Time { get; set; }

    public Action<int> OnStep { get; init; } = _ => { };

    public Action<TimeSpan> OnPause { get; init; } = _ => { };

    public Action<int> OnWrite { get; init; } = _ => { };

    public int Steps { get; private set; }

    public int Writes { get; private set; }

    public ValueTask StepAsync(CancellationToken killed)
    {
        OnStep(++Steps);
        return PassAsync(TimeSpan.FromMilliseconds(100), killed);
    }

    public ValueTask PauseAsync(TimeSpan duration, CancellationToken stop)
    {
        OnPause(duration);
        return PassAsync(duration, stop);
    }

    public ValueTask WriteAsync(WriteMoment moment, CancellationToken killed)
    {
        OnWrite(++Writes);
        return PassAsync(TimeSpan.Zero, killed);
    }

    private ValueTask PassAsync(TimeSpan duration, CancellationToken stop)
    {
        Time!.Advance(duration);
        stop.ThrowIfCancellationRequested();
        return ValueTask.CompletedTask;
    }
}
