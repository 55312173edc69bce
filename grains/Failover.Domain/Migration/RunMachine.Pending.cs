using System.Collections.Immutable;
using Failover.Domain.Checkpoints;

namespace Failover.Domain.Migration;

/// <content>What a state wants done outside. Effects are derived, never stored: what was pending before a crash is pending after it.</content>
public static partial class RunMachine
{
    /// <summary>All effects that the state asks for, whether or not they are due yet.</summary>
    public static ImmutableArray<RunEffect> Pending(RunState state, RunPolicy policy)
    {
        var effects = ImmutableArray.CreateBuilder<RunEffect>();
        if (OfStep(state) is { } effect)
            effects.Add(effect);
        foreach (var seal in state.PendingSeals)
            effects.Add(new RunEffect.Seal(OwedSealId(state, seal), seal.Epoch, seal.Store, Owed: true));
        foreach (var pin in Retention.Unneeded(state, policy.OwnCommitsToUnpin))
            effects.Add(new RunEffect.Unpin(UnpinId(state, pin), pin.Store, pin.ForEpoch));
        return effects.ToImmutable();
    }

    /// <summary>The effects whose time has come, as of the state's own time.</summary>
    public static ImmutableArray<RunEffect> Due(RunState state, RunPolicy policy) =>
    [
        .. Pending(state, policy).Where(effect => effect switch
        {
            RunEffect.Seal { Owed: true } owed => !state.PendingSeals.Any(seal => OwedSealId(state, seal) == owed.Id && seal.NotBefore > state.Now),
            RunEffect.Unpin unpin => !state.Pins.Any(pin => UnpinId(state, pin) == unpin.Id && pin.NotBefore > state.Now),
            _ => !(state.Retry.NotBefore > state.Now),
        }),
    ];

    /// <summary>Whether the state still asks for the effect of that name: a late result of another is dropped.</summary>
    private static bool Answers(RunState state, string effectId, RunPolicy policy) => OfStep(state)?.Id == effectId;

    private static RunEffect? OfStep(RunState state)
    {
        var move = state.Move;
        return state.Step switch
        {
            RunStep.Planned => new RunEffect.Reserve(Id(state, "reserve"), move!.Target, move.ToEpoch),
            RunStep.Reserved => new RunEffect.Survey(Id(state, move!.Quiesced ? "survey-quiesced" : "survey")),
            RunStep.Staging => new RunEffect.Stage(Id(state, $"stage-{move!.Commit}"), move.Commit!.Value, move.Sources, move.Target.Store),
            RunStep.Quiescing => new RunEffect.Quiesce(Id(state, "quiesce"), state.Epoch!.Target.Member, state.EpochNumber),
            RunStep.Fenced => new RunEffect.Seal(Id(state, "seal"), state.EpochNumber, state.Epoch!.Target.Store, Owed: false),
            RunStep.ToppingUp => new RunEffect.Stage(Id(state, $"top-up-{move!.Commit}"), move.Commit!.Value, move.Sources, move.Target.Store),
            RunStep.Pinning => new RunEffect.Pin(Id(state, $"pin-{move!.Commit}"), move.Commit!.Value, move.Target.Store, move.ToEpoch),
            RunStep.Waiting when state.Epoch is { GivenUp: not null, Ended: false } epoch => new RunEffect.Quiesce(Id(state, "give-up"), epoch.Target.Member, epoch.Number),
            RunStep.Launching => new RunEffect.Launch(Id(state, "launch"), state.Epoch!),
            RunStep.Finishing or RunStep.Cancelling => new RunEffect.Seal(Id(state, "close"), state.EpochNumber, state.Epoch!.Target.Store, Owed: false),
            _ => null,
        };
    }

    private static string Id(RunState state, string kind) => $"{state.Uid}/e{state.Move?.ToEpoch ?? state.EpochNumber}/m{state.Moves}/{kind}";

    private static string OwedSealId(RunState state, PendingSeal seal) => $"{state.Uid}/e{seal.Epoch}/owed-seal/{seal.Store}";

    private static string UnpinId(RunState state, PinRef pin) => $"{state.Uid}/e{pin.ForEpoch}/unpin/{pin.Store}";
}
