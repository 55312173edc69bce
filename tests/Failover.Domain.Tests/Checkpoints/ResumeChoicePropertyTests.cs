using System.Collections.Immutable;
using CsCheck;
using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;
using static Failover.Domain.Tests.Checkpoints.Histories;

namespace Failover.Domain.Tests.Checkpoints;

public class ResumeChoicePropertyTests
{
    /// <summary>A history, and three stores that each were reached or not, and hold a part of it in any health; <c>own</c> holds all, zombies included.</summary>
    private static readonly Gen<(History History, RunState Run, ImmutableArray<StoreSurvey> Stores)> Scenes =
        from history in AnyHistory
        let slots = history.Slots.Concat(history.Zombies).OrderBy(slot => slot.Epoch).ThenBy(slot => slot.Slot).ToImmutableArray()
        from healths in Gen.Enum<CopyHealth>().Array[3 * slots.Length]
        from outcomes in Gen.Frequency((4, Gen.Const(SurveyOutcome.Listed)), (1, Gen.Const(SurveyOutcome.Unreachable)), (1, Gen.Const(SurveyOutcome.Denied))).Array[3]
        from held in Gen.Int[0, 6].Array[2]
        from cause in Gen.OneOf(Gen.Const(MoveCause.Failover), Gen.Const(MoveCause.Restart), Gen.Const(MoveCause.Drain))
        from fromNothing in Gen.Frequency((5, Gen.Const(false)), (1, Gen.Const(true)))
        from tipAt in Gen.Int[-1, history.Chain.Length - 1]
        select (
            history,
            Run(history.Current, cause, null, tipAt < 0 ? [] : [Tip("own", history.Chain[tipAt].Ref, history.Chain[tipAt].Commit.Step)]) with
            {
                Past = history.Past,
                StartFromNothing = fromNothing,
            },
            new[] { "own", "replica", "other" }.Select((store, i) => outcomes[i] == SurveyOutcome.Listed
                ? Listed(store, slots.Where(slot => i == 0 || slot.Slot < held[i - 1]).Select((slot, j) => slot with { Health = healths[(i * slots.Length) + j] }))
                : new StoreSurvey(store, outcomes[i], [])).ToImmutableArray());

    [Fact]
    public void Choose_Resumes_OnlyFromTheChainAndOnlyWhereACopyIsWhole() => Scenes.Sample(scene =>
    {
        if (Choose(scene.Run, scene.Stores) is not ResumeDecision.Resume resume)
            return;
        var link = Assert.Single(scene.History.Chain, link => link.Ref == resume.Commit);
        Assert.Equal((link.Commit.Step, link.Commit.SizeBytes), (resume.Step, resume.Bytes));
        Assert.NotEmpty(resume.Sources);
        Assert.All(resume.Sources, source => Assert.True(IsWhole(scene.Stores.Single(store => store.Store == source), resume.Commit)));
    });

    [Fact]
    public void Choose_Resumes_FromNothingOlderThanTheNewestWholeCommitListed() => Scenes.Sample(scene =>
    {
        if (Choose(scene.Run, scene.Stores) is not ResumeDecision.Resume resume)
            return;
        var newer = scene.History.Chain.SkipWhile(link => link.Ref != resume.Commit).Skip(1).Where(link => scene.Stores.Any(store => IsWhole(store, link.Ref)));
        // Two replicas may leave a hole between what both list; what comes after it is not known to be of the chain.
        Assert.True(!newer.Any() || scene.Stores[0].Outcome != SurveyOutcome.Listed);
    });

    [Fact]
    public void Choose_IsFresh_OnlyIfItNeverCommittedOrAPersonSaidSo() => Scenes.Sample(scene =>
    {
        if (Choose(scene.Run, scene.Stores) is ResumeDecision.Fresh)
            Assert.True(scene.Run.StartFromNothing || (scene.History.Chain.IsEmpty && scene.Stores[0].Outcome == SurveyOutcome.Listed));
    });

    [Fact]
    public void Choose_OwnStoreOutOfReachThoughNotGivenUp_NeverResumes() => Scenes.Sample(scene =>
    {
        if (scene.Stores[0].Outcome == SurveyOutcome.Listed || scene.Run.Move!.Cause == MoveCause.Failover)
            return;
        Assert.IsNotType<ResumeDecision.Resume>(Choose(scene.Run, scene.Stores));
    });

    [Fact]
    public void Choose_OrderOfStoresAndSlots_ChangesNothing() =>
        (from scene in Scenes
         from stores in Gen.Shuffle(scene.Stores.ToArray())
         select (scene, stores)).Sample(given =>
    {
        var (scene, stores) = given;
        var turned = stores.Select(store => store with { Slots = [.. store.Slots.Reverse()] });

        Assert.Equal(Text(Choose(scene.Run, scene.Stores)), Text(Choose(scene.Run, [.. turned])));
    });

    private static bool IsWhole(StoreSurvey store, CommitRef commit) =>
        store.Slots.Any(slot => slot.Ref == commit && slot is { IsSeal: false, Health: CopyHealth.Verified or CopyHealth.Unverified });

    private static ResumeDecision Choose(RunState run, ImmutableArray<StoreSurvey> stores) => ResumeChoice.Choose(run, new LineageSurvey(stores), "target");

    private static string Text(ResumeDecision decision) =>
        decision is ResumeDecision.Resume resume ? $"{resume with { Sources = [] }} {string.Join(' ', resume.Sources)}" : decision.ToString()!;
}
