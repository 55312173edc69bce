using CsCheck;
using Failover.Domain.Health;

namespace Failover.Domain.Tests.Health;

public sealed class ProbeWitnessTests
{
    private static readonly HealthPolicy Policy = new();

    [Fact]
    public void Next_TwoGood_SaysYesOnceAndRefreshesSlowly()
    {
        var reports = Run("RRRRRRRRRRRRRRR");

        Assert.Equal([(1, Answer.Yes), (11, Answer.Yes)], reports.Select(report => (report.At, report.Report.Answer)));
        Assert.Equal(TimeSpan.FromSeconds(1), reports[0].Report.For);
        Assert.Equal("answers", reports[0].Report.Detail);
    }

    [Fact]
    public void Next_ThreeMisses_SaysNoSinceTheFirstAndRefreshesFast()
    {
        var reports = Run("RRNNNNN");

        Assert.Equal([(1, Answer.Yes), (4, Answer.No), (5, Answer.No), (6, Answer.No)], reports.Select(report => (report.At, report.Report.Answer)));
        Assert.Equal(TimeSpan.FromSeconds(2), reports[1].Report.For);
        Assert.Equal("does not answer", reports[1].Report.Detail);
    }

    [Theory]
    [InlineData("RRNNRNNR", Answer.Yes)]
    [InlineData("RRNNNR", Answer.Unknown)]
    [InlineData("RRNNNRNR", Answer.Unknown)]
    [InlineData("RRNNNRR", Answer.Yes)]
    [InlineData("RRNNND", Answer.Yes)]
    [InlineData("RRNDN", Answer.Yes)]
    [InlineData("RRDNNN", Answer.No)]
    [InlineData("RR", Answer.Yes)]
    [InlineData("R", Answer.Unknown)]
    [InlineData("NN", Answer.Unknown)]
    public void Next_Streaks_HaveThresholdsUpAndDown(string outcomes, Answer answer) => Assert.Equal(answer, End(outcomes).Answer);

    [Theory]
    [InlineData("RRDDD", true, "answers, but with errors")]
    [InlineData("RRSSS", true, "answers, but slowly")]
    [InlineData("RRDSS", true, "answers, but slowly")]
    // A brown-out answers now and then, and misses in between.
    [InlineData("RRNDNNDNND", true, "answers, but with errors")]
    [InlineData("RRDD", false, "answers")]
    [InlineData("RRDDDR", true, "answers, but with errors")]
    [InlineData("RRDDDRR", false, "answers")]
    public void Next_AnswersThatAreNotWell_AreAnIllnessAndNoSilence(string outcomes, bool ill, string detail)
    {
        var report = Run(outcomes)[^1].Report;

        Assert.Equal((Answer.Yes, ill), (End(outcomes).Answer, End(outcomes).Ill));
        Assert.Equal((Answer.Yes, ill, detail), (report.Answer, report.Ill, report.Detail));
    }

    [Theory]
    [InlineData(true, 499, ProbeOutcome.Ready)]
    [InlineData(true, 500, ProbeOutcome.Slow)]
    [InlineData(false, 1, ProbeOutcome.NotReady)]
    public void Answered_IsJudgedByStatusAndTime(bool ready, int milliseconds, ProbeOutcome outcome) =>
        Assert.Equal(outcome, ProbeWitness.Answered(ready, TimeSpan.FromMilliseconds(milliseconds), Policy));

    [Fact]
    public void Next_Refused_IsUnknownAndSaysSo()
    {
        var report = Run("RRTTT")[^1].Report;

        Assert.Equal((Answer.Unknown, true, "credentials or certificate refused"), (report.Answer, report.Refused, report.Detail));
        Assert.Equal((Answer.No, false), (End("RRTTTNNN").Answer, End("RRTTTNNN").Refused));
    }

    [Fact]
    public void Next_TroubleChanges_IsToldAtOnceAndForgottenOnceItAnswers()
    {
        var state = End("RRNNN");
        var refused = ProbeWitness.Next(state, ProbeOutcome.NoAnswer, TimeSpan.FromSeconds(5), Policy, new SightLoss(ApiTrouble.Unreachable, "refused"));
        var gone = ProbeWitness.Next(refused.State, ProbeOutcome.NoAnswer, TimeSpan.FromSeconds(5.1), Policy, new SightLoss(ApiTrouble.NoSuchHost, "unknown"));
        var first = ProbeWitness.Next(gone.State, ProbeOutcome.Ready, TimeSpan.FromSeconds(6), Policy);
        var second = ProbeWitness.Next(first.State, ProbeOutcome.Ready, TimeSpan.FromSeconds(7), Policy);

        Assert.Equal((ApiTrouble.Unreachable, "does not answer (refused)"), (refused.Report!.Trouble, refused.Report.Detail));
        Assert.Equal((ApiTrouble.NoSuchHost, "does not answer (unknown)"), (gone.Report!.Trouble, gone.Report.Detail));
        Assert.Equal((ApiTrouble.None, "answers"), (second.Report!.Trouble, second.Report.Detail));
    }

    [Fact]
    public void Next_OneBadProbeAmongGoodOnes_IsNoTrouble()
    {
        var step = ProbeWitness.Next(End("RRR"), ProbeOutcome.NoAnswer, TimeSpan.FromSeconds(3), Policy, new SightLoss(ApiTrouble.Unreachable, "refused"));

        Assert.Null(step.Report);
        Assert.Equal(ApiTrouble.None, step.State.Met.Trouble);
    }

    [Fact]
    public void Next_AfterOwnLag_IsUnknownAndStartsAgain()
    {
        var state = End("RRNN");
        var lagged = ProbeWitness.Next(state, ProbeOutcome.NoAnswer, TimeSpan.FromSeconds(7), Policy);
        var second = ProbeWitness.Next(lagged.State, ProbeOutcome.NoAnswer, TimeSpan.FromSeconds(8), Policy);
        var third = ProbeWitness.Next(second.State, ProbeOutcome.NoAnswer, TimeSpan.FromSeconds(9), Policy);

        Assert.Equal(new ApiReport(Answer.Unknown, TimeSpan.Zero, false, "the prober itself lagged"), lagged.Report);
        Assert.Equal((Answer.Unknown, "not settled yet"), (second.Report!.Answer, second.Report.Detail));
        Assert.Equal((Answer.No, TimeSpan.FromSeconds(2)), (third.Report!.Answer, third.Report.For));
    }

    [Fact]
    public void Next_AnyOutcomes_SaysNoOnlyAfterThreeMissesInARow() =>
        Gen.Enum<ProbeOutcome>().List[0, 60].Sample(outcomes =>
        {
            var state = new ProbeWitnessState();
            for (var i = 0; i < outcomes.Count; i++)
            {
                var (next, report) = ProbeWitness.Next(state, outcomes[i], TimeSpan.FromSeconds(i), Policy);
                if (next.Answer == Answer.No && state.Answer != Answer.No)
                    Assert.All(outcomes.Take(i + 1).TakeLast(3), outcome => Assert.Equal(ProbeOutcome.NoAnswer, outcome));
                if (next.Answer != state.Answer || next.Refused != state.Refused)
                    Assert.Equal(next.Answer, report!.Answer);
                state = next;
            }
        });

    private static ProbeWitnessState End(string outcomes) => Steps(outcomes).Last().Step.State;

    private static List<(int At, ApiReport Report)> Run(string outcomes) =>
        [.. Steps(outcomes).Where(one => one.Step.Report is not null).Select(one => (one.At, one.Step.Report!))];

    private static IEnumerable<(int At, ProbeStep Step)> Steps(string outcomes)
    {
        var state = new ProbeWitnessState();
        for (var i = 0; i < outcomes.Length; i++)
        {
            var outcome = outcomes[i] switch
            {
                'R' => ProbeOutcome.Ready,
                'N' => ProbeOutcome.NoAnswer,
                'D' => ProbeOutcome.NotReady,
                'S' => ProbeOutcome.Slow,
                _ => ProbeOutcome.NotTrusted,
            };
            var step = ProbeWitness.Next(state, outcome, TimeSpan.FromSeconds(i), Policy);
            yield return (i, step);
            state = step.State;
        }
    }
}
