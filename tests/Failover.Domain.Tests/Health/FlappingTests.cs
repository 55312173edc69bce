using CsCheck;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Tests.Members;

namespace Failover.Domain.Tests.Health;

/// <summary>Witnesses and member together, in seconds.</summary>
public sealed class FlappingTests
{
    private static readonly HealthPolicy Policy = new();

    [Fact]
    public void Probes_OneInTwentyLost_NeverLoseAMemberWhoseRunsProgress() =>
        Gen.Select(Gen.Int[0, 99].Array[1200], Gen.Int[0, 99].Array[1200]).Sample((probes, reads) =>
        {
            var site = new Site();
            for (var second = 0; second < probes.Length; second++)
            {
                site.Second(second, probes[second] >= 5, reads[second] >= 5, second / 5);
                Assert.NotEqual(MemberVerdict.Lost, site.Member.Verdict);
            }
        }, iter: 100);

    [Fact]
    public void Api_GoneForLong_NeverLosesAMemberWhoseRunsProgress()
    {
        var site = new Site();
        for (var second = 0; second < 7200; second++)
        {
            site.Second(second, second < 60, true, second / 5);
            Assert.NotEqual(MemberVerdict.Lost, site.Member.Verdict);
        }

        Assert.Equal(MemberVerdict.ControlPlaneDown, site.Member.Verdict);
    }

    [Fact]
    public void Everything_GoneAtAnyMoment_IsSuspectWithinFourAndLostWithinTwentySeconds()
    {
        for (var phase = 0; phase < 20; phase++)
        {
            var (site, gone) = (new Site(), 60 + phase);
            for (var second = 0; second < gone + 40; second++)
                site.Second(second, second < gone, true, Math.Min(second, gone - 1) / 5);

            Assert.Equal([MemberVerdict.Healthy, MemberVerdict.Suspect, MemberVerdict.Lost], site.Member.Changes.Select(change => change.To));
            Assert.InRange(site.Member.Changes[1].At, MemberWorld.Time(gone), MemberWorld.Time(gone + 4));
            Assert.InRange(site.Member.Changes[2].At, MemberWorld.Time(gone), MemberWorld.Time(gone + 20));
        }
    }

    [Fact]
    public void Silo_RestartedAmidTheOutage_StillFindsTheLoss()
    {
        var site = new Site();
        for (var second = 0; second < 70; second++)
            site.Second(second, second < 64, true, Math.Min(second, 63) / 5);
        Assert.Equal(MemberVerdict.Suspect, site.Member.Verdict);

        site.Member.Apply(new MemberEvent.Activated(MemberWorld.Time(70)));
        var again = new Site { Member = site.Member, Reader = new ProgressWitnessState { Seeds = site.Member.State.Paces } };
        for (var second = 70; second < 100; second++)
            again.Second(second, false, true, 12);

        Assert.Equal(MemberVerdict.Lost, again.Member.Verdict);
    }

    private sealed class Site
    {
        private ProbeWitnessState _prober = new();

        public MemberWorld Member { get; init; } = new();

        public ProgressWitnessState Reader { get; set; } = new();

        public void Second(int second, bool answers, bool storeAnswers, long step)
        {
            var now = TimeSpan.FromSeconds(second);
            var (prober, api) = ProbeWitness.Next(_prober, answers ? ProbeOutcome.Ready : ProbeOutcome.NoAnswer, now, Policy);
            _prober = prober;
            if (api is not null)
                Member.Apply(new MemberEvent.ApiReported(MemberWorld.Time(second), "here", api));

            var inDoubt = prober.Answer != Answer.Yes;
            if (!inDoubt && second % 2 == 1)
                return;
            var store = new StoreReading("west", storeAnswers, true, storeAnswers ? [new RunSighting("a", 1, 0, step, TimeSpan.FromSeconds(5))] : []);
            var read = ProgressWitness.Next(Reader, new ProgressReading(now, inDoubt, [store]), Policy);
            Reader = read.State;
            if (read.Report is not null)
                Member.Apply(new MemberEvent.ProgressReported(MemberWorld.Time(second), "here", read.Report));
        }
    }
}
