using Failover.Abstractions.Grains;
using Failover.Abstractions.State;
using Failover.Domain.Fleet;
using Failover.Domain.Members;
using Failover.Grains.State;
using Microsoft.Extensions.Logging;

namespace Failover.Grains.Members;

/// <summary>A thin shell around <see cref="MemberMachine"/>.</summary>
[GrainType("member")]
internal sealed partial class MemberGrain(
    [PersistentState("member", TableStorage.Name)] IPersistentState<MemberState> row,
    MemberPolicy policy,
    FleetSpec fleet,
    TimeProvider time,
    ILogger<MemberGrain> logger) : Grain, IMemberGrain
{
    private MemberState? _state;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var name = this.GetPrimaryKeyString();
        var spec = fleet.FindMember(name) ?? throw new InvalidOperationException($"The fleet file lists no member {name}.");
        var now = time.GetUtcNow();
        var stored = row.RecordExists ? row.State : MemberMachine.Create(name, spec.Region, now);
        // What an earlier activation had seen is not evidence any more; its verdict stands until ours says otherwise.
        _state = MemberMachine.Next(stored, new MemberEvent.Activated(now), policy).State;
        return Task.CompletedTask;
    }

    public Task<MemberState> GetAsync() => Task.FromResult(_state!);

    public async Task<MemberState> ApplyAsync(MemberEvent memberEvent)
    {
        await StepAsync(memberEvent);
        return _state!;
    }

    public async Task<ReservationAnswer> ReserveAsync(GpuReservation reservation)
    {
        var transition = await StepAsync(new MemberEvent.ReserveRequested(time.GetUtcNow(), reservation));
        return transition.Reservation ?? throw new InvalidOperationException("A request for GPUs is always answered.");
    }

    private async Task<MemberTransition> StepAsync(MemberEvent memberEvent)
    {
        var transition = MemberMachine.Next(_state!, memberEvent, policy);
        _state = transition.State;
        if (!transition.MustStore && row.RecordExists)
            return transition;
        await row.StoreAsync(transition.State, this);
        if (transition.Verdict is { } change)
            LogVerdict(transition.State.Name, change.From.ToString(), transition.State.Verdict.ToString(), transition.State.VerdictDetail);
        return transition;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Member {Member}: {From} to {To}. {Detail}")]
    private partial void LogVerdict(string member, string from, string to, string detail);
}
