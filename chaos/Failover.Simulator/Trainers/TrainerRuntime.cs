using Failover.Simulator.Cluster;
using Failover.Simulator.History;
using Failover.Simulator.Stores;

namespace Failover.Simulator.Trainers;

/// <summary>
/// Plays the containers of all members' pods. A Job's pods are one gang: its leader (the lowest completion index) trains once all of them run, the others
/// stand for workers and do nothing; the death of one is the death of all, as it is where each step needs every worker. Pods without <c>FAILOVER_UID</c> run
/// until they are stopped. Thread-safe.
/// </summary>
/// <param name="stores">The stores; a trainer uses its region's mounts.</param>
/// <param name="history">Where trainers' events go.</param>
/// <param name="time">Paces the steps.</param>
/// <param name="random">Draws the attempts' nonces; used under a lock.</param>
public sealed class TrainerRuntime(StoreWorld stores, HistoryWriter history, TimeProvider time, Random random) : IPodRuntime, IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Metronome _metronome = new(time);
    private readonly Dictionary<string, IPodControl> _controls = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Gang> _gangs = new(StringComparer.Ordinal);
    private readonly HashSet<Task> _running = [];

    /// <summary>Says whom to tell of exits on a member; needed before its first pod starts.</summary>
    public void Attach(string member, IPodControl control)
    {
        lock (_lock) _controls[member] = control;
    }

    /// <inheritdoc/>
    public void PodStarted(PodInfo pod)
    {
        if (!TrainerSettings.IsTrainer(pod.Environment)) return;
        lock (_lock)
        {
            if (!_gangs.TryGetValue(Key(pod), out var gang)) _gangs[Key(pod)] = gang = new Gang();
            gang.Pods.Add(pod.Uid, pod);
            if (gang.Pods.Count == pod.GangSize) Start(gang);
        }
    }

    /// <inheritdoc/>
    public void PodTerminating(PodInfo pod, TimeSpan grace)
    {
        lock (_lock)
        {
            var gang = Find(pod);
            if (gang is { IsStarted: true })
            {
                gang.Terminate();
                return;
            }

            // A gang that is not complete has nothing to commit, and a pod that is no trainer just ends.
            Remove(gang, pod);
            if (gang is not null || !TrainerSettings.IsTrainer(pod.Environment)) ThreadPool.QueueUserWorkItem(_ => Tell(pod, TrainerExit.Terminated));
        }
    }

    /// <inheritdoc/>
    public void PodKilled(PodInfo pod)
    {
        lock (_lock)
        {
            if (Find(pod) is not { } gang) return;
            Remove(gang, pod);
            if (!gang.IsStarted) return;
            // Out of the table at once: a replacement pod belongs to the next gang.
            _gangs.Remove(Key(pod));
            gang.Kill();
        }
    }

    /// <summary>
    /// A run's trainer on a member hangs: it steps, writes and commits no more, and does not end by itself, as one that waits for a peer's lost device does. It still
    /// ends when it is killed. False where none trains there.
    /// </summary>
    public bool Hang(string member, string runUid)
    {
        lock (_lock)
        {
            var gang = _gangs.Values.FirstOrDefault(gang =>
                gang.IsStarted && gang.Pods.Values.Any(pod => pod.Member == member && pod.Environment.GetValueOrDefault("FAILOVER_UID") == runUid));
            gang?.Hang();
            return gang is not null;
        }
    }

    /// <summary>Kills every trainer and waits until all have stopped. Throws what a trainer threw that it should not have.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] running;
        lock (_lock)
        {
            foreach (var gang in _gangs.Values) gang.Kill();
            running = [.. _running];
        }

        await Task.WhenAll(running);
        _metronome.Dispose();
    }

    private static string Key(PodInfo pod) => $"{pod.Member}/{(pod.JobUid.Length > 0 ? pod.JobUid : pod.Uid)}";

    private void Start(Gang gang)
    {
        gang.IsStarted = true;
        var nonce = random.NextInt64().ToString("x16");
        var leader = gang.Pods.Values.MinBy(p => p.CompletionIndex)!;
        var task = Task.Run(() => RunAsync(gang, leader, nonce));
        _running.Add(task);
        _ = task.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
    }

    private void Forget(Task ended)
    {
        lock (_lock) _running.Remove(ended);
    }

    private async Task RunAsync(Gang gang, PodInfo leader, string nonce)
    {
        var code = TrainerExit.Failed;
        try
        {
            code = (await TrainAsync(gang, leader, nonce)).Code;
        }
        finally
        {
            PodInfo[] left;
            lock (_lock)
            {
                left = [.. gang.Pods.Values];
                gang.Pods.Clear();
                if (_gangs.TryGetValue(Key(leader), out var current) && current == gang) _gangs.Remove(Key(leader));
            }

            // Workers whose peer was killed fail by themselves; nobody sent them a signal.
            foreach (var pod in left) Tell(pod, code == TrainerExit.Killed ? TrainerExit.Failed : code);
            await gang.DisposeAsync();
        }
    }

    private async Task<TrainerExit> TrainAsync(Gang gang, PodInfo leader, string nonce)
    {
        try
        {
            var settings = TrainerSettings.FromEnvironment(leader.Environment);
            var pace = new TimedPace(settings.StepTime, _metronome, time, gang.Hung);
            var trainer = new Trainer(settings, leader.Member, leader.Region, nonce, stores, pace, time, history);
            return await trainer.RunAsync(gang.Terminating, gang.Killed);
        }
        catch (ArgumentException e)
        {
            var id = new TrainerId(leader.Environment["FAILOVER_UID"], leader.JobName, leader.Member, leader.Region, 0, -1);
            history.Write(new AttemptExited(id, TrainerExit.Misconfigured, e.Message, 0));
            return new(TrainerExit.Misconfigured, e.Message);
        }
    }

    private Gang? Find(PodInfo pod) => _gangs.TryGetValue(Key(pod), out var gang) && gang.Pods.ContainsKey(pod.Uid) ? gang : null;

    private void Remove(Gang? gang, PodInfo pod)
    {
        if (gang is null) return;
        gang.Pods.Remove(pod.Uid);
        if (gang.Pods.Count == 0 && !gang.IsStarted) _gangs.Remove(Key(pod));
    }

    private void Tell(PodInfo pod, int code)
    {
        IPodControl? control;
        lock (_lock) control = _controls.GetValueOrDefault(pod.Member);
        (control ?? throw new InvalidOperationException($"Nobody is attached for member {pod.Member}.")).PodExited(pod.Namespace, pod.Name, pod.Uid, code);
    }

    private sealed class Gang : IAsyncDisposable
    {
        private readonly CancellationTokenSource _terminating = new();
        private readonly CancellationTokenSource _killed = new();
        private readonly CancellationTokenSource _hung = new();
        private Task _signals = Task.CompletedTask;

        public Dictionary<string, PodInfo> Pods { get; } = new(StringComparer.Ordinal);

        public CancellationToken Terminating => _terminating.Token;

        public CancellationToken Killed => _killed.Token;

        public CancellationToken Hung => _hung.Token;

        public bool IsStarted { get; set; }

        public void Terminate() => Signal(_terminating);

        public void Kill() => Signal(_killed);

        public void Hang() => Signal(_hung);

        public async ValueTask DisposeAsync()
        {
#pragma warning disable VSTHRD003 // Pool work of our own making, which needs no context of its starter's.
            await _signals;
#pragma warning restore VSTHRD003
            _terminating.Dispose();
            _killed.Dispose();
            _hung.Dispose();
        }

        // The token is set when this returns; who waits on it goes on elsewhere, not on the kubelet's thread and under our lock.
        private void Signal(CancellationTokenSource source) => _signals = Task.WhenAll(_signals, source.CancelAsync());
    }
}
