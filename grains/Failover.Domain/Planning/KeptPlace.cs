using System.Collections.Immutable;
using Failover.Domain.Members;
using Failover.Domain.Migration;

namespace Failover.Domain.Planning;

/// <summary>Free GPUs of a type on a member that are kept for a waiting run, while runs that were preempted for it stop there.</summary>
internal sealed record KeptPlace(string Member, string Sku, RunState For, ImmutableArray<RunState> Stopping)
{
    /// <summary>Those that stop, by name.</summary>
    public string Names => string.Join(", ", Stopping.Select(run => run.Spec.Name));

    /// <summary>
    /// All of them, the highest tiers first. Else what one victim leaves would go to whoever is small enough for it, the victim itself for one, and the run that all of them
    /// leave for would never fit. Kept no longer than the victims have to stop.
    /// </summary>
    public static ImmutableArray<KeptPlace> Of(PlannerInput input, PlanningPolicy policy)
    {
        var members = input.Members.ToDictionary(member => member.Name);
        var stopping = input.Runs
            .Where(run => run is { Epoch: { GivenUp: GivenUp.Preempted } epoch } && members.TryGetValue(epoch.Target.Member, out var home)
                && Candidacy.IsStopping(run, home, input.Now, policy))
            .SelectMany(run => run.PreemptedFor.Select(uid => (For: uid, run.Epoch!.Target.Member, run.Epoch.Target.Sku, Run: run)))
            .ToArray();
        if (stopping.Length == 0)
            return [];
        var waiting = input.Runs.Where(run => run.Step == RunStep.Waiting).ToDictionary(run => run.Uid);
        return
        [
            .. stopping.Where(one => waiting.ContainsKey(one.For)).GroupBy(one => (one.For, one.Member, one.Sku))
                .Select(group => new KeptPlace(
                    group.Key.Member, group.Key.Sku, waiting[group.Key.For], [.. group.Select(one => one.Run).OrderBy(run => run.Uid, StringComparer.Ordinal)]))
                .OrderByDescending(kept => kept.For.Spec.Tier).ThenBy(kept => kept.For.Uid, StringComparer.Ordinal),
        ];
    }

    /// <summary>What others may have of a pool. Where the run that it is kept for fits by now, the plan weighs it against them as it weighs all.</summary>
    public FreePool Less(FreePool free)
    {
        var gang = For.Spec.Gang;
        var (left, taken) = free.TakeUpTo(gang.Workers, gang.GpusPerWorker);
        return taken == gang.Workers ? free : left;
    }
}
