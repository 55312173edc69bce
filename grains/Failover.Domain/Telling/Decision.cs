using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;

namespace Failover.Domain.Telling;

/// <summary>Something that was decided, for people.</summary>
/// <param name="At">When.</param>
/// <param name="About">What it is about: <c>run</c>, <c>member</c> or <c>brake</c>.</param>
/// <param name="Name">The run's or the member's name; empty for the brake.</param>
/// <param name="What">A step, a verdict, or <c>Held</c>, <c>Released</c>, <c>Permitted</c> of the brake.</param>
/// <param name="Detail">Why, or where.</param>
public sealed record Decision(DateTimeOffset At, string About, string Name, string What, string Detail);

/// <summary>
/// Reads from a row as it was stored what was decided with that very write: what began at the row's own present. Most writes decide nothing that is worth telling. The next
/// write may tell the same once more, where its time is the same.
/// </summary>
public static class Decisions
{
    /// <summary>A new step, or a new reason to wait.</summary>
    public static Decision? Of(RunState run)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (run.Waiting is { } wait)
            return wait.Since == run.Now ? new Decision(run.Now, "run", run.Spec.Name, $"{run.Step} ({wait.Reason})", wait.Headline) : null;
        if (run.Overdue is { } overdue && overdue.Since == run.Now)
            return new Decision(run.Now, "run", run.Spec.Name, $"{run.Step} (overdue)", overdue.Detail);
        return run.StepSince == run.Now ? new Decision(run.Now, "run", run.Spec.Name, run.Step.ToString(), Where(run)) : null;
    }

    /// <summary>A new verdict.</summary>
    public static Decision? Of(MemberState member)
    {
        ArgumentNullException.ThrowIfNull(member);
        return member.VerdictSince == member.Now ? new Decision(member.Now, "member", member.Name, member.Verdict.ToString(), member.VerdictDetail) : null;
    }

    /// <summary>It holds from now on, was released, or permitted something.</summary>
    public static Decision? Of(BrakeState brake)
    {
        ArgumentNullException.ThrowIfNull(brake);
        if (brake.HeldBecause is { } reason && brake.HeldSince == brake.Now)
            return new Decision(brake.Now, "brake", "", "Held", reason);
        if (brake.Release is { } release && release.At == brake.Now)
            return new Decision(brake.Now, "brake", "", "Released", $"by {release.By}");
        var permits = brake.Permits.Where(permit => permit.At == brake.Now).ToList();
        return permits.Count == 0
            ? null
            : new Decision(brake.Now, "brake", "", "Permitted", $"{permits.Count} runs, {permits.Sum(permit => permit.Gpus)} GPUs, of {string.Join(", ", permits.Select(permit => permit.Region).Distinct().Order(StringComparer.Ordinal))}");
    }

    private static string Where(RunState run) => (run.Move, run.Epoch) switch
    {
        ({ } move, { } epoch) when move.ToEpoch > epoch.Number => $"epoch {move.ToEpoch}, {epoch.Target.Member} to {move.Target.Member} ({move.Cause})",
        ({ } move, null) => $"epoch {move.ToEpoch}, to {move.Target.Member} ({move.Cause})",
        (_, { } epoch) => $"epoch {epoch.Number}, on {epoch.Target.Member}",
        _ => "",
    };
}
