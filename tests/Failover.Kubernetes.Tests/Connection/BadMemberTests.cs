using Failover.Abstractions.Ports;
using Failover.Domain.Health;
using Failover.Kubernetes.Tests.Watching;
using Failover.Simulator.ApiServer;

namespace Failover.Kubernetes.Tests.Connection;

/// <summary>Members that can't be used, each for another reason, over real HTTPS: what a probe and what a watch call it.</summary>
public sealed class BadMemberTests
{
    [Fact]
    public async Task Unreachable_NothingListens_Unreachable()
    {
        await using var test = await TestMember.StartAsync();
        await test.Member.PowerOffAsync();

        await AssertAsync(test, test.Kubeconfig(), ProbeAnswer.NoAnswer, ApiTrouble.Unreachable, "refused");
    }

    [Fact]
    public async Task Unreachable_NothingComesBack_Unreachable()
    {
        await using var test = await TestMember.StartAsync();
        test.Member.CutNetwork();

        var probe = await test.Client().ProbeAsync(TimeSpan.FromMilliseconds(300));

        Assert.Equal((ProbeAnswer.NoAnswer, ApiTrouble.Unreachable), (probe.Answer, probe.Trouble));
    }

    [Fact]
    public async Task Deleted_NameIsGone_NoSuchHost()
    {
        await using var test = await TestMember.StartAsync();

        // RFC 6761: no name below it is ever known.
        await AssertAsync(test, await ChangedAsync(test, ("server", "https://east-1.deleted.invalid:443")), ProbeAnswer.NoAnswer, ApiTrouble.NoSuchHost, "");
    }

    [Fact]
    public async Task OtherAuthority_WrongAuthority()
    {
        await using var test = await TestMember.StartAsync();
        await using var other = await TestMember.StartAsync();
        var kubeconfig = await ChangedAsync(test, ("certificate-authority-data", Base64(other.Member.AuthorityPem)));

        await AssertAsync(test, kubeconfig, ProbeAnswer.NotTrusted, ApiTrouble.WrongAuthority, "CN=east-1-ca");
    }

    [Fact]
    public async Task SameAuthorityOtherHostName_WrongHostName()
    {
        await using var test = await TestMember.StartAsync(TestMember.Options with { CertificateHostNames = ["elsewhere.example", "192.0.2.7"] });

        await AssertAsync(test, test.Kubeconfig(), ProbeAnswer.NotTrusted, ApiTrouble.WrongHostName, "elsewhere.example, 192.0.2.7");
    }

    [Fact]
    public async Task BothWrong_AuthorityIsTold()
    {
        await using var test = await TestMember.StartAsync(TestMember.Options with { CertificateHostNames = ["elsewhere.example"] });
        await using var other = await TestMember.StartAsync();
        var kubeconfig = await ChangedAsync(test, ("certificate-authority-data", Base64(other.Member.AuthorityPem)));

        await AssertAsync(test, kubeconfig, ProbeAnswer.NotTrusted, ApiTrouble.WrongAuthority, "");
    }

    [Fact]
    public async Task CertificateRanOut_CertificateExpired()
    {
        await using var test = await TestMember.StartAsync(TestMember.Options with { CertificateExpired = true });

        await AssertAsync(test, test.Kubeconfig(), ProbeAnswer.NotTrusted, ApiTrouble.CertificateExpired, "valid from");
    }

    [Fact]
    public async Task TokenExpired_CredentialsRefused()
    {
        await using var test = await TestMember.StartAsync();

        await AssertAsync(test, test.Kubeconfig("late"), ProbeAnswer.NotTrusted, ApiTrouble.CredentialsRefused, "401");
    }

    [Fact]
    public async Task NoKubeconfig_NoCredentials()
    {
        await using var test = await TestMember.StartAsync();

        await AssertAsync(test, test.PathOf("none.yaml"), ProbeAnswer.NotTrusted, ApiTrouble.NoCredentials, "none.yaml");
    }

    [Fact]
    public async Task NoPermission_AnswersProbesAndLetsUsSeeNothing()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client("nobody", Impatient);

        Assert.Equal((ProbeAnswer.Ready, ApiTrouble.None), Of(await client.ProbeAsync(TestMember.Patience)));
        var loss = await LossAsync(client);
        Assert.Equal(ApiTrouble.NotPermitted, loss.Trouble);
        Assert.Contains("cannot list resource", loss.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 0, ApiTrouble.Unwell)]
    [InlineData(0, 1, ApiTrouble.Overloaded)]
    public async Task BrownOut_AnswersThatItCannot(double errors, double throttled, ApiTrouble trouble)
    {
        await using var test = await TestMember.StartAsync();
        test.Member.SetApiFault(new ApiFault { ErrorShare = errors, ThrottleShare = throttled });

        await AssertAsync(test, test.Kubeconfig(), ProbeAnswer.NotReady, trouble, "");
    }

    private static KubernetesOptions Impatient
    {
        get
        {
            var options = TestMember.Quick;
            options.SightGrace = TimeSpan.FromMilliseconds(100);
            return options;
        }
    }

    private static async Task AssertAsync(TestMember test, string kubeconfig, ProbeAnswer answer, ApiTrouble trouble, string detail)
    {
        var client = test.ClientOf(kubeconfig, Impatient);

        var probe = await client.ProbeAsync(TestMember.Patience);

        Assert.Equal((answer, trouble), Of(probe));
        Assert.Contains(detail, probe.Detail, StringComparison.Ordinal);
        Assert.Equal(trouble, (await LossAsync(client)).Trouble);
    }

    /// <summary>What the watch says; before its first try has failed it says nothing of why.</summary>
    private static async Task<SightLoss> LossAsync(IMemberClient client)
    {
        using var ending = new CancellationTokenSource();
        var observer = new RecordingObserver();
        var watching = client.WatchAsync(observer, TimeSpan.FromMilliseconds(1), ending.Token);
        SightLoss loss;
        do
        {
            loss = await observer.LoseAsync();
        }
        while (loss.Trouble == ApiTrouble.None);
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
        return loss;
    }

    private static (ProbeAnswer Answer, ApiTrouble Trouble) Of(ProbeResult probe) => (probe.Answer, probe.Trouble);

    private static async Task<string> ChangedAsync(TestMember test, params (string Field, string Value)[] fields)
    {
        var path = test.PathOf("changed.yaml");
        await File.WriteAllTextAsync(path, Kubeconfigs.WithCluster(await File.ReadAllTextAsync(test.Kubeconfig()), fields));
        return path;
    }

    private static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(text));
}
