using Failover.Chaos.Checking;
using Failover.Chaos.Silos;
using Failover.Chaos.Worlds;
using Failover.Simulator.History;
using Grpc.Core;

namespace Failover.Chaos.Scenarios;

/// <summary>A scenario did not come to where it wanted to be: what it waited for, in words.</summary>
public sealed class ScenarioException : Exception
{
    /// <summary>Without a message.</summary>
    public ScenarioException() { }

    /// <summary>With a message.</summary>
    public ScenarioException(string message) : base(message) { }

    /// <summary>With a message and a cause.</summary>
    public ScenarioException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>What a scenario's script acts on, and what it sees: the world, the silo, and the picture made of history and rows.</summary>
public sealed class Stage(World world, SiloProcess silo, RowFollower rows, Picture picture, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    private readonly List<Judgement> _expectations = [];
    private readonly SemaphoreSlim _siloTurn = new(1);

    /// <summary>The world.</summary>
    public World World { get; } = world;

    /// <summary>The silo.</summary>
    public SiloProcess Silo { get; } = silo;

    /// <summary>What is seen so far.</summary>
    public Picture Picture { get; } = picture;

    /// <summary>Injects faults.</summary>
    public Nemesis Nemesis { get; } = new(world);

    /// <summary>Draws what the script leaves to chance; apart from the world's own draws.</summary>
    public Random Random { get; } = new(world.Plan.Seed ^ 0x5eed);

    /// <summary>What the script looked at itself, beside the invariants.</summary>
    public IReadOnlyList<Judgement> Expectations => _expectations;

    /// <summary>Runs that must have been moved, or started again, by the end; of the others none may. Null where a script does not say.</summary>
    public ISet<string>? MustMove { get; set; }

    /// <summary>Runs that may be waiting at the end.</summary>
    public ISet<string> MayWait { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Keeps the picture up to date until cancelled.</summary>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await LookAsync(cancellationToken);
            await Task.Delay(Poll, time, cancellationToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    /// <summary>Takes in what the tables wrote since.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        await rows.ReadAsync(cancellationToken);
        Picture.Take(rows.Rows);
    }

    /// <summary>Notes a finding of the script's own.</summary>
    public void Expect(string name, string title, bool holds, string otherwise) =>
        _expectations.Add(new Judgement(name, title, 1, holds ? [] : [otherwise]));

    /// <summary>Waits until <paramref name="condition"/> holds; throws <see cref="ScenarioException"/> naming <paramref name="what"/> where it does not in time.</summary>
    public async Task WaitForAsync(string what, Func<Picture, bool> condition, TimeSpan patience, CancellationToken cancellationToken)
    {
        Picture.Say($"waiting: {what}");
        var began = time.GetTimestamp();
        while (!condition(Picture))
        {
            if (time.GetElapsedTime(began) > patience)
                throw new ScenarioException($"Waited {patience.TotalSeconds:0} s in vain: {what}.");
            await CheckWorldAsync(cancellationToken);
            await Task.Delay(Poll, time, cancellationToken);
        }
    }

    /// <summary>The present, as the history dates it.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Lets time pass.</summary>
    public async Task PassAsync(TimeSpan span, CancellationToken cancellationToken) =>
        await Task.Delay(span > TimeSpan.Zero ? span : TimeSpan.Zero, time, cancellationToken);

    /// <summary>Kills the silo and starts it again, at once; returns when it answers.</summary>
    public async Task CrashSiloAsync(CancellationToken cancellationToken)
    {
        await _siloTurn.WaitAsync(cancellationToken);
        try
        {
            Nemesis.TellOfSilo(FaultPhase.Begin);
            await Silo.KillAsync();
            Silo.Start();
            await Silo.WaitUntilReadyAsync(cancellationToken);
            Nemesis.TellOfSilo(FaultPhase.End);
        }
        finally
        {
            _siloTurn.Release();
        }
    }

    /// <summary>Stops the silo as a debugger or a hypervisor would, lets time pass, and lets it go on.</summary>
    public async Task PauseSiloAsync(TimeSpan span, CancellationToken cancellationToken)
    {
        Nemesis.TellOfPause(FaultPhase.Begin);
        Silo.Pause();
        await PassAsync(span, cancellationToken);
        Silo.Resume();
        Nemesis.TellOfPause(FaultPhase.End);
    }

    /// <summary>Submits every run of the plan that is there from the start, the largest first.</summary>
    public Task SubmitAllAsync(CancellationToken cancellationToken) => SubmitAsync(World.Plan.Runs, cancellationToken);

    /// <summary>Submits the runs that come late.</summary>
    public Task SubmitLateAsync(CancellationToken cancellationToken) => SubmitAsync(World.Plan.Late, cancellationToken);

    private async Task SubmitAsync(IEnumerable<RunPlan> runs, CancellationToken cancellationToken)
    {
        foreach (var run in runs)
        {
            try
            {
                await Silo.Client.SubmitAsync(RunManifest.Of(run), $"chaos-{World.Plan.Seed}-{run.Name}", cancellationToken);
            }
            catch (Exception fault) when (fault is RpcException or InvalidDataException)
            {
                throw new ScenarioException($"{run.Name} could not be submitted: {fault.Message}", fault);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _siloTurn.Dispose();

    // A silo that ended by itself, or a member whose loop broke, explains better than any deadline why nothing moves.
    private async Task CheckWorldAsync(CancellationToken cancellationToken)
    {
        if (World.Members.Values.FirstOrDefault(member => member.IsBroken) is { } broken)
            throw new ScenarioException($"The simulated member {broken.Name} broke.");
        await _siloTurn.WaitAsync(cancellationToken);
        try
        {
            if (Silo.HasDied)
                throw new ScenarioException($"The silo ended by itself; see {Silo.LogPath}.");
        }
        finally
        {
            _siloTurn.Release();
        }
    }
}
