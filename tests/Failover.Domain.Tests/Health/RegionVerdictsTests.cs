using Failover.Domain.Health;
using Failover.Domain.Members;

namespace Failover.Domain.Tests.Health;

public sealed class RegionVerdictsTests
{
    [Theory]
    [InlineData("", MemberVerdict.Unknown)]
    [InlineData("Healthy,Healthy", MemberVerdict.Healthy)]
    [InlineData("Healthy,Lost", MemberVerdict.Degraded)]
    [InlineData("Degraded,Lost", MemberVerdict.Degraded)]
    [InlineData("Lost,Lost", MemberVerdict.Lost)]
    [InlineData("Lost,IdleSuspect", MemberVerdict.Lost)]
    [InlineData("Lost,UnseenSuspect", MemberVerdict.Lost)]
    [InlineData("Lost,Suspect", MemberVerdict.Suspect)]
    [InlineData("IdleSuspect,IdleSuspect", MemberVerdict.Suspect)]
    [InlineData("Lost,ControlPlaneDown", MemberVerdict.Suspect)]
    [InlineData("ControlPlaneDown,ControlPlaneDown", MemberVerdict.ControlPlaneDown)]
    [InlineData("Stopped,Stopped", MemberVerdict.Stopped)]
    [InlineData("Stopped,Unknown", MemberVerdict.Unknown)]
    public void Of_Members_AddUp(string members, MemberVerdict verdict)
    {
        var region = RegionVerdicts.Of("east", [.. members.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Member), Member("Healthy") with { Region = "west" }]);

        Assert.Equal((verdict, verdict != MemberVerdict.Lost), (region.Verdict, region.IsTarget));
        Assert.NotEmpty(region.Reason);
    }

    private static MemberState Member(string verdict)
    {
        var capacity = new CapacitySnapshot(1, [], verdict == "IdleSuspect" ? [] : [new WorkloadUse("run", 1, "h100", 8)]);
        return MemberMachine.Create("m", "east", DateTimeOffset.UnixEpoch) with
        {
            Verdict = verdict.EndsWith("Suspect", StringComparison.Ordinal) ? MemberVerdict.Suspect : Enum.Parse<MemberVerdict>(verdict),
            Capacity = verdict == "UnseenSuspect" ? null : capacity,
        };
    }
}
