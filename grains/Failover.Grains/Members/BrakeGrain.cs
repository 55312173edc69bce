using Failover.Abstractions.Grains;
using Failover.Abstractions.State;
using Failover.Domain.Health;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failover.Grains.Members;

/// <summary>A thin shell around <see cref="BrakeMachine"/>.</summary>
[GrainType("brake")]
internal sealed partial class BrakeGrain(
    [PersistentState("brake", TableStorage.Name)] IPersistentState<BrakeState> row,
    IOptions<BrakePolicy> policy,
    ILogger<BrakeGrain> logger) : Grain, IBrakeGrain
{
    public Task<BrakeState> GetAsync() => Task.FromResult(Current());

    public async Task<BrakeState> ApplyAsync(BrakeEvent brakeEvent)
    {
        var before = Current();
        var next = BrakeMachine.Next(before, brakeEvent, policy.Value);
        if (ReferenceEquals(next, before))
            return before;
        row.State = next;
        try
        {
            await row.WriteStateAsync();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
        if (next.HeldBecause is { } reason && before.HeldBecause is null)
            LogHeld(reason);
        if (next.HeldBecause is null && before.HeldBecause is not null)
            LogReleased(next.Release?.By ?? "evidence");
        return next;
    }

    private BrakeState Current() => row.RecordExists ? row.State : new BrakeState();

    [LoggerMessage(Level = LogLevel.Error, Message = "The brake holds: {Reason}")]
    private partial void LogHeld(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The brake was released by {By}")]
    private partial void LogReleased(string by);
}
