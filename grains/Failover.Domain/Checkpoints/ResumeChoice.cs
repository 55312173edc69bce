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

/// <summary>
/// Chooses what to resume from (I2): the newest commit of the chain that is whole and is what it says it is, and never nothing because a listing said nothing. Asked twice in a move: for what to stage,
/// and, once the epoch is sealed, for what became newest meanwhile.
/// </summary>
public static class ResumeChoice
{
    /// <summary>Commits passed over that a sentence names; a run may have thousands.</summary>
    private const int NamedMax = 3;

    /// <summary>The choice for the move that <paramref name="state"/> is in, given what the stores hold.</summary>
    public static ResumeDecision Choose(RunState state, LineageSurvey survey, string targetStore)
    {
        if (state.Epoch is not { } epoch)
            return new ResumeDecision.Fresh();
        var decision = Decide(state, epoch, survey, targetStore);
        // A person's word ends a wait. It does not throw away what this move has staged already because a listing fails now.
        return decision is ResumeDecision.Wait && state.StartFromNothing && state.Move?.Commit is null ? new ResumeDecision.Fresh() : decision;
    }

    private static ResumeDecision Decide(RunState state, EpochState epoch, LineageSurvey survey, string targetStore)
    {
        var stores = survey.Stores.OrderBy(store => store.Store, StringComparer.Ordinal).ToImmutableArray();
        var listed = stores.Where(store => store.Outcome == SurveyOutcome.Listed).ToImmutableArray();
        var chain = Lineage.Chain(state.Past, epoch, listed.SelectMany(store => store.Slots), state.Uid);
        if (Doubt(state, epoch, stores, chain) is { } doubt)
            return new ResumeDecision.Wait(WaitReason.LineageUnknown, doubt);
        var copies = listed.SelectMany(store => store.Slots.Select(slot => new Copy(store.Store, slot, state.BadCopies.Contains(new BadCopy(store.Store, slot.Ref)))))
            .ToLookup(copy => copy.Slot.Ref);
        for (var i = chain.Commits.Length - 1; i >= 0; i--)
        {
            var link = chain.Commits[i];
            var sources = SourcesOf(copies[link.Ref], targetStore);
            if (link.IsForged || sources.IsEmpty)
                continue;
            string?[] passed = [i == chain.Commits.Length - 1 ? null : $"Passed over {PassedOver(chain, i + 1, copies)}.", NotCounted(chain, link.Ref)];
            var detail = string.Join(" ", passed.OfType<string>());
            return Within(state, epoch, new ResumeDecision.Resume(link.Ref, link.Commit.Step, link.Commit.SizeBytes, sources, detail.Length > 0 ? detail : null));
        }
        return WithoutCommit(state, epoch, survey, listed, chain, copies);
    }

    /// <summary>Why the listings can't be relied on; null where they can.</summary>
    private static string? Doubt(RunState state, EpochState epoch, ImmutableArray<StoreSurvey> stores, LineageChain chain)
    {
        var own = epoch.Target.Store;
        var byName = stores.ToDictionary(store => store.Store, StringComparer.Ordinal);
        var outcome = byName.TryGetValue(own, out var ownSurvey) ? ownSurvey.Outcome : SurveyOutcome.Unreachable;
        // Only the epoch's own store can hold commits that no other has. In a failover it lies in what was given up: replicas decide. A store that refuses us is not gone.
        var givenUp = outcome == SurveyOutcome.Unreachable && state.Move?.Cause == MoveCause.Failover;
        if (outcome != SurveyOutcome.Listed && !givenUp)
            return $"{own}, where epoch {epoch.Number} commits, could not be listed: {ownSurvey?.Detail ?? outcome.ToString()}";
        if (!stores.Any(store => store.Outcome == SurveyOutcome.Listed))
            return "no store could be listed";
        if (chain.Disputed)
            return string.Join(" ", chain.Anomalies.Select(anomaly => anomaly.Text));
        foreach (var tip in state.Tips.OrderBy(tip => tip.Store, StringComparer.Ordinal))
        {
            if (byName.TryGetValue(tip.Store, out var store) && store.Outcome == SurveyOutcome.Listed)
            {
                if (!store.Slots.Any(slot => slot.Ref == tip.Commit && !slot.IsSeal))
                    return $"{tip.Store} does not list {tip.Commit}, which it held before";
            }
            else if (!(givenUp && tip.Store == own) && (chain.Commits.IsEmpty || tip.Commit.IsAfter(chain.Commits[^1].Ref)))
            {
                return $"{tip.Store} holds {tip.Commit}, newer than what can be reached, and can't be listed";
            }
        }
        return null;
    }

    private static ImmutableArray<string> SourcesOf(IEnumerable<Copy> copies, string targetStore) =>
    [
        .. copies
            .Where(copy => copy is { Bad: false, Slot: { IsSeal: false, Health: CopyHealth.Verified or CopyHealth.Unverified } })
            .OrderBy(copy => copy.Slot.Health)
            .ThenBy(copy => copy.Store == targetStore ? 0 : 1)
            .ThenBy(copy => copy.Store, StringComparer.Ordinal)
            .Select(copy => copy.Store),
    ];

    private static ResumeDecision Within(RunState state, EpochState epoch, ResumeDecision.Resume resume) =>
        IsTooFar(state, epoch, resume.Step) is { } steps
            ? new ResumeDecision.Wait(
                WaitReason.RollbackTooFar,
                $"The newest good commit is {resume.Commit} at step {resume.Step}, {steps} steps back; the run allows {state.Spec.MaxRollbackSteps}.")
            : resume;

    /// <summary>The steps that would be redone, where they are more than the run allows. Who may start from nothing may go back any number of steps.</summary>
    private static long? IsTooFar(RunState state, EpochState epoch, long step)
    {
        var redone = Math.Max(epoch.Progress?.Step ?? 0, epoch.ResumeStep) - step;
        return state.Spec.MaxRollbackSteps is { } allowed && redone > allowed && !state.StartFromNothing ? redone : null;
    }

    private static ResumeDecision WithoutCommit(
        RunState state, EpochState epoch, LineageSurvey survey, ImmutableArray<StoreSurvey> listed, LineageChain chain, ILookup<CommitRef, Copy> copies)
    {
        // While a store is out of reach, it may hold what no other has.
        var outOfReach = survey.Stores.Where(store => store.Outcome != SurveyOutcome.Listed).Select(store => store.Store).Order(StringComparer.Ordinal).ToList();
        var found = !chain.Commits.IsEmpty ? PassedOver(chain, 0, copies) : chain.Tip is { } tip ? $"{tip} is in no store that can be reached" : null;
        if (found is not null)
            return outOfReach.Count == 0
                ? NoGood(found)
                : new ResumeDecision.Wait(WaitReason.LineageUnknown, $"{string.Join(", ", outOfReach)} can't be listed and may hold a good copy; elsewhere: {found}.");
        // It committed, and none of it counts: that is for a person to look at, not a reason to begin again.
        if (!chain.Anomalies.IsEmpty)
            return NoGood(string.Join(" ", chain.Anomalies.Take(NamedMax).Select(anomaly => anomaly.Text)));
        var own = epoch.Target.Store;
        if (!listed.Any(store => store.Store == own))
            return new ResumeDecision.Wait(WaitReason.LineageUnknown, $"{own} is out of reach and may hold the run's only commits; no other store holds any.");
        return IsTooFar(state, epoch, 0) is { } steps
            ? new ResumeDecision.Wait(
                WaitReason.RollbackTooFar, $"It has not committed yet; from nothing means {steps} steps back, and the run allows {state.Spec.MaxRollbackSteps}.")
            : new ResumeDecision.Fresh();
    }

    private static ResumeDecision.Wait NoGood(string detail) => new(WaitReason.NoGoodCheckpoint, $"No commit of the lineage is whole: {detail}.");

    /// <summary>The chain's commits from <paramref name="from"/> on, newest first, with what is wrong with each.</summary>
    private static string PassedOver(LineageChain chain, int from, ILookup<CommitRef, Copy> copies)
    {
        var passed = chain.Commits.Skip(from).Reverse().ToList();
        var named = passed.Take(NamedMax).Select(link => $"{link.Ref} (step {link.Commit.Step}): {Wrong(link, copies[link.Ref])}");
        var more = passed.Count > NamedMax ? $"; and {passed.Count - NamedMax} before" : "";
        return string.Join("; ", named) + more;
    }

    private static string Wrong(ChainLink link, IEnumerable<Copy> copies) =>
        link.IsForged ? "its provenance does not follow from its parent's" : string.Join(", ", copies.Select(copy => copy.Words));

    /// <summary>What lies beyond the chosen commit and does not count, and why; null where there is nothing.</summary>
    private static string? NotCounted(LineageChain chain, CommitRef chosen)
    {
        var beyond = chain.Anomalies.Where(anomaly => anomaly.At.IsAfter(chosen)).Select(anomaly => anomaly.Text).ToList();
        if (beyond.Count == 0)
            return null;
        var more = beyond.Count > NamedMax ? $" And {beyond.Count - NamedMax} more." : "";
        return string.Join(" ", beyond.Take(NamedMax)) + more;
    }

    /// <summary>A slot in a store. <paramref name="Bad"/>: found bad while loading, though it compares as good.</summary>
    private sealed record Copy(string Store, SlotEntry Slot, bool Bad)
    {
        public string Words => $"{(Bad ? "found bad while loading" : Slot.Health.ToString().ToLowerInvariant())} in {Store}";
    }
}
