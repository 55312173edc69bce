using Failover.Abstractions.Ports;
using Failover.Simulator.ApiServer;
using k8s;
using Microsoft.Extensions.Time.Testing;

namespace Failover.Kubernetes.Tests.Launching;

public sealed class LauncherTests
{
    private const string Name = "llm-01234567-e1";

    [Fact]
    public async Task Launch_New_CreatedOnceAsManifested()
    {
        await using var test = await TestMember.StartAsync();

        var result = await test.Client().LaunchAsync(Launches.Request());

        Assert.Equal((CallOutcome.Done, $"created {Name}"), (result.Outcome, result.Detail));
        var job = await test.Foreign().ReadNamespacedJobAsync(Name, "train");
        Assert.Equal((2, 2, "Indexed", "Failed"), (job.Spec.Parallelism!.Value, job.Spec.Completions!.Value, job.Spec.CompletionMode, job.Spec.PodReplacementPolicy));
        Assert.Equal("launch-1", job.Metadata.Labels["failover.dev/launch-id"]);
    }

    [Fact]
    public async Task Launch_Again_AdoptedNotDoubled()
    {
        await using var test = await TestMember.StartAsync();
        await test.Client().LaunchAsync(Launches.Request());

        var result = await test.Client().LaunchAsync(Launches.Request());

        Assert.Equal((CallOutcome.Done, $"{Name} was there already"), (result.Outcome, result.Detail));
        Assert.Single((await test.Foreign().ListNamespacedJobAsync("train")).Items);
    }

    [Fact]
    public async Task Launch_SameNameOfAnotherLaunch_Invalid()
    {
        await using var test = await TestMember.StartAsync();
        await test.Client().LaunchAsync(Launches.Request(launchId: "launch-0"));

        var result = await test.Client().LaunchAsync(Launches.Request());

        Assert.Equal(CallOutcome.Invalid, result.Outcome);
        Assert.Contains("not of this launch", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Launch_NoSuchNamespace_Invalid()
    {
        await using var test = await TestMember.StartAsync();

        var result = await test.Client().LaunchAsync(Launches.Request() with { Namespace = "nowhere" });

        Assert.Equal(CallOutcome.Invalid, result.Outcome);
        Assert.Contains("nowhere", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Launch_ManifestThatTheServerRejects_Invalid()
    {
        await using var test = await TestMember.StartAsync();
        var workload = Launches.Job(4);
        workload["spec"]!["template"]!["spec"]!["restartPolicy"] = "Always";

        Assert.Equal(CallOutcome.Invalid, (await test.Client().LaunchAsync(Launches.Request(workload: workload))).Outcome);
    }

    [Fact]
    public async Task Launch_KindWithoutAdapter_Invalid()
    {
        await using var test = await TestMember.StartAsync();
        var workload = Launches.Job(4);
        workload["kind"] = "CronJob";

        Assert.Equal(CallOutcome.Invalid, (await test.Client().LaunchAsync(Launches.Request(workload: workload))).Outcome);
    }

    [Theory]
    [InlineData("viewer")]
    [InlineData("late")]
    public async Task Launch_CredentialsWontDo_Refused(string user)
    {
        await using var test = await TestMember.StartAsync();

        Assert.Equal(CallOutcome.Refused, (await test.Client(user).LaunchAsync(Launches.Request())).Outcome);
    }

    [Fact]
    public async Task Launch_Throttled_RefusedAfterTriesAndWithoutEffect()
    {
        await using var test = await TestMember.StartAsync();
        test.Member.SetApiFault(new ApiFault { ThrottleShare = 1 });

        var result = await test.Client().LaunchAsync(Launches.Request());

        Assert.Equal(CallOutcome.Refused, result.Outcome);
        Assert.Equal(2, test.Calls.Count(call => call.Status == 429));
    }

    [Fact]
    public async Task Launch_PowerOff_RefusedSinceNeverSent()
    {
        await using var test = await TestMember.StartAsync();
        await test.Member.PowerOffAsync();

        Assert.Equal(CallOutcome.Refused, (await test.Client().LaunchAsync(Launches.Request())).Outcome);
    }

    [Fact]
    public async Task Launch_ServerErrors_UnknownSinceItMayHaveActed()
    {
        await using var test = await TestMember.StartAsync();
        test.Member.SetApiFault(new ApiFault { ErrorShare = 1 });

        Assert.Equal(CallOutcome.Unknown, (await test.Client().LaunchAsync(Launches.Request())).Outcome);
    }

    [Fact]
    public async Task Launch_AnswerLostAndMemberStaysAway_Unknown()
    {
        await using var test = await TestMember.StartAsync();
        test.OnCall = call => CutAt(test, call, "create");

        Assert.Equal(CallOutcome.Unknown, (await test.Client(options: SoonGivesUp).LaunchAsync(Launches.Request())).Outcome);
    }

    [Fact]
    public async Task Launch_AnswerLostAndReadBack_Done()
    {
        await using var test = await TestMember.StartAsync();
        var created = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        test.OnCall = call =>
        {
            CutAt(test, call, "create");
            if (call.Verb == "create")
            {
                created.TrySetResult();
            }
        };
        var time = new FakeTimeProvider();
        // Our own limit ends the try here, on fake time; the pings are patient.
        var options = TestMember.Quick;
        options.KeepAliveDelay = options.KeepAliveTimeout = TimeSpan.FromMinutes(1);
        var launching = test.Client(options: options, time: time).LaunchAsync(Launches.Request());
        await created.Task.WaitAsync(TestMember.Patience);

        time.Advance(options.TryTimeout);
        test.Member.RestoreNetwork();

        Assert.Equal((CallOutcome.Done, $"{Name} was there already"), (await launching) is var result ? (result.Outcome, result.Detail) : default);
        Assert.Equal(1, test.CountOf("create", "jobs"));
    }

    [Fact]
    public async Task Delete_Seen_GoneInTheBackground()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        await client.LaunchAsync(Launches.Request());

        var result = await client.DeleteAsync(await SeenAsync(test));

        Assert.Equal(CallOutcome.Done, result.Outcome);
        Assert.Empty((await test.Foreign().ListNamespacedJobAsync("train")).Items);
    }

    [Fact]
    public async Task Delete_GoneAlready_Done()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        await client.LaunchAsync(Launches.Request());
        var seen = await SeenAsync(test);
        await client.DeleteAsync(seen);

        var result = await client.DeleteAsync(seen);

        Assert.Equal(CallOutcome.Done, result.Outcome);
        Assert.Contains("gone already", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_AnotherObjectHasTheName_DoneAndLeftAlone()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        await client.LaunchAsync(Launches.Request());

        var result = await client.DeleteAsync(await SeenAsync(test) with { ObjectUid = "of-before" });

        Assert.Equal(CallOutcome.Done, result.Outcome);
        Assert.Single((await test.Foreign().ListNamespacedJobAsync("train")).Items);
    }

    [Fact]
    public async Task Delete_AnswerLost_Unknown()
    {
        await using var test = await TestMember.StartAsync();
        Assert.Equal(CallOutcome.Done, (await test.Client().LaunchAsync(Launches.Request())).Outcome);
        var seen = await SeenAsync(test);
        test.OnCall = call => CutAt(test, call, "delete");
        var client = test.Client(options: SoonGivesUp);

        Assert.Equal(CallOutcome.Unknown, (await client.DeleteAsync(seen)).Outcome);
    }

    /// <summary>For answers that never come: waiting for them is all that these tests do.</summary>
    private static KubernetesOptions SoonGivesUp
    {
        get
        {
            var options = TestMember.Quick;
            options.TryTimeout = options.ConnectTimeout = TimeSpan.FromSeconds(4);
            return options;
        }
    }

    private static void CutAt(TestMember test, ApiCall call, string verb)
    {
        if (call.Verb == verb)
        {
            test.Member.CutNetwork();
        }
    }

    private static async Task<SeenWorkload> SeenAsync(TestMember test)
    {
        var job = await test.Foreign().ReadNamespacedJobAsync(Name, "train");
        return new SeenWorkload("train", Name, job.Metadata.Uid, Launches.Uid, 1, "launch-1", WorkloadPhase.Pending, null, "");
    }
}
