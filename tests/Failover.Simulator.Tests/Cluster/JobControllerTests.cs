using k8s;
using k8s.Models;

namespace Failover.Simulator.Tests.Cluster;

/// <summary>What becomes of Jobs and their pods.</summary>
public sealed class JobControllerTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pods_StartOnlyAfterTheStartupDelay_WithWhatTheyNeedToKnow()
    {
        await using var test = await TestMember.StartAsync();
        test.Member.SetStartupDelay(TimeSpan.FromSeconds(5));
        var client = test.Client();
        var job = await client.CreateAsync(Jobs.Gang("a", workers: 2));

        test.Pass(TimeSpan.FromSeconds(4));
        Assert.Empty(test.Told);
        test.Pass(Second);

        var pods = test.ToldOf("started").OrderBy(p => p.CompletionIndex).ToList();
        Assert.Equal([0, 1], pods.Select(p => p.CompletionIndex));
        Assert.All(pods, p => Assert.Equal(("east-1", "eastus", "a", job.Metadata.Uid, 2), (p.Member, p.Region, p.JobName, p.JobUid, p.GangSize)));
        Assert.Equal("a", pods[1].Environment["FAILOVER_RUN"]);
        Assert.Equal("1", pods[1].Environment["JOB_COMPLETION_INDEX"]);
        Assert.Equal(TimeSpan.FromSeconds(20), pods[0].GracePeriod);
        Assert.All(await client.PodsAsync(), p => Assert.Equal("Running", p.Status.Phase));
        test.Pass(Second);
        Assert.Equal((2, 2), ((await client.JobAsync("a")).Status.Active, (await client.JobAsync("a")).Status.Ready));
    }

    [Fact]
    public async Task Job_WhoseGangExitsWithZero_IsComplete()
    {
        await using var test = await RunningAsync("a", workers: 3);

        foreach (var pod in test.ToldOf("started"))
            test.Exit(pod, exitCode: 0);
        test.Pass(Second);
        test.Pass(Second);

        var job = await test.Client().JobAsync("a");
        Assert.True(job.Has("SuccessCriteriaMet") && job.Has("Complete"));
        Assert.Equal((3, null, "0-2"), (job.Status.Succeeded, job.Status.Active, job.Status.CompletedIndexes));
        Assert.NotNull(job.Status.CompletionTime);
        Assert.All(await test.Client().PodsAsync(), p => Assert.Null(p.Metadata.Finalizers));
    }

    [Fact]
    public async Task FailedPod_WithinTheBackoffLimit_IsReplacedInItsPlace()
    {
        await using var test = await RunningAsync("a", workers: 2, s => s.BackoffLimit = 1);

        test.Exit(test.ToldOf("started").Single(p => p.CompletionIndex == 1), exitCode: 3);
        for (var i = 0; i < 4; i++)
            test.Pass(Second);

        Assert.Equal([0, 1, 1], test.ToldOf("started").Select(p => p.CompletionIndex).Order());
        var job = await test.Client().JobAsync("a");
        Assert.Equal((1, 2), (job.Status.Failed, job.Status.Active));
        var failed = (await test.Client().PodsAsync()).Single(p => p.Status.Phase == "Failed");
        Assert.Equal(3, failed.Status.ContainerStatuses.Single().State.Terminated.ExitCode);
    }

    [Fact]
    public async Task FailedPod_BeyondTheBackoffLimit_FailsTheJobOnceAllHaveEnded()
    {
        await using var test = await RunningAsync("a", workers: 2);

        test.Exit(test.ToldOf("started")[0], exitCode: 3);
        test.Pass(Second);
        var failing = await test.Client().JobAsync("a");
        test.Exit(test.ToldOf("terminating").Single(), exitCode: 143);
        test.Pass(Second);
        test.Pass(Second);

        Assert.True(failing.Has("FailureTarget") && !failing.Has("Failed"));
        var job = await test.Client().JobAsync("a");
        Assert.True(job.Has("Failed"));
        Assert.Equal("BackoffLimitExceeded", job.Status.Conditions.Single(c => c.Type == "Failed").Reason);
        Assert.Equal(2, job.Status.Failed);
        Assert.Empty(test.Member.RunningPods());
    }

    [Fact]
    public async Task DeletedPod_UnderReplacementPolicyFailed_IsReplacedOnlyOnceItEnded()
    {
        await using var test = await RunningAsync("a", workers: 1, s => s.BackoffLimit = 3);
        var first = test.ToldOf("started").Single();

        await test.Client().CoreV1.DeleteNamespacedPodAsync(first.Name, "train", cancellationToken: Cancellation);
        for (var i = 0; i < 5; i++)
            test.Pass(Second);
        var meanwhile = await test.Client().PodsAsync();
        test.Exit(first, exitCode: 143);
        for (var i = 0; i < 5; i++)
            test.Pass(Second);

        Assert.Equal(first.Uid, meanwhile.Single().Metadata.Uid);
        Assert.Equal(2, test.ToldOf("started").Count);
        Assert.DoesNotContain(await test.Client().PodsAsync(), p => p.Metadata.Uid == first.Uid);
    }

    [Fact]
    public async Task SuspendedJob_EndsItsPodsWithoutFailure_AndRunsAgainWhenResumed()
    {
        await using var test = await RunningAsync("a", workers: 2);
        var client = test.Client();

        await client.BatchV1.PatchNamespacedJobAsync(
            new V1Patch("""{"spec":{"suspend":true}}""", V1Patch.PatchType.MergePatch), "a", "train", cancellationToken: Cancellation);
        test.Member.Settle();
        foreach (var pod in test.ToldOf("terminating"))
            test.Exit(pod, exitCode: 143);
        test.Pass(Second);
        var suspended = await client.JobAsync("a");
        await client.BatchV1.PatchNamespacedJobAsync(
            new V1Patch("""{"spec":{"suspend":false}}""", V1Patch.PatchType.MergePatch), "a", "train", cancellationToken: Cancellation);
        test.Pass(Second);
        test.Pass(Second);

        Assert.True(suspended.Has("Suspended"));
        Assert.Equal((null, null), (suspended.Status.Active, suspended.Status.Failed));
        Assert.Equal(4, test.ToldOf("started").Count);
    }

    [Fact]
    public async Task DeletedJob_InTheBackground_TakesItsPodsAlongOnceTheyEnded()
    {
        await using var test = await RunningAsync("a", workers: 2);
        var client = test.Client();

        await client.BatchV1.DeleteNamespacedJobAsync("a", "train", propagationPolicy: "Background", cancellationToken: Cancellation);
        test.Member.Settle();
        var ending = await client.PodsAsync();
        foreach (var pod in test.ToldOf("terminating"))
            test.Exit(pod, exitCode: 0);

        Assert.Equal(2, ending.Count(p => p.Metadata.DeletionTimestamp is not null));
        Assert.Equal(2, test.ToldOf("terminating").Count);
        Assert.Empty(await client.PodsAsync());
    }

    [Fact]
    public async Task DeletedJob_InTheForeground_GoesAfterItsPods()
    {
        await using var test = await RunningAsync("a", workers: 1);
        var client = test.Client();

        await client.BatchV1.DeleteNamespacedJobAsync("a", "train", propagationPolicy: "Foreground", cancellationToken: Cancellation);
        test.Member.Settle();
        var waiting = await client.JobAsync("a");
        test.Exit(test.ToldOf("terminating").Single(), exitCode: 0);
        for (var i = 0; i < 3; i++)
            test.Pass(Second);

        Assert.Equal(["foregroundDeletion"], waiting.Metadata.Finalizers);
        Assert.Empty(await client.PodsAsync());
        await Assert.ThrowsAsync<k8s.Autorest.HttpOperationException>(() => client.JobAsync("a"));
    }

    [Fact]
    public async Task DeletedJob_WithoutAPolicy_LeavesItsPodsRunning()
    {
        await using var test = await RunningAsync("a", workers: 1);

        await test.Client().BatchV1.DeleteNamespacedJobAsync("a", "train", cancellationToken: Cancellation);
        test.Pass(Second);
        test.Pass(Second);

        var orphan = (await test.Client().PodsAsync()).Single();
        Assert.Null(orphan.Metadata.DeletionTimestamp);
        Assert.Null(orphan.Metadata.OwnerReferences);
        Assert.Single(test.Member.RunningPods());
        await Assert.ThrowsAsync<k8s.Autorest.HttpOperationException>(() => test.Client().JobAsync("a"));
    }

    private static async Task<TestMember> RunningAsync(string name, int workers, Action<V1JobSpec>? adjust = null)
    {
        var test = await TestMember.StartAsync();
        await test.Client().CreateAsync(Jobs.Gang(name, workers, adjust: adjust));
        test.Pass(Second);
        test.Pass(Second);
        Assert.Equal(workers, test.Member.RunningPods().Count);
        return test;
    }
}
