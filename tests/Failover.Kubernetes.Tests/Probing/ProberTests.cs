using Failover.Abstractions.Ports;
using Failover.Simulator.ApiServer;

namespace Failover.Kubernetes.Tests.Probing;

public sealed class ProberTests
{
    private static readonly TimeSpan Long = TestMember.Patience;
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(500);

    [Fact]
    public async Task Probe_Well_Ready()
    {
        await using var test = await TestMember.StartAsync();

        var result = await test.Client().ProbeAsync(Long);

        Assert.Equal((ProbeAnswer.Ready, ""), (result.Answer, result.Detail));
    }

    [Fact]
    public async Task Probe_ServerError_NotReady()
    {
        await using var test = await TestMember.StartAsync();
        test.Member.SetApiFault(new ApiFault { ErrorShare = 1 });

        Assert.Equal(ProbeAnswer.NotReady, (await test.Client().ProbeAsync(Long)).Answer);
    }

    [Fact]
    public async Task Probe_Throttled_NotReady()
    {
        await using var test = await TestMember.StartAsync();
        test.Member.SetApiFault(new ApiFault { ThrottleShare = 1 });

        Assert.Equal(ProbeAnswer.NotReady, (await test.Client().ProbeAsync(Long)).Answer);
    }

    [Fact]
    public async Task Probe_NoKubeconfigYet_NotTrustedUntilItIsThere()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.ClientOf(test.PathOf("late.yaml"));

        Assert.Equal(ProbeAnswer.NotTrusted, (await client.ProbeAsync(Long)).Answer);

        test.Member.WriteKubeconfig(test.PathOf("late.yaml"), "admin");
        Assert.Equal(ProbeAnswer.Ready, (await client.ProbeAsync(Long)).Answer);
    }

    [Fact]
    public async Task Probe_CredentialsRotated_NewOnesAreUsed()
    {
        await using var test = await TestMember.StartAsync();
        var path = test.Member.WriteKubeconfig(test.PathOf("rotated.yaml"), "late");
        var client = test.ClientOf(path);
        Assert.Equal(ProbeAnswer.NotTrusted, (await client.ProbeAsync(Long)).Answer);

        test.Member.WriteKubeconfig(path, "admin");

        Assert.Equal(ProbeAnswer.Ready, (await client.ProbeAsync(Long)).Answer);
    }

    [Fact]
    public async Task Probe_PowerOff_NoAnswer()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        await client.ProbeAsync(Long);
        await test.Member.PowerOffAsync();

        Assert.Equal(ProbeAnswer.NoAnswer, (await client.ProbeAsync(Long)).Answer);
    }

    [Fact]
    public async Task Probe_SilentPartition_NoAnswerInTimeAndReadyAtOnceAfter()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        await client.ProbeAsync(Long);
        test.Member.CutNetwork();

        Assert.Equal(ProbeAnswer.NoAnswer, (await client.ProbeAsync(Short)).Answer);
        Assert.Equal(ProbeAnswer.NoAnswer, (await client.ProbeAsync(Short)).Answer);

        test.Member.RestoreNetwork();
        Assert.Equal(ProbeAnswer.Ready, (await client.ProbeAsync(Long)).Answer);
    }

    [Fact]
    public async Task Probe_CallersCancellation_IsThrown()
    {
        await using var test = await TestMember.StartAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => test.Client().ProbeAsync(Long, new CancellationToken(canceled: true)));
    }
}
