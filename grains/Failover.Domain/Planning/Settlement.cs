using System.Collections.Immutable;
using System.Globalization;
using Failover.Domain.Migration;
using Failover.Domain.Placement;

namespace Failover.Domain.Planning;

/// <summary>The place that a run would get if others left it: the store to bring its checkpoint to, if that is to be done, and what is to be said of the member.</summary>
internal sealed record Prospect(string? Store, string Member, string Words);

/// <summary>
/// Who leaves for whom, from what was proposed. Nobody leaves before the checkpoint of the run that comes is where it goes, so that the GPUs are idle for no longer than the one stops
/// and the other starts; and nobody leaves for a small gain.
/// </summary>
internal sealed class Settlement
{
    private readonly ImmutableArray<AddressedEvent>.Builder leaving = ImmutableArray.CreateBuilder<AddressedEvent>();
    private readonly Dictionary<string, Prospect> prospects = [];
    private readonly PlannerInput input;
    private readonly PlanningPolicy policy;
    private readonly Func<string, bool> isLost;

    /// <summary>Of proposals made from <paramref name="input"/>; <paramref name="isLost"/> says whether a store lies in a lost region.</summary>
    public Settlement(
        PlannerInput input, PlanningPolicy policy, ImmutableArray<PlacementPlan> proposals, IReadOnlyDictionary<string, PosedRun> seekers, Func<string, bool> isLost)
    {
        (this.input, this.policy, this.isLost) = (input, policy, isLost);
        if (proposals.IsEmpty)
            return;
        var live = input.Runs.ToDictionary(run => run.Uid);
        var members = input.Members.ToDictionary(member => member.Name);
        // Rows went on being written while the proposals were made: what concerns a run that has changed is proposed anew.
        foreach (var exchange in proposals.SelectMany(Exchange.Of).Where(exchange => exchange.Movers.All(move => Waits(move)) && exchange.Leavers.All(leaver => MayLeave(leaver))))
            Settle(exchange, seekers, live);

        bool Waits(PlannedMove move) => live.GetValueOrDefault(move.RunUid) is { Step: RunStep.Waiting } run
            && (run.EpochNumber, run.Moves) == (seekers[move.RunUid].Run.EpochNumber, seekers[move.RunUid].Run.Moves);

        bool MayLeave(PreemptedRun leaver) => live.GetValueOrDefault(leaver.RunUid) is { Epoch: { } epoch } run && (epoch.Target.Member, epoch.Target.Sku) == (leaver.Home.Member, leaver.Home.Sku)
            && members.TryGetValue(epoch.Target.Member, out var home) && Victims.Includes(run, home, input.Now, policy);
    }

    /// <summary>For the runs that leave now.</summary>
    public ImmutableArray<AddressedEvent> Leaving => leaving.ToImmutable();

    /// <summary>By uid, of the runs that would come.</summary>
    public IReadOnlyDictionary<string, Prospect> Prospects => prospects;

    /// <summary>Those whose checkpoint is there may come, if that gains enough by itself; the others' is brought there, if it gains enough with them.</summary>
    private void Settle(Exchange exchange, IReadOnlyDictionary<string, PosedRun> seekers, Dictionary<string, RunState> live)
    {
        var now = exchange.Only(move => IsStaged(seekers[move.RunUid].Run, move.Target.Store));
        var come = now.Gain >= policy.PreemptGain && now.Movers.Length > 0;
        foreach (var move in exchange.Movers)
        {
            var comes = come && now.Movers.Contains(move);
            var who = string.Join(", ", exchange.LeaversFor(move.RunUid).Select(leaver => $"{live[leaver.RunUid].Spec.Name} (tier {live[leaver.RunUid].Spec.Tier})"));
            prospects[move.RunUid] = comes ? new Prospect(move.Target.Store, move.Target.Member, $"{who} leave it now")
                : exchange.Gain < policy.PreemptGain ? new Prospect(null, move.Target.Member, TooLittle(who, exchange.Gain))
                : new Prospect(move.Target.Store, move.Target.Member, $"would preempt {who} once {WaitsFor(seekers[move.RunUid].Run, move.Target.Store)}");
        }

        if (!come)
            return;
        foreach (var leaver in now.Leavers)
        {
            var comers = leaver.For.Where(uid => now.Movers.Any(move => move.RunUid == uid)).ToImmutableArray();
            leaving.Add(new AddressedEvent(leaver.RunUid, GaveUp(live[leaver.RunUid], [.. comers.Select(uid => seekers[uid].Run)])));
        }
    }

    private RunEvent.GaveUp GaveUp(RunState run, ImmutableArray<RunState> comers)
    {
        var whom = string.Join(" and ", comers.Select(comer => $"{comer.Spec.Name} (tier {comer.Spec.Tier})"));
        return new RunEvent.GaveUp(
            input.Now, run.EpochNumber, GivenUp.Preempted, $"Its place on {run.Epoch!.Target.Member} goes to {whom}; it is of tier {run.Spec.Tier}, and comes back once there is room.", input.Now)
        {
            PreemptedFor = [.. comers.Select(comer => comer.Uid)],
        };
    }

    private string TooLittle(string who, double gain) => string.Create(
        CultureInfo.InvariantCulture, $"preempting {who} would gain {Math.Max(0, gain):0%} of its worth there, {policy.PreemptGain:0%} are asked");

    /// <summary>Whether its newest checkpoint that can be had is known to be in the store; also where it has none to bring.</summary>
    private bool IsStaged(RunState run, string store) => CheckpointBytes.Newest(run, isLost) is var copies && (copies.IsEmpty || copies.Any(copy => copy.Store == store));

    private string WaitsFor(RunState run, string store) => IsStaged(run, store) || CheckpointBytes.Newest(run, isLost) is not [var copy, ..]
        ? "those that would come with it are ready as well"
        : $"its checkpoint {copy.Commit} is in {store}, where it is being brought";
}
