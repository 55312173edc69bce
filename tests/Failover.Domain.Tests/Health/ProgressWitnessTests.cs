using System.Collections.Immutable;
using CsCheck;
using Failover.Domain.Health;

namespace Failover.Domain.Tests.Health;

public sealed class ProgressWitnessTests
{
    private static readonly HealthPolicy Policy = new();

    [Fact]
    public void Next_RunThatStepped_IsSilentAfterThreeOfItsIntervals()
    {
        var reader = new Reader();
        reader.Read(0, 20, ("a", second => second / 5));
        var silent = reader.Read(21, 60, ("a", _ => 4), inDoubt: true);

        // Its step last rose at 20 s, with an interval of 5 s.
        var first = silent.First(one => one.Report.Answer == Answer.No);
        Assert.Equal(35, first.At);
        Assert.Equal((TimeSpan.FromSeconds(15), 3.0), (first.Report.SilentFor, first.Report.SilentForIntervals));
        Assert.Equal((0, 1, 0), (first.Report.Stepping, first.Report.Silent, first.Report.Unknown));
        Assert.Equal(TimeSpan.FromSeconds(15), first.Report.RoseAgo);
        Assert.True(first.Report.CanaryOk);
        Assert.Equal(Answer.Yes, reader.Read(61, 61, ("a", _ => 5))[0].Report.Answer);
    }

    [Fact]
    public void Next_SlowerRun_IsJudgedByItsOwnPace()
    {
        var reader = new Reader();
        reader.Read(0, 120, ("a", second => second / 20));

        Assert.Equal(180, reader.Read(121, 200, true, ("a", _ => 6)).First(one => one.Report.Answer == Answer.No).At);
        Assert.Equal(TimeSpan.FromSeconds(20), reader.State.Runs[0].Usual);
    }

    [Fact]
    public void Next_FastSteps_NeverGoBelowTheHeartbeatInterval()
    {
        var reader = new Reader();
        reader.Read(0, 20, ("a", second => second));

        Assert.Equal(TimeSpan.FromSeconds(5), reader.State.Runs[0].Usual);
    }

    [Fact]
    public void Next_Paces_FollowTheRun()
    {
        var reader = new Reader();
        reader.Read(0, 40, ("a", second => second / 20));
        reader.Read(41, 100, ("a", second => 2 + ((second - 40) / 10)));

        Assert.InRange(reader.State.Runs[0].Usual, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(13));
        Assert.Equal(reader.State.Runs[0].Usual, Assert.Single(reader.Last!.Paces).Usual);
    }

    [Fact]
    public void Next_StartingRun_IsNoWitness()
    {
        var reader = new Reader();
        var reports = reader.Read(0, 100, ("a", second => second < 50 ? 0 : 1));

        Assert.DoesNotContain(reports, one => one.Report.Answer == Answer.No);
        Assert.Equal((0, 0, 1), (reader.Last!.Stepping, reader.Last.Silent, reader.Last.Unknown));
    }

    [Fact]
    public void Next_NewAttempt_StartsAgain()
    {
        var reader = new Reader();
        reader.Read(0, 20, ("a", second => second / 5));
        reader.Attempt = 1;
        var reports = reader.Read(21, 80, ("a", _ => 2));

        Assert.DoesNotContain(reports, one => one.Report.Answer == Answer.No);
        Assert.Equal(new RunRise("a", 1, 1, 2, First: true), reader.Rises[^1]);
    }

    [Fact]
    public void Next_StepFellBack_StartsAgain()
    {
        var reader = new Reader();
        reader.Read(0, 20, ("a", second => second / 5));
        reader.Read(21, 21, ("a", _ => 1));

        Assert.Equal((0, 1L), (reader.State.Runs[0].Rises, reader.State.Runs[0].Step));
    }

    [Fact]
    public void Next_StepsThatWereThereBefore_AreNoRises()
    {
        var reader = new Reader();
        reader.Read(0, 0, ("a", _ => 7));
        Assert.Empty(reader.Rises);

        reader.Read(1, 1, ("a", _ => 8));
        Assert.Equal([new RunRise("a", 1, 0, 8)], reader.Rises);
    }

    [Fact]
    public void Next_SilenceInAStoreOfTheSameRegion_SaysNothing()
    {
        var reader = new Reader { Outside = false };
        reader.Read(0, 20, ("a", second => second / 5));
        Assert.Equal(Answer.Yes, reader.Last!.Answer);
        reader.Read(21, 100, true, ("a", _ => 4));

        Assert.Equal((Answer.Unknown, false, 1), (reader.Last.Answer, reader.Last.CanaryOk, reader.Last.Unknown));
    }

    [Fact]
    public void Next_CanaryNotAnswered_SilenceDoesNotCount()
    {
        var reader = new Reader();
        reader.Read(0, 20, ("a", second => second / 5));
        reader.Answered = false;
        var cut = reader.Read(21, 60, true, ("a", _ => 4));
        Assert.DoesNotContain(cut, one => one.Report.Answer == Answer.No);
        Assert.Equal((Answer.Unknown, false), (reader.Last!.Answer, reader.Last.CanaryOk));

        // The clock of its silence starts when the store is back.
        reader.Answered = true;
        Assert.Equal(61 + 15, reader.Read(61, 90, true, ("a", _ => 4)).First(one => one.Report.Answer == Answer.No).At);
    }

    [Fact]
    public void Next_OneReadingLost_DoesNotStartTheClockAgain()
    {
        var reader = new Reader();
        reader.Read(0, 20, ("a", second => second / 5));
        reader.Answered = false;
        reader.Read(25, 25, true, ("a", _ => 4));
        reader.Answered = true;
        reader.Read(21, 24, true, ("a", _ => 4));

        Assert.Equal(35, reader.Read(26, 50, true, ("a", _ => 4)).First(one => one.Report.Answer == Answer.No).At);
    }

    [Fact]
    public void Next_StoreNeverAnswered_IsNotWatched()
    {
        var reader = new Reader { Answered = false };
        reader.Read(0, 3, ("a", _ => 4));

        Assert.Empty(reader.State.Stores);
        Assert.Equal(Answer.Unknown, reader.State.Answer);
    }

    [Fact]
    public void Next_AfterOwnLag_EvidenceIsUnknownAndTheClocksStartAgain()
    {
        var reader = new Reader();
        reader.Read(0, 20, ("a", second => second / 5));
        var lagged = reader.Read(40, 80, true, ("a", _ => 4));

        Assert.Equal((40, Answer.Unknown), (lagged[0].At, lagged[0].Report.Answer));
        Assert.Equal(55, lagged.First(one => one.Report.Answer == Answer.No).At);
    }

    [Fact]
    public void Next_SeededRun_IsAWitnessFromTheReadersStart()
    {
        var reader = new Reader { Seeds = [new RunPace("a", 1, 0, TimeSpan.FromSeconds(7)), new RunPace("b", 1, 3, TimeSpan.FromSeconds(7))] };
        var reports = reader.Read(0, 60, true, ("a", _ => 9), ("b", _ => 9));

        Assert.Equal(21, reports.First(one => one.Report.Answer == Answer.No).At);
        Assert.Null(reader.Last!.RoseAgo);
        Assert.Equal((1, 1), (reader.Last.Silent, reader.Last.Unknown));
    }

    [Fact]
    public void Next_OneOfThreeStalls_IsNotTheMembersSilence()
    {
        var reader = new Reader();
        reader.Read(0, 20, ("a", s => s / 5), ("b", s => s / 5), ("c", s => s / 5));
        var reports = reader.Read(21, 100, true, ("a", _ => 4), ("b", s => s / 5), ("c", s => s / 5));

        Assert.DoesNotContain(reports, one => one.Report.Answer == Answer.No);
        Assert.Equal((2, 1), (reader.Last!.Stepping, reader.Last.Silent));
    }

    [Fact]
    public void Next_SlowRunsLastStepBeforeTheLoss_DoesNotHideIt()
    {
        var reader = new Reader();
        reader.Read(0, 240, ("a", s => s / 5), ("slow", s => s / 60));
        var reports = reader.Read(241, 300, true, ("a", _ => 48), ("slow", _ => 4));

        var first = reports.First(one => one.Report.Answer == Answer.No);
        Assert.Equal((255, 1, 1), (first.At, first.Report.Stepping, first.Report.Silent));
    }

    [Fact]
    public void Next_FewOfTheWitnessesMissed_IsNotYetSilence()
    {
        var reader = new Reader();
        reader.Read(0, 240, ("a", s => s / 5), ("s1", s => s / 60), ("s2", s => s / 60));
        var reports = reader.Read(241, 500, true, ("a", _ => 48), ("s1", _ => 4), ("s2", _ => 4));

        Assert.Equal(240 + 180, reports.First(one => one.Report.Answer == Answer.No).At);
    }

    [Fact]
    public void Next_RunThatPausesForItsCheckpoints_IsGivenItsPause()
    {
        var reader = new Reader();
        // Steps every 5 s, and stands still from 100 s to 160 s.
        reader.Read(0, 200, ("a", PausesAtHundred));
        Assert.Equal(TimeSpan.FromSeconds(65), Round(reader.State.Runs[0].Pause));

        var reports = reader.Read(201, 320, true, ("a", _ => PausesAtHundred(200)));
        Assert.InRange(reports.First(one => one.Report.Answer == Answer.No).At, 295, 300);
    }

    [Fact]
    public void Next_PauseWhileTheMemberIsInDoubt_IsNotLearnt()
    {
        var reader = new Reader();
        reader.Read(0, 99, ("a", PausesAtHundred));
        reader.Read(100, 170, ("a", PausesAtHundred), inDoubt: true);

        Assert.True(reader.State.Runs[0].Pause <= TimeSpan.FromSeconds(6));
    }

    [Fact]
    public void Next_NewAttempt_KeepsThePausesOfTheRun()
    {
        var reader = new Reader();
        reader.Read(0, 200, ("a", PausesAtHundred));
        reader.Attempt = 1;
        reader.Read(201, 201, ("a", _ => 20));

        Assert.Equal(TimeSpan.FromSeconds(65), Round(reader.State.Runs[0].Pause));
    }

    [Fact]
    public void Next_BeatsWithoutSteps_AreLife()
    {
        var reader = new Reader { Beat = second => second / 5 };
        reader.Read(0, 20, ("a", second => second / 5));
        var reports = reader.Read(21, 200, ("a", _ => 4));

        Assert.DoesNotContain(reports, one => one.Report.Answer != Answer.Yes);
        reader.Beat = _ => 40;
        Assert.Equal(Answer.No, reader.Read(201, 216, true, ("a", _ => 4))[^1].Report.Answer);
    }

    [Fact]
    public void Next_BusyByItsOwnWord_HasItsTime()
    {
        var reader = new Reader();
        reader.Read(0, 20, ("a", second => second / 5));
        reader.Busy = true;
        reader.Beat = _ => 1;
        var reports = reader.Read(21, 700, true, ("a", _ => 4));

        Assert.Equal(21 + 300, reports.First(one => one.Report.Answer == Answer.No).At);
    }

    [Fact]
    public void Next_KnownByCommitsAlone_IsSilentAfterThreeOfItsIntervalsInAnyStore()
    {
        var reader = new Reader { Outside = false, ByCommit = true };
        reader.Read(0, 1_900, ("a", second => second / 600));
        var reports = reader.Read(1_901, 4_000, true, ("a", _ => 3));

        Assert.Equal(1_800 + 1_800, reports.First(one => one.Report.Answer == Answer.No).At);
    }

    [Fact]
    public void Next_StepsThatStandStillWhileItBeats_AreAStall()
    {
        var reader = new Reader { Beat = second => second / 5 };
        reader.Read(0, 20, ("a", second => second / 5));
        var reports = reader.Read(21, 600, ("a", _ => 4));

        var first = reports.First(one => !one.Report.Stalled.IsEmpty);
        Assert.Equal(20 + 100, first.At);
        Assert.Equal(new RunStall("a", 1, TimeSpan.FromSeconds(100), 20), Assert.Single(first.Report.Stalled));
        Assert.Empty(reader.Read(601, 601, ("a", _ => 5))[^1].Report.Stalled);
    }

    [Fact]
    public void Next_SilenceBehindAnApiThatAnswers_IsNotTheMembers()
    {
        var reader = new Reader();
        reader.Read(0, 20, ("a", second => second / 5));

        Assert.DoesNotContain(reader.Read(21, 100, ("a", _ => 4)), one => one.Report.Answer == Answer.No);
        Assert.Equal(1, reader.Last!.Silent);
    }

    [Fact]
    public void Next_SilentBeforeTheDoubtBegan_SaysNothingOfIt()
    {
        var reader = new Reader();
        reader.Read(0, 20, ("a", second => second / 5));
        reader.Read(21, 60, ("a", _ => 4));
        reader.Read(61, 90, ("a", _ => 4), inDoubt: true);
        Assert.Equal(Answer.Unknown, reader.Last!.Answer);

        reader.Read(91, 91, ("a", _ => 5), inDoubt: true);
        Assert.Equal(Answer.Yes, reader.Last.Answer);
        Assert.Equal(Answer.No, reader.Read(92, 170, ("a", _ => 5), inDoubt: true)[^1].Report.Answer);
    }

    [Fact]
    public void Next_LoadingOrBusyOrSlowRuns_DoNotStall()
    {
        var loading = new Reader { Beat = second => second / 5 };
        loading.Read(0, 3_000, ("a", _ => 0));
        Assert.Empty(loading.Last!.Stalled);

        var slow = new Reader();
        slow.Read(0, 3_600, ("a", second => second / 600));
        Assert.Empty(slow.Last!.Stalled);

        var busy = new Reader { Beat = second => second / 5 };
        busy.Read(0, 20, ("a", second => second / 5));
        busy.Busy = true;
        busy.Read(21, 1_000, ("a", _ => 4));
        Assert.Empty(busy.Last!.Stalled);

        var starts = new Reader { StartMax = TimeSpan.FromMinutes(15), Beat = second => second / 5 };
        starts.Read(0, 20, ("a", second => second / 5));
        starts.Read(21, 900, ("a", _ => 4));
        Assert.Empty(starts.Last!.Stalled);
    }

    [Fact]
    public void Next_FirstIntervalThatSpansAGap_IsNotBelieved()
    {
        var reader = new Reader();
        reader.Read(0, 6, ("a", second => second / 5));
        reader.Answered = false;
        reader.Read(7, 20, ("a", _ => 0));
        reader.Answered = true;
        reader.Read(21, 22, ("a", _ => 2));

        Assert.Equal(1, reader.State.Runs[0].Rises);
    }

    [Fact]
    public void Next_RunNoLongerThere_IsForgotten()
    {
        var reader = new Reader();
        reader.Read(0, 20, ("a", second => second / 5));
        reader.Read(21, 21);

        Assert.Empty(reader.State.Runs);
        Assert.Equal(Answer.Unknown, reader.Last!.Answer);
    }

    [Fact]
    public void Next_Unchanged_IsToldAgainSlowlyAndInDoubtFast()
    {
        var reader = new Reader();
        Assert.Equal([0, 5, 15, 25], reader.Read(0, 30, ("a", second => second / 5)).Select(one => one.At));
        Assert.Equal([31, 32, 33], reader.Read(31, 33, ("a", _ => 6), inDoubt: true).Select(one => one.At));
    }

    [Fact]
    public void Next_RunsThatKeepTheirPace_AreNeverSilent() =>
        Gen.Select(Gen.Int[5, 40], Gen.Int[0, 20].Array[30], Gen.Int[0, 99].Array[400]).Sample((pace, jitter, luck) =>
        {
            // Each interval is at most half longer than usual, and one reading in twenty is lost.
            var rises = new List<int> { 0 };
            foreach (var late in jitter)
                rises.Add(rises[^1] + pace + (late * pace / 40));
            var reader = new Reader();
            for (var second = 0; second < Math.Min(400, rises[^1]); second++)
            {
                reader.Answered = luck[second] >= 5;
                Assert.DoesNotContain(reader.Read(second, second, ("a", at => rises.Count(rise => rise <= at))), one => one.Report.Answer == Answer.No);
            }
        }, iter: 200);

    private static long PausesAtHundred(int second) => second < 100 ? second / 5 : second < 160 ? 19 : 20 + ((second - 160) / 5);

    private static TimeSpan Round(TimeSpan span) => TimeSpan.FromSeconds(Math.Round(span.TotalSeconds));

    private sealed class Reader
    {
        private ProgressWitnessState? _state;

        public ProgressWitnessState State => _state!;

        public ProgressReport? Last { get; private set; }

        public List<RunRise> Rises { get; } = [];

        public bool Outside { get; init; } = true;

        public bool Answered { get; set; } = true;

        public int Attempt { get; set; }

        public Func<int, long> Beat { get; set; } = _ => 0;

        public bool Busy { get; set; }

        public bool ByCommit { get; init; }

        public TimeSpan StartMax { get; init; }

        public ImmutableArray<RunPace> Seeds { get; init; } = [];

        public List<(int At, ProgressReport Report)> Read(int from, int to, (string Uid, Func<int, long> Step) run, bool inDoubt) =>
            Read(from, to, inDoubt, run);

        public List<(int At, ProgressReport Report)> Read(int from, int to, params (string Uid, Func<int, long> Step)[] runs) => Read(from, to, false, runs);

        public List<(int At, ProgressReport Report)> Read(int from, int to, bool inDoubt, params (string Uid, Func<int, long> Step)[] runs)
        {
            var reports = new List<(int, ProgressReport)>();
            for (var second = from; second <= to; second++)
            {
                ImmutableArray<RunSighting> seen = Answered
                    ? [.. runs.Select(run => new RunSighting(run.Uid, 1, Attempt, run.Step(second), TimeSpan.FromSeconds(5))
                        { Beat = Beat(second), Busy = Busy, ByCommit = ByCommit, StartMax = StartMax })]
                    : [];
                var reading = new ProgressReading(TimeSpan.FromSeconds(second), inDoubt, [new StoreReading("west", Answered, Outside, seen)]);
                var step = ProgressWitness.Next(_state ?? new ProgressWitnessState { Seeds = Seeds }, reading, Policy);
                _state = step.State;
                Rises.AddRange(step.Rises);
                if (step.Report is null)
                    continue;
                Last = step.Report;
                reports.Add((second, step.Report));
            }

            return reports;
        }
    }
}
