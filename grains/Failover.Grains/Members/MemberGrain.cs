using Failover.Abstractions.Ports;
using Failover.Abstractions.Grains;
using Failover.Abstractions.State;
using Failover.Domain.Members;
using Failover.Grains.State;
using Failover.Grains.Telemetry;
using Microsoft.Extensions.Logging;

namespace Failover.Grains.Members;

/// <summary>A thin shell around <see cref="MemberMachine"/>.</summary>
[GrainType("member")]
internal sealed partial class MemberGrain(
    [PersistentState("member", TableStorage.Name)] IPersistentState<MemberState> row,
    MemberPolicy policy,
    FleetBook fleets,
    TimeProvider time,
    ILogger<MemberGrain> logger) : Grain, IMemberGrain
{
    private MemberState? _state;
    private DateTimeOffset _activatedAt;
    private long _activated;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var name = this.GetPrimaryKeyString();
        var spec = fleets.Current.FindMember(name) ?? throw new InvalidOperationException($"The fleet file lists no member {name}.");
        var now = time.GetUtcNow();
        var stored = row.RecordExists ? row.State : MemberMachine.Create(name, spec.Region, now);
        (_activatedAt, _activated) = (now > stored.Now ? now : stored.Now, time.GetTimestamp());
        // What an earlier activation had seen is not evidence any more; its verdict stands until ours says otherwise.
        _state = MemberMachine.Next(stored, new MemberEvent.Activated(_activatedAt), policy).State;
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
        var transition = MemberMachine.Next(_state!, Received(memberEvent), policy);
        _state = transition.State;
        if (!transition.MustStore && row.RecordExists)
            return transition;
        await row.StoreAsync(transition.State, this);
        if (transition.Verdict is not { } change)
            return transition;
        VerdictTelemetry.Record(transition.State.Name, change);
        LogVerdict(transition.State.Name, change.From.ToString(), transition.State.Verdict.ToString(), transition.State.VerdictDetail);
        return transition;
    }

    /// <summary>
    /// The time of receipt, by this activation's monotonic clock: sites' clocks differ, and a clock that is set forward or back must neither age evidence nor keep it young.
    /// </summary>
    private MemberEvent Received(MemberEvent said)
    {
        var now = _activatedAt + time.GetElapsedTime(_activated);
        // Other times in events are readings of the clock as well, a moment old: they are brought to the same measure.
        var ahead = now - time.GetUtcNow();
        return said switch
        {
            MemberEvent.ReservationsReconciled read => read with { At = now, AsOf = read.AsOf + ahead },
            MemberEvent.SweptClean swept => swept with { At = now, StartedAt = swept.StartedAt + ahead },
            _ => said with { At = now },
        };
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Member {Member}: {From} to {To}. {Detail}")]
    private partial void LogVerdict(string member, string from, string to, string detail);
}
