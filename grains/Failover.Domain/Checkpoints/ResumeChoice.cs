using System.Collections.Immutable;
using Failover.Domain.Migration;

namespace Failover.Domain.Checkpoints;

/// <summary>What an epoch is to start from.</summary>
public abstract record ResumeDecision
{
    /// <summary>From a commit. <paramref name="Sources"/>: stores with a copy that is good as far as is known, the target's own first, verified ones before others.</summary>
    public sealed record Resume(CommitRef Commit, long Step, long Bytes, ImmutableArray<string> Sources, string? FallbackDetail) : ResumeDecision;

    /// <summary>From nothing.</summary>
    public sealed record Fresh : ResumeDecision;

    /// <summary>Not now, and why.</summary>
    public sealed record Wait(WaitReason Reason, string Detail) : ResumeDecision;
}

/// <summary>Chooses what to resume from (I2): the newest commit of the chain that is whole, and never nothing because a listing said nothing.</summary>
public static class ResumeChoice
{
    /// <summary>The choice for the move that <paramref name="state"/> is in, given what the stores hold.</summary>
    public static ResumeDecision Choose(RunState state, LineageSurvey survey, string targetStore)
    {
        if (state.Epoch is null)
            return new ResumeDecision.Fresh();
        if (Doubt(state, survey) is { } doubt)
            return new ResumeDecision.Wait(WaitReason.LineageUnknown, doubt);
        var listed = survey.Stores.Where(store => store.Outcome == SurveyOutcome.Listed).ToImmutableArray();
        var chain = Lineage.Chain(state.Past, state.Epoch, listed.SelectMany(store => store.Slots));
        if (chain.Disputed)
            return new ResumeDecision.Wait(WaitReason.LineageUnknown, string.Join(" ", chain.Anomalies));
        var passed = new List<string>();
        for (var i = chain.Commits.Length - 1; i >= 0; i--)
        {
            var link = chain.Commits[i];
            var sources = SourcesOf(state, listed, link.Ref, targetStore);
            if (!sources.IsEmpty)
                return Within(state, new ResumeDecision.Resume(link.Ref, link.Commit.Step, link.Commit.SizeBytes, sources, Fallback(passed)));
            passed.Add($"{link.Ref} (step {link.Commit.Step}): {Describe(state, listed, link.Ref)}");
        }
        return WithoutCommit(state, survey, chain, passed);
    }

    /// <summary>Why the listings can't be relied on; null where they can.</summary>
    private static string? Doubt(RunState state, LineageSurvey survey)
    {
        var own = state.Epoch!.Target.Store;
        var involuntary = state.Move?.Cause == MoveCause.Failover;
        foreach (var store in survey.Stores)
        {
            // Only the epoch's own store can hold commits that no other has. In a failover it lies in what was given up: replicas decide.
            if (store.Outcome != SurveyOutcome.Listed && store.Store == own && !involuntary)
                return $"{own}, where epoch {state.EpochNumber} commits, could not be listed: {store.Detail ?? store.Outcome.ToString()}";
            var tip = state.Tips.FirstOrDefault(known => known.Store == store.Store);
            if (store.Outcome == SurveyOutcome.Listed && tip is not null && !store.Slots.Any(slot => slot.Ref == tip.Commit && !slot.IsSeal))
                return $"{store.Store} does not list {tip.Commit}, which it held before";
        }
        var reached = survey.Stores.Where(store => store.Outcome == SurveyOutcome.Listed).Select(store => store.Store).ToHashSet(StringComparer.Ordinal);
        if (reached.Count == 0)
            return "no store could be listed";
        var best = state.Tips.Where(tip => reached.Contains(tip.Store)).Select(tip => tip.Step).DefaultIfEmpty(-1).Max();
        var newer = state.Tips.FirstOrDefault(tip => !reached.Contains(tip.Store) && tip.Step > best && !(involuntary && tip.Store == own));
        return newer is null ? null : $"{newer.Store} holds {newer.Commit}, newer than what can be reached, and can't be listed";
    }

    private static ImmutableArray<string> SourcesOf(RunState state, ImmutableArray<StoreSurvey> listed, CommitRef commit, string targetStore) =>
    [
        .. listed
            .Select(store => (store.Store, Slot: store.Slots.FirstOrDefault(slot => slot.Ref == commit && !slot.IsSeal)))
            .Where(copy => copy.Slot is { Health: CopyHealth.Verified or CopyHealth.Unverified } && !state.BadCopies.Contains(new BadCopy(copy.Store, commit)))
            .OrderBy(copy => copy.Store == targetStore && copy.Slot!.Health == CopyHealth.Verified ? 0 : 1)
            .ThenBy(copy => copy.Slot!.Health)
            .ThenBy(copy => copy.Store == targetStore ? 0 : 1)
            .ThenBy(copy => copy.Store, StringComparer.Ordinal)
            .Select(copy => copy.Store),
    ];

    private static ResumeDecision Within(RunState state, ResumeDecision.Resume resume)
    {
        var epoch = state.Epoch!;
        var reached = Math.Max(epoch.Progress?.Step ?? 0, epoch.ResumeStep);
        return state.Spec.MaxRollbackSteps is { } allowed && reached - resume.Step > allowed
            ? new ResumeDecision.Wait(
                WaitReason.RollbackTooFar,
                $"The newest good commit is {resume.Commit} at step {resume.Step}, {reached - resume.Step} steps back; the run allows {allowed}.")
            : resume;
    }

    private static ResumeDecision WithoutCommit(RunState state, LineageSurvey survey, LineageChain chain, List<string> passed)
    {
        if (state.StartFromNothing)
            return new ResumeDecision.Fresh();
        if (passed.Count > 0 || chain.Tip is not null)
        {
            var detail = passed.Count > 0 ? string.Join("; ", passed) : $"{chain.Tip} is in no store that can be reached";
            return new ResumeDecision.Wait(WaitReason.NoGoodCheckpoint, $"No commit of the lineage is whole: {detail}.");
        }
        var own = survey.Stores.FirstOrDefault(store => store.Store == state.Epoch!.Target.Store);
        return own is { Outcome: SurveyOutcome.Listed }
            ? new ResumeDecision.Fresh()
            : new ResumeDecision.Wait(
                WaitReason.LineageUnknown, $"{state.Epoch!.Target.Store} is out of reach and may hold the run's only commits; no other store holds any.");
    }

    private static string? Fallback(List<string> passed) => passed.Count == 0 ? null : $"Passed over {string.Join("; ", passed)}.";

    private static string Describe(RunState state, ImmutableArray<StoreSurvey> listed, CommitRef commit)
    {
        var copies = listed.Select(store => (store.Store, Slot: store.Slots.FirstOrDefault(slot => slot.Ref == commit))).Where(copy => copy.Slot is not null);
        var words = copies.Select(copy =>
            $"{(state.BadCopies.Contains(new BadCopy(copy.Store, commit)) ? "found bad while loading" : copy.Slot!.Health.ToString().ToLowerInvariant())} in {copy.Store}");
        return string.Join(", ", words);
    }
}
