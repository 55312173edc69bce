using Failover.Abstractions.Grains;
using Failover.Abstractions.State;
using Failover.Domain.Migration;
using Failover.Domain.Runs;
using Failover.Grains.Effects;
using Failover.Grains.State;
using Failover.Grains.Telemetry;
using Microsoft.Extensions.Logging;

namespace Failover.Grains.Runs;

/// <summary>A thin shell around <see cref="RunMachine"/>: read, decide, store, and only then hand the effects to the runner.</summary>
[GrainType("run")]
internal sealed partial class RunGrain(
    [PersistentState("run", TableStorage.Name)] IPersistentState<RunState> row,
    IEffectQueue effects,
    RunPolicy policy,
    TimeProvider time,
    ILogger<RunGrain> logger) : Grain, IRunGrain
{
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (row.RecordExists)
            effects.Enqueue(row.State.Uid, RunMachine.Due(row.State, policy));
        return Task.CompletedTask;
    }

    public async Task<RunState> SubmitAsync(RunSpec spec)
    {
        if (!row.RecordExists)
            await row.StoreAsync(RunMachine.Submit(this.GetPrimaryKeyString(), spec, time.GetUtcNow()), this);
        return row.State;
    }

    public async Task ApplyAsync(RunEvent runEvent)
    {
        if (!row.RecordExists)
            throw new ArgumentException($"There is no run {this.GetPrimaryKeyString()}.", nameof(runEvent));
        // Single activation is only eventual. One that was left behind and ignores what it is told would never meet a conflict: ticks read the row anew.
        if (runEvent is RunEvent.Tick)
            await row.ReadStateAsync();
        var before = row.State;
        var transition = RunMachine.Next(before, runEvent, policy);
        if (transition.Changed)
        {
            await row.StoreAsync(transition.State, this);
            MoveTelemetry.Record(before, transition.State);
            if (before.Step != transition.State.Step)
                LogStep(before.Uid, before.Spec.Name, before.Step, transition.State.Step, runEvent.GetType().Name, Detail(transition.State));
            if (before.Overdue is null && transition.State.Overdue is { } overdue)
                LogOverdue(before.Uid, before.Spec.Name, overdue.Detail);
        }
        effects.Enqueue(before.Uid, transition.Effects);
    }

    public Task<RunState?> GetAsync() => Task.FromResult(row.RecordExists ? row.State : null);

    private static string Detail(RunState state) =>
        state.Waiting?.Headline ?? ((state.Move?.Target ?? state.Epoch?.Target) is { } target ? $"Epoch {state.Move?.ToEpoch ?? state.EpochNumber}, {target.Member}." : "");

    [LoggerMessage(Level = LogLevel.Error, Message = "Run {Uid} ({Name}) is overdue. {Detail}")]
    private partial void LogOverdue(string uid, string name, string detail);

    [LoggerMessage(Level = LogLevel.Information, Message = "Run {Uid} ({Name}): {From} to {To} on {Event}. {Detail}")]
    private partial void LogStep(string uid, string name, RunStep from, RunStep to, string @event, string detail);
}
