using System.Collections.Immutable;
using CsCheck;
using Failover.Domain.Health;
using Failover.Domain.Members;

namespace Failover.Domain.Tests.Members;

public sealed class MemberVerdictTests
{
    [Fact]
    public void Api_Answers_IsHealthy()
    {
        var member = new MemberWorld().Healthy();

        Assert.Equal(MemberVerdict.Healthy, member.Verdict);
        var change = Assert.Single(member.Changes);
        Assert.Equal((MemberVerdict.Unknown, MemberVerdict.Healthy, "api-answers", null), (change.From, change.To, change.Row, change.TroubleSince));
        Assert.Equal("api-answers: The API answers. [api=Yes, ready=Yes, nodes=Unknown, progress=Unknown] api@here: Yes", change.Detail);
    }

    [Fact]
    public void Nodes_MostlyDown_IsDegradedSinceTheirFirstSign()
    {
        var member = new MemberWorld().Healthy().Nodes(10, Answer.No, 4);
        Assert.Equal((MemberVerdict.Degraded, MemberWorld.Time(6)), (member.Verdict, member.State.TroubleSince));

        // Nodes are told of on changes only: no age makes them well.
        Assert.Equal(MemberVerdict.Degraded, member.Api(100, Answer.Yes).Verdict);
        Assert.Equal(MemberVerdict.Healthy, member.Nodes(101, Answer.Yes).Verdict);
        Assert.Null(member.State.TroubleSince);
    }

    [Fact]
    public void Nodes_AfterSightWasLost_SayNothing()
    {
        var member = new MemberWorld().Healthy().Nodes(10, Answer.No);
        member.Apply(new MemberEvent.LostSight(MemberWorld.Time(11), "watch"));
        Assert.Equal(MemberVerdict.Degraded, member.Verdict);
        member.Apply(new MemberEvent.LostSight(MemberWorld.Time(15), "watch"));

        Assert.Equal(MemberVerdict.Healthy, member.Api(21, Answer.Yes).Verdict);
        Assert.Equal("Its watch broke off; its GPUs are no longer known.", MemberMachine.IsTarget(member.State).Reason);
        Assert.True(MemberMachine.IsTarget(member.Observed(22, 1).State).IsTarget);
    }

    [Fact]
    public void ApiNo_RunsProgress_IsControlPlaneDownForHours()
    {
        var member = new MemberWorld().Healthy().Api(3, Answer.No).Progress(3, Answer.Yes, 1);
        Assert.Equal(MemberVerdict.Suspect, member.Verdict);

        for (var at = 4; at < 7200; at++)
            member.Api(at, Answer.No, at - 1).Progress(at, Answer.Yes, at % 5);
        Assert.Equal(MemberVerdict.ControlPlaneDown, member.Verdict);
        Assert.Equal([MemberVerdict.Healthy, MemberVerdict.Suspect, MemberVerdict.ControlPlaneDown], member.Changes.Select(change => change.To));
        Assert.Equal(MemberWorld.Time(1), member.State.TroubleSince);

        // What is lost later was lost from its last step on.
        Assert.Equal(MemberVerdict.Lost, member.Api(7220, Answer.No, 7219).Progress(7220, Answer.No, 21).Verdict);
        Assert.Equal(MemberWorld.Time(7199), member.Changes[^1].TroubleSince);
    }

    [Fact]
    public void ApiNo_RunsSilent_IsLostSinceTheFirstMiss()
    {
        var member = new MemberWorld().Lost();

        Assert.Equal([MemberVerdict.Healthy, MemberVerdict.Suspect, MemberVerdict.Lost], member.Changes.Select(change => change.To));
        Assert.Equal(("silent", MemberWorld.Time(1)), (member.Row, member.Changes[^1].TroubleSince));
        Assert.False(member.State.Clean);
        Assert.True(member.Last!.MustStore);
    }

    [Fact]
    public void ApiNo_Idle_StaysSuspect()
    {
        var member = new MemberWorld().Healthy();
        for (var at = 3; at < 3600; at++)
            member.Api(at, Answer.No, at).Progress(at, Answer.Unknown);

        Assert.Equal((MemberVerdict.Suspect, "api-silent"), (member.Verdict, member.Row));
        Assert.Equal("It is Suspect, not Healthy.", MemberMachine.IsTarget(member.State).Reason);
    }

    [Theory]
    [InlineData(20, 26)]
    [InlineData(26, 20)]
    public void Lost_NeedsBothFresh(double api, double progress)
    {
        var member = new MemberWorld().Healthy();
        _ = api < progress
            ? member.Api(api, Answer.No).Progress(progress, Answer.No)
            : member.Progress(progress, Answer.No).Api(api, Answer.No);

        Assert.NotEqual(MemberVerdict.Lost, member.Verdict);
    }

    [Fact]
    public void Evidence_OfAFormerActivation_IsVoid()
    {
        var member = new MemberWorld().Healthy().Progress(1, Answer.No);
        member.Apply(new MemberEvent.Activated(MemberWorld.Time(2)));
        Assert.Equal(MemberVerdict.Healthy, member.Verdict);

        Assert.Equal(MemberVerdict.Suspect, member.Api(3, Answer.No).Verdict);
    }

    [Fact]
    public void Lost_AfterActivation_StaysLost()
    {
        var member = new MemberWorld().Lost();
        member.Apply(new MemberEvent.Activated(MemberWorld.Time(30)));
        Assert.Equal(MemberVerdict.Lost, member.Tick(40).Verdict);
        Assert.Equal(MemberVerdict.Lost, member.Tick(100_000).Verdict);
        Assert.Equal(MemberVerdict.Lost, member.Api(100_001, Answer.No).Progress(100_001, Answer.Unknown).Verdict);
    }

    [Fact]
    public void Healthy_NothingHeardForLong_IsUnknown()
    {
        var member = new MemberWorld().Healthy();
        Assert.Equal(MemberVerdict.Healthy, member.Tick(119).Verdict);
        Assert.Equal((MemberVerdict.Unknown, "blind"), (member.Tick(120).Verdict, member.Row));
        Assert.Equal(MemberVerdict.Healthy, member.Api(301, Answer.Yes).Verdict);
    }

    [Fact]
    public void Credentials_Refused_IsSuspectWhateverRunsSay()
    {
        var member = new MemberWorld().Healthy().Api(10, Answer.Unknown, refused: true).Progress(11, Answer.No, 20);

        Assert.Equal((MemberVerdict.Suspect, "credentials-refused"), (member.Verdict, member.Row));
        Assert.Equal(MemberWorld.Time(10), member.State.TroubleSince);
    }

    [Fact]
    public void Stopped_ByItsOwner_IsNotLost()
    {
        var member = new MemberWorld().Healthy();
        member.Apply(new MemberEvent.OwnerReported(MemberWorld.Time(1), true, "")).Api(20, Answer.No).Progress(20, Answer.No);
        Assert.Equal(MemberVerdict.Stopped, member.Verdict);

        member.Apply(new MemberEvent.OwnerReported(MemberWorld.Time(21), false, ""));
        Assert.Equal(MemberVerdict.Lost, member.Verdict);
    }

    [Fact]
    public void Sites_QuorumIsOfConfiguredOnes()
    {
        var member = new MemberWorld("a", "b", "c").Api(1, Answer.Yes, site: "a").Api(1, Answer.Yes, site: "b");
        Assert.Equal(MemberVerdict.Healthy, member.Verdict);

        member.Api(3, Answer.No, site: "a").Api(3, Answer.No, site: "elsewhere").Progress(3, Answer.No, site: "a");
        Assert.Equal(MemberVerdict.Healthy, member.Verdict);
        member.Api(4, Answer.No, site: "c");
        Assert.Equal(MemberVerdict.Suspect, member.Verdict);
        Assert.Equal(MemberVerdict.Lost, member.Progress(4, Answer.No, site: "b").Verdict);
    }

    [Fact]
    public void Sites_OneThatSeesStepsRise_Outweighs()
    {
        var member = new MemberWorld("a", "b", "c").Api(20, Answer.No, 18, "a").Api(20, Answer.No, 18, "b");
        member.Progress(20, Answer.Yes, 1, "c").Progress(20, Answer.No, site: "a").Progress(20, Answer.No, site: "b");

        Assert.Equal(MemberVerdict.ControlPlaneDown, member.Verdict);
    }

    [Fact]
    public void Lost_ApiAnswersForAWhile_ReturnsUncleanUntilSwept()
    {
        var member = new MemberWorld().Lost();
        Assert.Equal(MemberVerdict.Lost, member.Api(100, Answer.Yes).Verdict);
        Assert.Equal(MemberVerdict.Lost, member.Api(114, Answer.Yes).Verdict);
        Assert.Equal(MemberVerdict.Healthy, member.Api(115, Answer.Yes).Verdict);
        Assert.Equal("It came back from a loss, and stale epochs may still be there.", MemberMachine.IsTarget(member.State).Reason);

        Swept(member, at: 116, startedAt: 114, clean: true);
        Assert.False(member.State.Clean);
        Swept(member, at: 117, startedAt: 116, clean: false, "run-e1");
        Assert.False(member.State.Clean);
        Assert.Equal(["run-e1"], member.State.StaleWorkloads);
        Swept(member, at: 118, startedAt: 117, clean: true, "run-e1");
        Assert.False(member.State.Clean);
        Swept(member, at: 119, startedAt: 118, clean: true);
        Assert.True(MemberMachine.IsTarget(member.State).IsTarget);
    }

    [Fact]
    public void Lost_SweptWhileLost_StaysUnclean()
    {
        var member = new MemberWorld().Lost();
        Swept(member, at: 30, startedAt: 25, clean: true);

        Assert.False(member.State.Clean);
    }

    [Fact]
    public void Lost_Flaps_StartsTheReturnAnew()
    {
        var member = new MemberWorld().Lost().Api(100, Answer.Yes).Api(110, Answer.No).Api(112, Answer.Yes);

        Assert.Equal(MemberVerdict.Lost, member.Api(116, Answer.Yes).Verdict);
        Assert.Equal(MemberVerdict.Healthy, member.Api(127, Answer.Yes).Verdict);
    }

    [Fact]
    public void Lost_RunsStepAgain_IsControlPlaneDownAfterAWhile()
    {
        var member = new MemberWorld().Lost();
        for (var at = 30; at < 45; at++)
            Assert.Equal(MemberVerdict.Lost, member.Api(at, Answer.No, at - 1).Progress(at, Answer.Yes, 0).Verdict);
        Assert.Equal(MemberVerdict.ControlPlaneDown, member.Api(45, Answer.No, 44).Progress(45, Answer.Yes, 0).Verdict);

        Assert.False(member.State.Clean);
    }

    [Fact]
    public void Lost_OldRises_DoNotSpeakAgainstIt()
    {
        var member = new MemberWorld().Lost();
        for (var at = 21; at < 60; at++)
            member.Api(at, Answer.Unknown).Progress(at, Answer.Yes, at - 19);

        Assert.Equal(MemberVerdict.Lost, member.Verdict);
    }

    [Fact]
    public void ConfirmedLost_ByAnOperator_StandsUntilTakenBack()
    {
        var member = new MemberWorld().Healthy().Api(5, Answer.Yes, 5);
        member.Apply(new MemberEvent.ConfirmedLost(MemberWorld.Time(6), "ann"));
        Assert.Equal((MemberVerdict.Lost, "operator-confirmed"), (member.Verdict, member.Row));
        Assert.Contains("operator=ann", member.State.VerdictDetail, StringComparison.Ordinal);

        // The API answered all along: the operator knew that.
        for (var at = 7; at < 100; at++)
            member.Api(at, Answer.Yes, at).Progress(at, Answer.Yes, 0);
        Assert.Equal(MemberVerdict.Lost, member.Verdict);

        member.Apply(new MemberEvent.Trusted(MemberWorld.Time(100), "ann"));
        Assert.Equal((MemberVerdict.Healthy, false, MemberWorld.Time(100)), (member.Verdict, member.State.Clean, member.State.ReturnedAt));
        Assert.Null(member.State.ConfirmedLostBy);
    }

    [Fact]
    public void ConfirmedLost_ApiBeginsToAnswerLater_IsContradicted()
    {
        var member = new MemberWorld().Healthy().Api(10, Answer.No);
        member.Apply(new MemberEvent.ConfirmedLost(MemberWorld.Time(20), "ann"));
        member.Api(60, Answer.Yes, 1).Api(75, Answer.Yes, 16);

        Assert.Equal((MemberVerdict.Healthy, null), (member.Verdict, member.State.ConfirmedLostBy));
    }

    [Fact]
    public void Trusted_ButStillSilent_IsLostAgainAtOnce()
    {
        var member = new MemberWorld().Lost();
        member.Apply(new MemberEvent.Trusted(MemberWorld.Time(21), "ann"));
        Assert.Equal(MemberVerdict.Lost, member.Verdict);

        member.Apply(new MemberEvent.Trusted(MemberWorld.Time(40), "ann"));
        Assert.Equal(MemberVerdict.Unknown, member.Verdict);
        member.Apply(new MemberEvent.Trusted(MemberWorld.Time(41), "ann"));
        Assert.False(member.Last!.MustStore);
    }

    [Fact]
    public void Cordon_Cordoned_IsNoTarget()
    {
        var member = new MemberWorld().Healthy();
        member.Apply(new MemberEvent.Cordoned(MemberWorld.Time(1), "ann"));
        Assert.Equal(new TargetAnswer(false, "It is cordoned by ann."), MemberMachine.IsTarget(member.State));
        member.Apply(new MemberEvent.Uncordoned(MemberWorld.Time(2), "ann"));
        Assert.True(MemberMachine.IsTarget(member.State).IsTarget);
    }

    [Fact]
    public void IsTarget_NeverListed_IsNot() =>
        Assert.Equal("Its GPUs have not been listed yet.", MemberMachine.IsTarget(new MemberWorld().Api(1, Answer.Yes).State).Reason);

    [Fact]
    public void MustStore_OnlyRefreshed_IsFalse()
    {
        var member = new MemberWorld().Healthy().Progress(1, Answer.Yes, 0, "here", new RunPace("a", 1, 0, TimeSpan.FromSeconds(10)));
        Assert.True(member.Last!.MustStore);
        Assert.False(member.Api(10, Answer.Yes).Last!.MustStore);
        Assert.False(member.Tick(11).Last!.MustStore);
        Assert.False(member.Progress(12, Answer.Yes, 0, "here", new RunPace("a", 1, 0, TimeSpan.FromSeconds(12))).Last!.MustStore);
        Assert.True(member.Progress(13, Answer.Yes, 0, "here", new RunPace("a", 1, 0, TimeSpan.FromSeconds(13))).Last!.MustStore);
        Assert.True(member.Progress(14, Answer.Yes, 0, "here", new RunPace("a", 1, 1, TimeSpan.FromSeconds(13))).Last!.MustStore);
        Assert.True(member.Progress(15, Answer.Yes, 0, "here", new RunPace("a", 2, 0, TimeSpan.FromSeconds(13))).Last!.MustStore);
        Assert.True(member.Progress(16, Answer.Yes, 0, "here", new RunPace("b", 2, 0, TimeSpan.FromSeconds(13))).Last!.MustStore);
        Assert.False(member.Progress(17, Answer.Unknown).Last!.MustStore);
        Assert.Equal("b", Assert.Single(member.State.Paces).RunUid);
    }

    [Fact]
    public void Describe_RowChangesWithinAVerdict_IsToldAnew()
    {
        var member = new MemberWorld().Healthy().Api(10, Answer.No).Api(20, Answer.Unknown, refused: true);

        Assert.Equal("credentials-refused", member.Row);
        Assert.Null(member.Last!.Verdict);
    }

    [Fact]
    public void Next_TimeGivenEarlier_NeverRunsBackwards() =>
        Gen.Int[-100, 100].List[1, 50].Sample(times =>
        {
            var member = new MemberWorld();
            foreach (var at in times)
            {
                var before = member.State.Now;
                member.Api(at, at % 2 == 0 ? Answer.Yes : Answer.No).Progress(at, Answer.No);
                Assert.True(member.State.Now >= before);
                Assert.True(member.State.VerdictSince <= member.State.Now);
            }
        });

    [Fact]
    public void Lost_EverEntered_HasFreshSilenceOfBothOrAnOperatorsWord() =>
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, 4], Gen.Enum<Answer>()).List[1, 60].Sample(steps =>
        {
            var (member, at) = (new MemberWorld(), 0);
            foreach (var (wait, kind, answer) in steps)
            {
                at += wait;
                var before = member.Verdict;
                _ = kind switch
                {
                    0 => member.Api(at, answer),
                    1 => member.Progress(at, answer, answer == Answer.Yes ? 0 : 10),
                    2 => member.Nodes(at, answer),
                    3 => member.Tick(at),
                    _ => member.Apply(new MemberEvent.Activated(MemberWorld.Time(at))),
                };
                if (before == MemberVerdict.Lost || member.Verdict != MemberVerdict.Lost)
                    continue;
                Assert.All(
                    [Witness.Api, Witness.Progress],
                    witness => Assert.Contains(
                        member.State.Evidence,
                        said => said.Witness == witness && said.Answer == Answer.No && member.State.Now - said.At <= member.Policy.DoubtAgeMax));
            }
        });

    private static void Swept(MemberWorld member, double at, double startedAt, bool clean, params ImmutableArray<string> stale) =>
        member.Apply(new MemberEvent.SweptClean(MemberWorld.Time(at), MemberWorld.Time(startedAt), clean, stale));

    [Fact]
    public void Stalls_ByAQuorumOfSites_AreStalledUntilTakenBack()
    {
        var member = new MemberWorld("a", "b", "c").Api(0, Answer.Yes, site: "a").Api(0, Answer.Yes, site: "b");
        Says("a", 1, true);
        Assert.Empty(member.State.Stalled);
        Says("b", 2, true);
        Assert.Equal([new RunEpoch("r", 1)], member.State.Stalled);
        Assert.True(member.Last!.MustStore);
        Says("b", 3, true);
        Assert.False(member.Last.MustStore);

        Says("a", 4, false);
        Assert.Empty(member.State.Stalled);
        Says("a", 5, true);
        member.Apply(new MemberEvent.Activated(MemberWorld.Time(6)));
        Assert.Empty(member.State.Stalled);

        void Says(string site, double at, bool stalled) => member.Apply(new MemberEvent.ProgressReported(MemberWorld.Time(at), site, new ProgressReport
        {
            Answer = Answer.Yes,
            Stalled = stalled ? [new RunStall("r", 1, TimeSpan.FromMinutes(9), 100)] : [],
        }));
    }

    [Fact]
    public void DeadNodes_UnderAGang_AreDatedFromTheirFirstSight()
    {
        var member = new MemberWorld().Healthy();
        Sees(10, 1);
        Sees(20, 2);
        Assert.Equal([new BrokenGang("r", 1, 2, MemberWorld.Time(10))], member.State.BrokenGangs);

        Sees(30, 0);
        Assert.Empty(member.State.BrokenGangs);
        Sees(40, 1);
        Assert.Equal(MemberWorld.Time(40), member.State.BrokenGangs[0].Since);

        void Sees(double at, int dead) => member.Apply(new MemberEvent.Observed(
            MemberWorld.Time(at), new CapacitySnapshot((long)at, [], [new WorkloadUse("r", 1, "h100", 32) { DeadPods = dead, DeadGpus = 8 * dead }])));
    }
}
