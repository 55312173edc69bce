using Failover.Kubernetes.Launching;

namespace Failover.Kubernetes.Tests.Launching;

public sealed class WorkloadNameTests
{
    [Theory]
    [InlineData("llm", "0123456789abcdef", 3, 4, "llm-01234567-e3")]
    [InlineData("llm", "01", 3, 4, "llm-01-e3")]
    public void Of_ShortRun_RunUidEpoch(string run, string uid, int epoch, int workers, string name) =>
        Assert.Equal(name, WorkloadName.Of(run, uid, epoch, workers));

    [Fact]
    public void Of_LongestOfAll_HostNamesFitADnsLabel()
    {
        var name = WorkloadName.Of(new string('r', 36) + "---x", "0123456789abcdef", int.MaxValue, 10_000);

        Assert.True($"{name}-9999".Length <= 63);
        Assert.Matches("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", name);
        Assert.DoesNotContain("--", name, StringComparison.Ordinal);
        Assert.EndsWith("-01234567-e2147483647", name, StringComparison.Ordinal);
    }
}
