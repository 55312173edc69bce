using System.Collections.Immutable;
using Failover.Abstractions.Grains;
using Failover.Domain.Fleet;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using Failover.Grains.State;
using Microsoft.Extensions.Logging;

namespace Failover.Grains.Planning;

/// <summary>
/// One pass after the other over the stored rows: whose place is lost, who may move, where to; and the ticks that time alone makes due. It remembers nothing, so nothing
/// displaced is forgotten with an activation.
/// </summary>
[GrainType("planner")]
internal sealed partial class PlannerGrain(
    StateReader rows, FleetSpec fleet, PlanningPolicy policy, TimeProvider time, ILogger<PlannerGrain> logger) : Grain, IPlannerGrain, IRemindable
{
    private const string ReminderName = "plan";

    /// <summary>Numbers the snapshots of this activation; a plan is only ever held against the rows that it names.</summary>
    private long _snapshot;

    /// <summary>The passes are driven by each silo's pulse; the reminder is for when all pulses have stopped.</summary>
    public override Task OnActivateAsync(CancellationToken cancellationToken) =>
        this.RegisterOrUpdateReminder(ReminderName, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), cancellationToken);

    public Task ReceiveReminder(string reminderName, TickStatus status) => PlanAsync();

    public async Task PlanAsync()
    {
        var asOf = time.GetUtcNow();
        var found = await ReadAsync();
        var displacement = Displacement.Find(found, policy);
        await SendAsync(displacement.Events);
        foreach (var (member, holding) in displacement.Holding)
        {
            var reconciled = new MemberEvent.ReservationsReconciled(time.GetUtcNow(), asOf, holding);
            await TellAsync(member, () => GrainFactory.GetGrain<IMemberGrain>(member).ApplyAsync(reconciled));
        }

        var answers = await GrainFactory.GetGrain<IBrakeGrain>(IBrakeGrain.Key).ApplyAsync(displacement.Requested);
        var settled = displacement.Events.IsEmpty ? found : await ReadAsync();
        var planned = PlannerPass.Place(settled, answers, policy);
        await SendAsync(planned.Events);
        await TickAsync(planned.Events.IsEmpty ? settled : await ReadAsync());
    }

    private async Task<PlannerInput> ReadAsync() => new()
    {
        Now = time.GetUtcNow(),
        SnapshotVersion = ++_snapshot,
        Fleet = fleet,
        Runs = [.. (await rows.ReadRunsAsync(CancellationToken.None)).Where(run => !run.IsTombstone || !run.PendingSeals.IsEmpty || !run.Pins.IsEmpty)],
        // A member that the fleet file no longer lists keeps its row, and is nobody's to ask.
        Members = [.. (await rows.ReadMembersAsync(CancellationToken.None)).Where(member => fleet.FindMember(member.Name) is not null)],
    };

    private async Task TickAsync(PlannerInput input)
    {
        foreach (var run in input.Runs.Where(run => RunMachine.NeedsTick(run, input.Now, policy.Runs)))
            await TellAsync(run.Uid, () => GrainFactory.GetGrain<IRunGrain>(run.Uid).ApplyAsync(new RunEvent.Tick(time.GetUtcNow())));
        foreach (var member in fleet.Members)
            await TellAsync(member.Name, () => GrainFactory.GetGrain<IMemberGrain>(member.Name).ApplyAsync(new MemberEvent.Tick(time.GetUtcNow())));
    }

    private Task SendAsync(ImmutableArray<AddressedEvent> events) =>
        Task.WhenAll(events.Select(addressed => TellAsync(addressed.RunUid, () => GrainFactory.GetGrain<IRunGrain>(addressed.RunUid).ApplyAsync(addressed.Event))));

    /// <summary>One grain that can't be told now must not keep the others from being told; the next pass tells it again.</summary>
    private async Task TellAsync(string whom, Func<Task> tell)
    {
        try
        {
            await tell();
        }
        catch (Exception failure) when (failure is OrleansException or TimeoutException or Abstractions.State.TableUnavailableException)
        {
            LogNotTold(whom, failure.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Whom} could not be told and will be told again: {Reason}")]
    private partial void LogNotTold(string whom, string reason);
}
