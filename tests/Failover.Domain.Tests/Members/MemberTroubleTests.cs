using Failover.Domain.Health;
using Failover.Domain.Members;

namespace Failover.Domain.Tests.Members;

public sealed class MemberTroubleTests
{
    public static TheoryData<ApiTrouble> All => [.. Enum.GetValues<ApiTrouble>().Where(trouble => trouble != ApiTrouble.None)];

    [Fact]
    public void Of_Well_None() => Assert.Null(MemberTrouble.Of(new MemberWorld().Healthy().State));

    [Theory]
    [MemberData(nameof(All))]
    public void Of_EachTrouble_HasItsOwnAdviceAndIsNeverALossByItself(ApiTrouble trouble)
    {
        var member = new MemberWorld().Healthy();
        var refused = trouble is ApiTrouble.CredentialsRefused or ApiTrouble.NotPermitted or ApiTrouble.WrongAuthority or ApiTrouble.WrongHostName
            or ApiTrouble.CertificateExpired or ApiTrouble.NoCredentials;
        member.Apply(new MemberEvent.LostSight(MemberWorld.Time(3), "watch") { Trouble = trouble });
        for (var second = 3; second < 3_600; second++)
            Probe(member, second, refused, trouble);

        Assert.DoesNotContain(member.Changes, change => change.To == MemberVerdict.Lost);
        Assert.Equal(MemberVerdict.Suspect, member.Verdict);
        Assert.Equal(trouble, MemberTrouble.Of(member.State)!.Trouble);
        Assert.Single(Enum.GetValues<ApiTrouble>(), other => ApiTroubles.Advice(other) == ApiTroubles.Advice(trouble));
    }

    [Fact]
    public void Of_AnswersProbesAndLetsUsSeeNothing_IsNoTargetAndSaysWhy()
    {
        var member = new MemberWorld().Healthy().Apply(new MemberEvent.LostSight(MemberWorld.Time(1), "nodes: 403") { Trouble = ApiTrouble.NotPermitted });

        member.Api(20, Answer.Yes);

        Assert.Equal(new MemberTrouble(ApiTrouble.NotPermitted, "nodes: 403"), MemberTrouble.Of(member.State));
        Assert.Equal(MemberVerdict.Healthy, member.Verdict);
        Assert.False(MemberMachine.IsTarget(member.State).IsTarget);
    }

    [Fact]
    public void Of_SightRegained_None()
    {
        var member = new MemberWorld().Healthy().Apply(new MemberEvent.LostSight(MemberWorld.Time(1), "nodes: 403") { Trouble = ApiTrouble.NotPermitted });

        Assert.Null(MemberTrouble.Of(member.Observed(2, 0, 4).State));
    }

    private static void Probe(MemberWorld member, double at, bool refused, ApiTrouble trouble) => member.Apply(new MemberEvent.ApiReported(
        MemberWorld.Time(at), "here", new ApiReport(refused ? Answer.Unknown : Answer.No, TimeSpan.FromSeconds(at), refused, "x") { Trouble = trouble }));
}
