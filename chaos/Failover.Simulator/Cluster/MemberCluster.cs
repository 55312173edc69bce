using Failover.Simulator.ApiServer;

namespace Failover.Simulator.Cluster;

/// <summary>
/// All that runs inside a member, as one loop: each pass lets nodes, kubelets, garbage collector, Job controller and
/// scheduler look at everything that is stored, until none of them changes anything more. One timer wakes it for the
/// next deadline. Passes and faults exclude each other; the runtime is called from within them, in order.
/// </summary>
internal sealed class MemberCluster
{
    // A pass normally settles within five rounds; one that goes on is continued in the next, so that faults get their turn.
    private const int RoundsMax = 50;

    private readonly SimulatedMemberOptions _options;
    private readonly ClusterStore _store;
    private readonly NodeController _nodes;
    private readonly Kubelets _kubelets;
    private readonly GarbageCollector _garbage;
    private readonly JobController _jobs;
    private readonly GangScheduler _scheduler;
    private readonly QuotaController _quotas;
    private readonly Deadlines _deadlines = new();
    private readonly ChangeSignal _signal = new();
    private readonly Lock _turn = new();
    private bool _isPoweredOn = true;
    private DateTimeOffset? _bootAt;
    private TimeSpan _startupDelay;

    public MemberCluster(SimulatedMemberOptions options, ObjectStore store, IPodRuntime runtime)
    {
        _options = options;
        _startupDelay = options.StartupDelay;
        _store = new ClusterStore(store);
        _nodes = new NodeController(options, _store);
        _kubelets = new Kubelets(options, _store, _nodes, runtime);
        _garbage = new GarbageCollector(_store);
        _jobs = new JobController(options, _store);
        _scheduler = new GangScheduler(options, _store);
        _quotas = new QuotaController(_store);
    }

    public bool IsPoweredOn
    {
        get
        {
            lock (_turn)
                return _isPoweredOn;
        }
    }

    public TimeSpan StartupDelay
    {
        set
        {
            lock (_turn)
                _startupDelay = value;
        }
    }

    public void Install()
    {
        _nodes.Install();
        _store.Objects.Subscribe(_signal, ResourceKind.Pod, ResourceKind.Job, ResourceKind.Node, ResourceKind.Namespace, ResourceKind.ResourceQuota);
        Settle();
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = _store.Objects.Time.CreateTimer(_ => _signal.Raise(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            while (true)
            {
                if (Settle() is { } next)
                {
                    // A timer's resolution is a millisecond; earlier than due would be in vain.
                    var due = next - _store.Now + TimeSpan.FromMilliseconds(1);
                    timer.Change(due > TimeSpan.Zero ? due : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
                }

                await _signal.WaitAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The member is being disposed of; the pods of a running one go with it.
            lock (_turn)
                _kubelets.Lose();
        }
    }

    /// <summary>Does everything that is due at the present time; returns when something will be due next.</summary>
    public DateTimeOffset? Settle()
    {
        lock (_turn)
        {
            if (!_isPoweredOn)
                return null;
            _deadlines.Clear();
            for (var round = 0; round < RoundsMax; round++)
            {
                var before = _store.Objects.Revision;
                _deadlines.Clear();
                Round();
                if (_store.Objects.Revision == before)
                    return _deadlines.Next;
            }

            _signal.Raise();
            return _deadlines.Next;
        }
    }

    public void PodExited(string uid, int exitCode)
    {
        _kubelets.PodExited(uid, exitCode);
        _signal.Raise();
    }

    /// <summary>False if there was no power anyway.</summary>
    public bool PowerOff()
    {
        lock (_turn)
        {
            if (!_isPoweredOn)
                return false;
            _isPoweredOn = false;
            _bootAt = null;
            _store.Objects.IsFrozen = true;
            _kubelets.Lose();
            return true;
        }
    }

    /// <summary>False if there was power anyway.</summary>
    public bool PowerOn()
    {
        lock (_turn)
        {
            if (_isPoweredOn)
                return false;
            _store.Objects.IsFrozen = false;
            _isPoweredOn = true;
            _nodes.Report(isReady: false);
            _bootAt = _store.Now + _options.NodeBootDelay;
        }

        _signal.Raise();
        return true;
    }

    public bool KillPod(string ns, string name)
    {
        lock (_turn)
            return _isPoweredOn && _store.Objects.Find(ResourceKind.Pod, ns, name) is { } pod && _kubelets.KillContainers(pod);
    }

    public IReadOnlyList<string> Nodes
    {
        get
        {
            lock (_turn)
                return _nodes.Own;
        }
    }

    public void FailNodes(IReadOnlyCollection<string> nodes, bool containersDie)
    {
        lock (_turn)
        {
            _nodes.Fail(nodes);
            if (containersDie)
                _kubelets.LoseOn(nodes);
        }

        _signal.Raise();
    }

    public void RecoverNodes(IReadOnlyCollection<string> nodes)
    {
        lock (_turn)
        {
            _nodes.Recover(nodes);
            _kubelets.RecoverOn(nodes, Pods());
        }

        _signal.Raise();
    }

    public void SetGpus(string node, int gpus)
    {
        lock (_turn)
            _nodes.SetGpus(node, gpus);
        _signal.Raise();
    }

    public IReadOnlyList<PodInfo> RunningPods()
    {
        lock (_turn)
            return [.. _kubelets.Running.OrderBy(p => p.Namespace, StringComparer.Ordinal).ThenBy(p => p.Name, StringComparer.Ordinal)];
    }

    private void Round()
    {
        if (_bootAt is { } boot)
        {
            if (_store.Now >= boot)
            {
                _bootAt = null;
                _nodes.Report(isReady: true);
                _kubelets.Recover(Pods());
            }
            else
            {
                _deadlines.Add(boot);
            }
        }

        _nodes.Run(kubeletsRun: _bootAt is null, Pods(), _deadlines);
        if (_bootAt is null)
            _kubelets.Run(_startupDelay, Pods(), _deadlines);
        _garbage.Run(Jobs(), Pods());
        _jobs.Run(Jobs(), Pods(), _deadlines);
        _scheduler.Run(Jobs(), Pods());
        _quotas.Run();
    }

    private IReadOnlyList<StoredObject> Pods() => _store.Objects.All(ResourceKind.Pod);

    private IReadOnlyList<StoredObject> Jobs() => _store.Objects.All(ResourceKind.Job);
}
