using Failover.Domain.Health;

namespace Failover.Domain.Tests.Health;

public sealed class VerdictTableTests
{
    private static readonly Answer[] Answers = [Answer.Unknown, Answer.Yes, Answer.No];
    private static readonly bool[] Flags = [false, true];

    [Theory]
    [InlineData("operator-confirmed", MemberVerdict.Lost, Answer.Yes, Answer.Yes, Answer.Yes, Answer.No, false, false, false, false)]
    [InlineData("operator-confirmed", MemberVerdict.Lost, Answer.No, Answer.Unknown, Answer.Unknown, Answer.No, true, true, false, true)]
    [InlineData("nodes-down", MemberVerdict.Degraded, Answer.Yes, Answer.No, Answer.Yes, Answer.Unknown, false, false, false, false)]
    [InlineData("api-answers", MemberVerdict.Healthy, Answer.Yes, Answer.Yes, Answer.Yes, Answer.Unknown, false, false, false, false)]
    [InlineData("api-answers", MemberVerdict.Healthy, Answer.Yes, Answer.Unknown, Answer.No, Answer.Unknown, false, false, false, false)]
    [InlineData("api-answers", MemberVerdict.Healthy, Answer.Yes, Answer.Yes, Answer.Unknown, Answer.Unknown, false, true, true, false)]
    [InlineData("stopped-by-owner", MemberVerdict.Stopped, Answer.No, Answer.No, Answer.No, Answer.Unknown, false, true, false, false)]
    [InlineData("still-lost", MemberVerdict.Lost, Answer.No, Answer.Unknown, Answer.Unknown, Answer.Unknown, false, false, true, false)]
    [InlineData("still-lost", MemberVerdict.Lost, Answer.Unknown, Answer.Unknown, Answer.Unknown, Answer.Unknown, true, false, true, true)]
    [InlineData("credentials-refused", MemberVerdict.Suspect, Answer.Unknown, Answer.Unknown, Answer.No, Answer.Unknown, true, false, false, false)]
    [InlineData("credentials-refused", MemberVerdict.Suspect, Answer.No, Answer.No, Answer.No, Answer.Unknown, true, false, false, false)]
    [InlineData("control-plane-down", MemberVerdict.ControlPlaneDown, Answer.No, Answer.Unknown, Answer.Yes, Answer.Unknown, false, false, false, false)]
    [InlineData("control-plane-down", MemberVerdict.ControlPlaneDown, Answer.No, Answer.No, Answer.Yes, Answer.Unknown, false, true, true, false)]
    [InlineData("silent", MemberVerdict.Lost, Answer.No, Answer.Unknown, Answer.No, Answer.Unknown, false, false, false, false)]
    [InlineData("api-silent", MemberVerdict.Suspect, Answer.No, Answer.No, Answer.Unknown, Answer.Unknown, false, false, false, false)]
    [InlineData("stepping-again", MemberVerdict.ControlPlaneDown, Answer.Unknown, Answer.Unknown, Answer.Yes, Answer.Unknown, false, false, true, false)]
    [InlineData("blind", MemberVerdict.Unknown, Answer.Unknown, Answer.No, Answer.No, Answer.Unknown, false, false, false, true)]
    [InlineData("as-it-was", null, Answer.Unknown, Answer.No, Answer.No, Answer.Unknown, false, false, false, false)]
    [InlineData("as-it-was", null, Answer.Unknown, Answer.Yes, Answer.Yes, Answer.Unknown, false, false, false, false)]
    public void Decide_Input_IsDecidedByRow(
        string row, MemberVerdict? verdict, Answer api, Answer nodes, Answer progress, Answer word, bool refused, bool stopped, bool wasLost, bool blind)
    {
        var decided = VerdictTable.Decide(new VerdictInput
        {
            Api = api,
            Nodes = nodes,
            Progress = progress,
            Operator = word,
            Refused = refused,
            Stopped = stopped,
            WasLost = wasLost,
            Blind = blind,
        });

        Assert.Equal((row, verdict), (decided.Name, decided.Verdict));
    }

    [Fact]
    public void Decide_EveryInput_HasARowAndEveryRowAnInput()
    {
        var reached = AllInputs().Select(input => VerdictTable.Decide(input).Name).ToHashSet();

        Assert.Equal(VerdictTable.Rows.Select(row => row.Name).ToHashSet(), reached);
        Assert.Equal(VerdictTable.Rows.Length, VerdictTable.Rows.DistinctBy(row => row.Name).Count());
    }

    [Fact]
    public void Decide_AnyAnswerTurnedToNo_IsNeverHealthier()
    {
        foreach (var input in AllInputs())
            foreach (var worse in Worse(input))
                foreach (var stored in Enum.GetValues<MemberVerdict>().Where(verdict => (verdict == MemberVerdict.Lost) == input.WasLost))
                    Assert.True(
                        Badness(VerdictTable.Decide(worse).Verdict ?? stored) >= Badness(VerdictTable.Decide(input).Verdict ?? stored),
                        $"{stored}: {input} gives {VerdictTable.Decide(input).Name}, {worse} gives {VerdictTable.Decide(worse).Name}");
    }

    [Fact]
    public void Decide_ApiNoAlone_IsNeverLost()
    {
        // I5: whatever else is said, without silence of runs, an operator's word or an earlier loss, an API's silence moves nothing.
        Assert.DoesNotContain(
            AllInputs().Where(input => input.Progress != Answer.No && input.Operator != Answer.No && !input.WasLost),
            input => VerdictTable.Decide(input).Verdict == MemberVerdict.Lost);
    }

    [Fact]
    public void Decide_CredentialsRefused_IsNeverNewlyLostByWitnesses()
    {
        Assert.DoesNotContain(
            AllInputs().Where(input => input.Refused && input.Operator != Answer.No && !input.WasLost),
            input => VerdictTable.Decide(input).Verdict == MemberVerdict.Lost);
    }

    [Fact]
    public void Decide_AnswersThatAreIll_AreDegradedWhateverRunsDo()
    {
        var brownOuts = AllInputs().Where(input => input is { Api: Answer.Yes, Ready: Answer.No } && input.Operator != Answer.No);

        Assert.All(brownOuts, input => Assert.Equal(MemberVerdict.Degraded, VerdictTable.Decide(input).Verdict));
    }

    [Fact]
    public void Rows_Printed_SayWhenWhatAndWhatToDo()
    {
        Assert.Equal("operator=No", VerdictTable.Rows[0].Conditions);
        Assert.Equal("api=No|Unknown, progress=No|Unknown, was lost=yes", VerdictTable.Rows.Single(row => row.Name == "still-lost").Conditions);
        Assert.Equal("any", VerdictTable.Rows[^1].Conditions);
        Assert.Equal("refused=no", (VerdictTable.Rows[^1] with { Refused = false }).Conditions);
        Assert.All(VerdictTable.Rows, row => Assert.NotEmpty(row.Reason));
        Assert.All(VerdictTable.Rows.Where(row => row.Verdict is not (null or MemberVerdict.Healthy)), row => Assert.NotEmpty(row.Advice));
    }

    // By what follows: a target; no new work; runs are moved. Verdicts that have the same consequence are equally bad.
    private static int Badness(MemberVerdict verdict) => verdict switch
    {
        MemberVerdict.Healthy => 0,
        MemberVerdict.Lost => 2,
        _ => 1,
    };

    private static IEnumerable<VerdictInput> Worse(VerdictInput input) =>
    [
        input with { Api = Answer.No }, input with { Ready = Answer.No }, input with { Nodes = Answer.No }, input with { Progress = Answer.No }, input with { Operator = Answer.No },
    ];

    private static IEnumerable<VerdictInput> AllInputs() =>
        from api in Answers
        from ready in Answers
        from nodes in Answers
        from progress in Answers
        from word in Answers
        from refused in Flags
        from stopped in Flags
        from wasLost in Flags
        from blind in Flags
        select new VerdictInput
        {
            Api = api,
            Ready = ready,
            Nodes = nodes,
            Progress = progress,
            Operator = word,
            Refused = refused,
            Stopped = stopped,
            WasLost = wasLost,
            Blind = blind,
        };
}
