using System.Collections.Immutable;
using Failover.Abstractions.Grains;
using Failover.Abstractions.State;
using Failover.Domain.Health;
using Failover.Grains.State;
using Microsoft.Extensions.Logging;

namespace Failover.Grains.Members;

/// <summary>A thin shell around <see cref="BrakeMachine"/>.</summary>
[GrainType("brake")]
internal sealed partial class BrakeGrain(
    [PersistentState("brake", TableStorage.Name)] IPersistentState<BrakeState> row,
    BrakePolicy policy,
    ILogger<BrakeGrain> logger) : Grain, IBrakeGrain
{
    public Task<BrakeState> GetAsync() => Task.FromResult(Current());

    public async Task<ImmutableArray<PermitAnswer>> ApplyAsync(BrakeEvent brakeEvent)
    {
        var before = Current();
        var transition = BrakeMachine.Next(before, brakeEvent, policy);
        if (!transition.MustStore)
            return transition.Answers;
        await row.StoreAsync(transition.State, this);
        if (transition.State.HeldBecause is { } reason && before.HeldBecause is null)
            LogHeld(reason);
        if (transition.State.HeldBecause is null && before.HeldBecause is not null)
            LogReleased(brakeEvent is BrakeEvent.Released released ? released.By : "the return of evidence");
        return transition.Answers;
    }

    private BrakeState Current() => row.RecordExists ? row.State : new BrakeState();

    [LoggerMessage(Level = LogLevel.Error, Message = "The brake holds: {Reason}")]
    private partial void LogHeld(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The brake was released by {By}")]
    private partial void LogReleased(string by);
}
