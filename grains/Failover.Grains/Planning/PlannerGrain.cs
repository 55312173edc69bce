using Failover.Abstractions.Ports;
using System.Collections.Immutable;
using Failover.Abstractions.Grains;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Domain.Placement;
using Failover.Domain.Planning;
using Failover.Grains.Observers;
using Failover.Grains.Telemetry;
using Microsoft.Extensions.Logging;

namespace Failover.Grains.Planning;

/// <summary>
/// One pass after the other over the stored rows: whose place is lost, who may move, where to; and then the upkeep that nobody waits for. It remembers nothing that a
/// decision depends on, only what makes the next solve quicker, so nothing displaced is forgotten with an activation.
/// </summary>
[GrainType("planner")]
internal sealed partial class PlannerGrain(
    PlannerRows rows, FleetBook fleets, PlanningPolicy policy, PlanSolver solver, TimeProvider time, ILogger<PlannerGrain> logger)
    : Grain, IPlannerGrain, IRemindable, IDisposable
{
    private const string ReminderName = "plan";

    /// <summary>Ends a solve that nobody will hear of.</summary>
    private readonly CancellationTokenSource _ending = new();

    /// <summary>The next pass, where failovers wait for more of them for less than a pulse.</summary>
    private IGrainTimer? _gathered;

    /// <summary>The passes are driven by each silo's pulse; the reminder is for when all pulses have stopped.</summary>
    public override Task OnActivateAsync(CancellationToken cancellationToken) =>
        this.RegisterOrUpdateReminder(ReminderName, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), cancellationToken);

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _ending.CancelAsync();

    public void Dispose()
    {
        _gathered?.Dispose();
        _ending.Dispose();
    }

    public Task ReceiveReminder(string reminderName, TickStatus status) => PlanAsync();

    public async Task PlanAsync()
    {
        try
        {
            await PlaceAsync();
        }
        finally
        {
            // Deadlines and the ledgers of members are kept up also where nothing could be placed.
            await KeepUpAsync();
        }
    }

    private async Task PlaceAsync()
    {
        var found = (await rows.ReadAsync()).Input;
        var displacement = Displacement.Find(found, policy);
        await SendAsync(displacement.Events);
        var answers = await GrainFactory.GetGrain<IBrakeGrain>(IBrakeGrain.Key).ApplyAsync(displacement.Requested);
        var settled = displacement.Events.IsEmpty ? found : (await rows.ReadAsync()).Input;
        await ConcludeAsync(PlannerPass.Pose(settled, answers, policy));
    }

    private async Task ConcludeAsync(PosedPlan posed)
    {
        if (posed.IsEmpty || posed.HoldFor > TimeSpan.Zero)
        {
            PassAgainIn(posed.HoldFor);
            await SendAsync(PlannerPass.Conclude(posed, null, posed.Input, policy).Events);
            return;
        }

        var begin = time.GetTimestamp();
        using var course = new PlanCourse(posed, policy);
        while (course.Problem is { } problem)
            course.Take(await solver.SolveAsync(problem, policy.Placement, _ending.Token));
        var plan = course.Plan;
        var took = time.GetElapsedTime(begin);
        // Rows went on being written meanwhile; where nothing moves there is nothing to hold against them.
        var output = PlannerPass.Conclude(posed, plan, plan.Moves.IsEmpty && course.Proposals.IsEmpty ? posed.Input : (await rows.ReadAsync()).Input, policy, course.Proposals);
        foreach (var rejected in output.Rejected)
            LogRejected(rejected.RunUid, rejected.Reason);
        PlanTelemetry.Gave(output.Rejected.Length);
        if (!plan.Moves.IsEmpty)
            LogPlan(plan.Engine, posed.Problem.Runs.Length, output.Plan.Moves.Length, plan.Unplaced.Length, output.Plan.Preempted.Length, plan.Value / 1_000, plan.Gap, took.TotalSeconds);
        await SendAsync(output.Events);
    }

    /// <summary>A pulse may be longer away than the wait for more failovers.</summary>
    private void PassAgainIn(TimeSpan due)
    {
        _gathered?.Dispose();
        _gathered = due > TimeSpan.Zero ? this.RegisterGrainTimer(PlanAsync, due, Timeout.InfiniteTimeSpan) : null;
    }

    private async Task KeepUpAsync()
    {
        var (input, unknown) = await rows.ReadAsync();
        var ledgers = Displacement.Holding(input)
            .Select(member => ToMember(member.Key, new MemberEvent.ReservationsReconciled(time.GetUtcNow(), input.Now, member.Value) { Unknown = unknown }));
        var owners = Displacement.OwnersWord(input).Select(word => ToMember(word.Member, word.Event));
        var ticks = fleets.Current.Members.Select(member => ToMember(member.Name, new MemberEvent.Tick(time.GetUtcNow())));
        var due = input.Runs.Where(run => RunMachine.NeedsTick(run, input.Now, policy.Runs)).Select(run => ToRun(run.Uid, new RunEvent.Tick(time.GetUtcNow())));
        // All at once, in any order: a grain that takes long delays nobody's deadline.
        await TellAsync(ledgers.Concat(owners).Concat(ticks).Concat(due));
    }

    private Task SendAsync(ImmutableArray<AddressedEvent> events) => TellAsync(events.Select(addressed => ToRun(addressed.RunUid, addressed.Event)));

    private (string Whom, Func<Task> Tell) ToRun(string uid, RunEvent what) => (uid, () => GrainFactory.GetGrain<IRunGrain>(uid).ApplyAsync(what));

    private (string Whom, Func<Task> Tell) ToMember(string name, MemberEvent what) => (name, () => GrainFactory.GetGrain<IMemberGrain>(name).ApplyAsync(what));

    /// <summary>One grain that can't be told now must not keep the others from being told; the next pass tells it again.</summary>
    private Task TellAsync(IEnumerable<(string Whom, Func<Task> Tell)> messages) => Fanout.ForEachAsync(
        messages,
        message => message.Tell(),
        (message, failure) =>
        {
            if (Periodically.IsPassing(failure))
                LogNotTold(message.Whom, failure.Message);
            else
                LogOdd(failure, message.Whom);
        });

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Planned by {Engine}: {Runs} runs, {Placed} placed, {Waiting} waiting, {Preempted} preempted; worth {Value} weighted GPU-hours, gap {Gap}, in {Seconds} s")]
    private partial void LogPlan(PlacementEngine engine, int runs, int placed, int waiting, int preempted, long value, double? gap, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "The planned move of {Uid} no longer holds, and is planned anew: {Reason}")]
    private partial void LogRejected(string uid, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Whom} could not be told and will be told again: {Reason}")]
    private partial void LogNotTold(string whom, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Whom} could not take what it was told; the others were told")]
    private partial void LogOdd(Exception failure, string whom);
}
