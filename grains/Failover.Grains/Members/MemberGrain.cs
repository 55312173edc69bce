using Failover.Abstractions.Grains;
using Failover.Abstractions.State;
using Failover.Domain.Fleet;
using Failover.Domain.Members;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failover.Grains.Members;

/// <summary>A thin shell around <see cref="MemberMachine"/>.</summary>
[GrainType("member")]
internal sealed partial class MemberGrain(
    [PersistentState("member", TableStorage.Name)] IPersistentState<MemberState> row,
    IOptions<MemberPolicy> policy,
    FleetSpec fleet,
    TimeProvider time,
    ILogger<MemberGrain> logger) : Grain, IMemberGrain
{
    public Task<MemberState> GetAsync() => Task.FromResult(Current());

    public async Task<MemberState> ApplyAsync(MemberEvent memberEvent)
    {
        await StepAsync(memberEvent);
        return row.State;
    }

    public async Task<ReservationAnswer> ReserveAsync(GpuReservation reservation)
    {
        var transition = await StepAsync(new MemberEvent.ReserveRequested(time.GetUtcNow(), reservation));
        return transition.Answer ?? throw new InvalidOperationException("A request for GPUs is always answered.");
    }

    private MemberState Current()
    {
        if (row.RecordExists)
            return row.State;
        var name = this.GetPrimaryKeyString();
        var spec = fleet.FindMember(name) ?? throw new ArgumentException($"The fleet file lists no member {name}.");
        return new MemberState { Name = name, Region = spec.Region, Now = time.GetUtcNow(), VerdictSince = time.GetUtcNow() };
    }

    private async Task<MemberTransition> StepAsync(MemberEvent memberEvent)
    {
        var before = Current();
        var transition = MemberMachine.Next(before, memberEvent, policy.Value);
        if (ReferenceEquals(transition.State, before) && row.RecordExists)
            return transition;
        row.State = transition.State;
        try
        {
            await row.WriteStateAsync();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
        if (before.Verdict != transition.State.Verdict)
            LogVerdict(before.Name, before.Verdict.ToString(), transition.State.Verdict.ToString(), transition.State.VerdictDetail);
        return transition;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Member {Member}: {From} to {To}. {Detail}")]
    private partial void LogVerdict(string member, string from, string to, string detail);
}
