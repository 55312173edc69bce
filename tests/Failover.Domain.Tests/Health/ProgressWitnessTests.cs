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

        Assert.Equal(180, reader.Read(121, 200, ("a", _ => 6)).First(one => one.Report.Answer == Answer.No).At);
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
        reader.Read(21, 100, ("a", _ => 4));

        Assert.Equal((Answer.Unknown, false, 1), (reader.Last.Answer, reader.Last.CanaryOk, reader.Last.Unknown));
    }

    [Fact]
    public void Next_CanaryNotAnswered_SilenceDoesNotCount()
    {
        var reader = new Reader();
        reader.Read(0, 20, ("a", second => second / 5));
        reader.Answered = false;
        var cut = reader.Read(21, 60, ("a", _ => 4));
        Assert.DoesNotContain(cut, one => one.Report.Answer == Answer.No);
        Assert.Equal((Answer.Unknown, false), (reader.Last!.Answer, reader.Last.CanaryOk));

        // The clock of its silence starts when the store is back.
        reader.Answered = true;
        Assert.Equal(61 + 15, reader.Read(61, 90, ("a", _ => 4)).First(one => one.Report.Answer == Answer.No).At);
    }

    [Fact]
    public void Next_OneReadingLost_DoesNotStartTheClockAgain()
    {
        var reader = new Reader();
        reader.Read(0, 20, ("a", second => second / 5));
        reader.Answered = false;
        reader.Read(25, 25, ("a", _ => 4));
        reader.Answered = true;
        reader.Read(21, 24, ("a", _ => 4));

        Assert.Equal(35, reader.Read(26, 50, ("a", _ => 4)).First(one => one.Report.Answer == Answer.No).At);
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
        var lagged = reader.Read(40, 80, ("a", _ => 4));

        Assert.Equal((40, Answer.Unknown), (lagged[0].At, lagged[0].Report.Answer));
        Assert.Equal(55, lagged.First(one => one.Report.Answer == Answer.No).At);
    }

    [Fact]
    public void Next_SeededRun_IsAWitnessFromTheReadersStart()
    {
        var reader = new Reader { Seeds = [new RunPace("a", 1, 0, TimeSpan.FromSeconds(7)), new RunPace("b", 1, 3, TimeSpan.FromSeconds(7))] };
        var reports = reader.Read(0, 60, ("a", _ => 9), ("b", _ => 9));

        Assert.Equal(21, reports.First(one => one.Report.Answer == Answer.No).At);
        Assert.Null(reader.Last!.RoseAgo);
        Assert.Equal((1, 1), (reader.Last.Silent, reader.Last.Unknown));
    }

    [Fact]
    public void Next_OneOfThreeStalls_IsNotTheMembersSilence()
    {
        var reader = new Reader();
        reader.Read(0, 20, ("a", s => s / 5), ("b", s => s / 5), ("c", s => s / 5));
        var reports = reader.Read(21, 100, ("a", _ => 4), ("b", s => s / 5), ("c", s => s / 5));

        Assert.DoesNotContain(reports, one => one.Report.Answer == Answer.No);
        Assert.Equal((2, 1), (reader.Last!.Stepping, reader.Last.Silent));
    }

    [Fact]
    public void Next_SlowRunsLastStepBeforeTheLoss_DoesNotHideIt()
    {
        var reader = new Reader();
        reader.Read(0, 240, ("a", s => s / 5), ("slow", s => s / 60));
        var reports = reader.Read(241, 300, ("a", _ => 48), ("slow", _ => 4));

        var first = reports.First(one => one.Report.Answer == Answer.No);
        Assert.Equal((255, 1, 1), (first.At, first.Report.Stepping, first.Report.Silent));
    }

    [Fact]
    public void Next_FewOfTheWitnessesMissed_IsNotYetSilence()
    {
        var reader = new Reader();
        reader.Read(0, 240, ("a", s => s / 5), ("s1", s => s / 60), ("s2", s => s / 60));
        var reports = reader.Read(241, 500, ("a", _ => 48), ("s1", _ => 4), ("s2", _ => 4));

        Assert.Equal(240 + 180, reports.First(one => one.Report.Answer == Answer.No).At);
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

    private sealed class Reader
    {
        private ProgressWitnessState? _state;

        public ProgressWitnessState State => _state!;

        public ProgressReport? Last { get; private set; }

        public List<RunRise> Rises { get; } = [];

        public bool Outside { get; init; } = true;

        public bool Answered { get; set; } = true;

        public int Attempt { get; set; }

        public ImmutableArray<RunPace> Seeds { get; init; } = [];

        public List<(int At, ProgressReport Report)> Read(int from, int to, (string Uid, Func<int, long> Step) run, bool inDoubt) =>
            Read(from, to, inDoubt, run);

        public List<(int At, ProgressReport Report)> Read(int from, int to, params (string Uid, Func<int, long> Step)[] runs) => Read(from, to, false, runs);

        private List<(int At, ProgressReport Report)> Read(int from, int to, bool inDoubt, params (string Uid, Func<int, long> Step)[] runs)
        {
            var reports = new List<(int, ProgressReport)>();
            for (var second = from; second <= to; second++)
            {
                ImmutableArray<RunSighting> seen = Answered
                    ? [.. runs.Select(run => new RunSighting(run.Uid, 1, Attempt, run.Step(second), TimeSpan.FromSeconds(5)))]
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
