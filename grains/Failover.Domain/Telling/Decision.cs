using System.Collections.Immutable;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;

namespace Failover.Domain.Telling;

/// <summary>Something that was decided, for people.</summary>
/// <param name="At">When.</param>
/// <param name="About">What it is about: <c>run</c>, <c>member</c> or <c>brake</c>.</param>
/// <param name="Name">The run's or the member's name; empty for the brake.</param>
/// <param name="What">
/// A step, or <c>SealOwed</c>, <c>SealSet</c>; a verdict, or <c>Cordoned</c>, <c>Uncordoned</c>, <c>Sweeping</c>, <c>Swept</c>, <c>Clean</c>; <c>Held</c>, <c>Released</c>, <c>Permitted</c> of the brake.
/// </param>
/// <param name="Detail">Why, or where.</param>
public sealed record Decision(DateTimeOffset At, string About, string Name, string What, string Detail);

/// <summary>
/// Reads from a row as it was stored what was decided with that very write: what began at the row's own present. Most writes decide nothing that is worth telling. The next
/// write may tell the same once more, where its time is the same.
/// </summary>
public static class Decisions
{
    /// <summary>As many workloads are named as a person wants to read in a line.</summary>
    private const int NamedMax = 4;

    /// <summary>A new step, or a new reason to wait; a seal that is owed from now on, or was set at last.</summary>
    public static IEnumerable<Decision> Of(RunState run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return [.. OfStep(run), .. OfSeals(run)];
    }

    /// <summary>A new verdict; a cordon, or its end; what a sweep found, or found gone.</summary>
    public static IEnumerable<Decision> Of(MemberState member)
    {
        ArgumentNullException.ThrowIfNull(member);
        if (member.VerdictSince == member.Now)
            yield return About(member, member.Verdict.ToString(), member.VerdictDetail);
        if (member.LastCordon is { } cordon && cordon.At == member.Now)
            yield return About(member, member.Cordoned ? "Cordoned" : "Uncordoned", $"by {cordon.By}");
        if (member.LastSweep is not { } sweep || sweep.At != member.Now)
            yield break;
        if (!sweep.Found.IsEmpty)
            yield return About(member, "Sweeping", $"deletes what is left of epochs that are over: {Some(sweep.Found)}");
        if (!sweep.Gone.IsEmpty)
            yield return About(member, "Swept", $"gone: {Some(sweep.Gone)}");
        if (sweep.Cleaned)
            yield return About(member, "Clean", "nothing is left of epochs that are over: it may take new work again");
    }

    /// <summary>It holds from now on, was released, or permitted something.</summary>
    public static IEnumerable<Decision> Of(BrakeState brake)
    {
        ArgumentNullException.ThrowIfNull(brake);
        return OfBrake(brake) is { } decision ? [decision] : [];
    }

    private static Decision? OfBrake(BrakeState brake)
    {
        if (brake.HeldBecause is { } reason && brake.HeldSince == brake.Now)
            return new Decision(brake.Now, "brake", "", "Held", reason);
        if (brake.Release is { } release && release.At == brake.Now)
            return new Decision(brake.Now, "brake", "", "Released", $"by {release.By}");
        var permits = brake.Permits.Where(permit => permit.At == brake.Now).ToList();
        return permits.Count == 0
            ? null
            : new Decision(brake.Now, "brake", "", "Permitted", $"{permits.Count} runs, {permits.Sum(permit => permit.Gpus)} GPUs, of {string.Join(", ", permits.Select(permit => permit.Region).Distinct().Order(StringComparer.Ordinal))}");
    }

    private static IEnumerable<Decision> OfStep(RunState run)
    {
        if (run.Waiting is { } wait)
            return wait.Since == run.Now ? [About(run, $"{run.Step} ({wait.Reason})", wait.Headline)] : [];
        if (run.Overdue is { } overdue && overdue.Since == run.Now)
            return [About(run, $"{run.Step} (overdue)", overdue.Detail)];
        return run.StepSince == run.Now ? [About(run, run.Step.ToString(), Where(run))] : [];
    }

    private static IEnumerable<Decision> OfSeals(RunState run)
    {
        foreach (var seal in run.PendingSeals.Where(seal => seal.Since == run.Now))
            yield return About(run, "SealOwed", $"epoch {seal.Epoch} in {seal.Store}, which can't be reached: it is cut, and sealed at first contact");
        if (run.LastPaidSeal is { } paid && paid.At == run.Now)
            yield return About(run, "SealSet", $"epoch {paid.Epoch} in {paid.Store}{(paid.OwedSince is { } since ? $", owed for {paid.At - since:d\\.hh\\:mm\\:ss}" : "")}");
    }

    private static string Some(ImmutableArray<string> names) =>
        string.Join(", ", names.Take(NamedMax)) + (names.Length > NamedMax ? $" and {names.Length - NamedMax} more" : "");

    private static Decision About(RunState run, string what, string detail) => new(run.Now, "run", run.Spec.Name, what, detail);

    private static Decision About(MemberState member, string what, string detail) => new(member.Now, "member", member.Name, what, detail);

    private static string Where(RunState run) => (run.Move, run.Epoch) switch
    {
        ({ } move, { } epoch) when move.ToEpoch > epoch.Number => $"epoch {move.ToEpoch}, {epoch.Target.Member} to {move.Target.Member} ({move.Cause})",
        ({ } move, null) => $"epoch {move.ToEpoch}, to {move.Target.Member} ({move.Cause})",
        (_, { } epoch) => $"epoch {epoch.Number}, on {epoch.Target.Member}",
        _ => "",
    };
}
