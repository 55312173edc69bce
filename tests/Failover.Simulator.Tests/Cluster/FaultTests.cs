using System.Net.Sockets;
using k8s;
using k8s.Models;

namespace Failover.Simulator.Tests.Cluster;

/// <summary>What users of a member see when power, network or pods go.</summary>
public sealed class FaultTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TerminatingPod_ThatDoesNotExit_IsKilledWhenItsGraceEnds()
    {
        await using var test = await RunningAsync(workers: 1);
        var client = test.Client();
        await client.BatchV1.DeleteNamespacedJobAsync("a", "train", propagationPolicy: "Background", cancellationToken: Cancellation);
        test.Member.Settle();

        test.Pass(TimeSpan.FromSeconds(19));
        Assert.Empty(test.ToldOf("killed"));
        Assert.Single(await client.PodsAsync());
        test.Pass(Second);

        Assert.Single(test.ToldOf("killed"));
        Assert.Empty(await client.PodsAsync());
    }

    [Fact]
    public async Task ForcedDelete_OfARunningPod_KillsItAtOnce()
    {
        await using var test = await RunningAsync(workers: 1, backoffLimit: 1);
        var pod = test.ToldOf("started").Single();

        await test.Client().CoreV1.DeleteNamespacedPodAsync(pod.Name, "train", gracePeriodSeconds: 0, cancellationToken: Cancellation);
        test.Member.Settle();

        Assert.Equal(pod.Uid, test.ToldOf("killed").Single().Uid);
        Assert.Empty(test.ToldOf("terminating"));
    }

    [Fact]
    public async Task KillPod_OfARunningPod_FailsIt()
    {
        await using var test = await RunningAsync(workers: 2, backoffLimit: 1);
        var pod = test.ToldOf("started")[0];

        Assert.True(test.Member.KillPod("train", pod.Name));
        Assert.False(test.Member.KillPod("train", pod.Name));

        Assert.Equal(pod.Uid, test.ToldOf("killed").Single().Uid);
        Assert.Equal("Failed", (await test.Client().PodsAsync()).Single(p => p.Metadata.Uid == pod.Uid).Status.Phase);
        test.Exit(pod, exitCode: 0);
        Assert.Equal("Failed", (await test.Client().PodsAsync()).Single(p => p.Metadata.Uid == pod.Uid).Status.Phase);
    }

    [Fact]
    public async Task PodOnANodeWithoutKubelet_StaysUntilItIsDeletedByForce()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        var pod = new V1Pod
        {
            Metadata = new V1ObjectMeta { Name = "stuck" },
            Spec = new V1PodSpec { NodeName = "dead", RestartPolicy = "Never", Containers = [new V1Container { Name = "c", Image = "i:1" }] },
        };
        await client.CoreV1.CreateNamespacedPodAsync(pod, "train", cancellationToken: Cancellation);

        await client.CoreV1.DeleteNamespacedPodAsync("stuck", "train", gracePeriodSeconds: 5, cancellationToken: Cancellation);
        test.Pass(TimeSpan.FromMinutes(10));
        var stuck = await client.PodsAsync();
        await client.CoreV1.DeleteNamespacedPodAsync("stuck", "train", gracePeriodSeconds: 0, cancellationToken: Cancellation);

        Assert.NotNull(stuck.Single().Metadata.DeletionTimestamp);
        Assert.Empty(await client.PodsAsync());
    }

    [Fact]
    public async Task PowerOff_KillsEveryPodAndRefusesConnections()
    {
        await using var test = await RunningAsync(workers: 2);
        var http = test.Http();
        using var watch = await OpenWatchAsync(test, http);
        foreach (var _ in test.ToldOf("started"))
            await watch.ReadLineAsync(Cancellation);
        var line = watch.ReadLineAsync(Cancellation).AsTask();

        await test.Member.PowerOffAsync();

        Assert.Equal(2, test.ToldOf("killed").Count);
        await Assert.ThrowsAnyAsync<IOException>(() => line);
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync("/readyz", Cancellation));
        Assert.Equal(SocketError.ConnectionRefused, Assert.IsType<SocketException>(refused.InnerException).SocketErrorCode);
        Assert.False(test.Member.IsPoweredOn);
    }

    [Fact]
    public async Task PowerOn_BringsTheStoredJobBackAsAZombie()
    {
        await using var test = await RunningAsync(workers: 2, backoffLimit: 6);
        var before = await test.Client().JobAsync("a");
        await test.Member.PowerOffAsync();
        test.Pass(TimeSpan.FromMinutes(5));
        var asleep = test.Told.Count;

        test.Member.PowerOn();
        test.Member.Settle();
        var client = test.Client();
        var stored = await client.JobAsync("a");
        var booting = await client.CoreV1.ListNodeAsync(cancellationToken: Cancellation);
        test.Pass(TimeSpan.FromSeconds(3));
        var ready = await client.CoreV1.ListNodeAsync(cancellationToken: Cancellation);
        for (var i = 0; i < 4; i++)
            test.Pass(Second);

        Assert.Equal(4, asleep);
        Assert.Equal(before.Metadata.Uid, stored.Metadata.Uid);
        Assert.All(booting.Items, n => Assert.Equal("Unknown", n.Status.Conditions.Single(c => c.Type == "Ready").Status));
        Assert.All(ready.Items, n => Assert.Equal("True", n.Status.Conditions.Single(c => c.Type == "Ready").Status));
        Assert.Equal(2, test.Member.RunningPods().Count);
        Assert.Equal(4, test.ToldOf("started").Select(p => p.Uid).Distinct().Count());
        Assert.Equal(2, (await client.JobAsync("a")).Status.Failed);
    }

    [Fact]
    public async Task CutNetwork_HangsEverythingSilently_WhileAllGoesOnInside()
    {
        await using var test = await RunningAsync(workers: 1);
        var http = test.Http();
        using var watch = await OpenWatchAsync(test, http);
        var running = await watch.ReadLineAsync(Cancellation);
        var line = watch.ReadLineAsync(Cancellation).AsTask();

        test.Member.CutNetwork();
        test.Exit(test.ToldOf("started").Single(), exitCode: 0);
        var hanging = http.GetAsync("/readyz", Cancellation);
        using var fresh = test.Http();
        using var impatience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        impatience.CancelAfter(TimeSpan.FromMilliseconds(300));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fresh.GetAsync("/readyz", impatience.Token));

        // Nothing was answered and nothing failed: that is all there is to see from outside.
        Assert.False(line.IsCompleted);
        Assert.False(hanging.IsCompleted);
        Assert.Empty(test.Member.RunningPods());

        test.Member.RestoreNetwork();
        using var answered = await hanging;
        Assert.True(answered.IsSuccessStatusCode);
        Assert.Contains("\"Running\"", running, StringComparison.Ordinal);
        Assert.Contains("\"Succeeded\"", await line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CutNetwork_IsNoticedByAClientThatPings()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client(configure: h =>
        {
            h.KeepAlivePingDelay = TimeSpan.FromSeconds(1);
            h.KeepAlivePingTimeout = TimeSpan.FromSeconds(1);
        });
        await client.CoreV1.ListNodeAsync(cancellationToken: Cancellation);

        test.Member.CutNetwork();

        await Assert.ThrowsAsync<HttpRequestException>(() => client.CoreV1.ListNodeAsync(cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Leases_AreRenewedWhileThereIsPower_AndStopWithIt()
    {
        await using var test = await TestMember.StartAsync();

        test.Pass(TimeSpan.FromSeconds(10));
        var renewed = await LeaseAsync(test);
        await test.Member.PowerOffAsync();
        test.Pass(TimeSpan.FromMinutes(1));
        test.Member.PowerOn();
        var stale = await LeaseAsync(test);
        test.Pass(TimeSpan.FromSeconds(3));
        var fresh = await LeaseAsync(test);

        Assert.Equal(TestStart + TimeSpan.FromSeconds(10), renewed);
        Assert.Equal(renewed, stale);
        Assert.Equal(test.Time.GetUtcNow().UtcDateTime, fresh);
    }

    [Fact]
    public async Task FailNodes_KillsWhatRanThere_AndAfterTheGraceTheyAreNotReady()
    {
        await using var test = await RunningAsync(workers: 1, backoffLimit: 1);
        var pod = test.ToldOf("started").Single();

        test.Member.FailNodes([pod.Node], containersDie: true);
        test.Pass(TimeSpan.FromSeconds(39));
        var early = await StateAsync(test, pod);
        test.Pass(Second);
        var late = await StateAsync(test, pod);

        Assert.Equal(pod.Uid, test.ToldOf("killed").Single().Uid);
        Assert.Equal(("True", "Running", "True"), early);
        Assert.Equal(("Unknown", "Running", "False"), late);
    }

    [Fact]
    public async Task FailNodes_LeavesOtherNodesAlone_AndTheirPodsStaySchedulable()
    {
        await using var test = await RunningAsync(workers: 1);
        var pod = test.ToldOf("started").Single();

        test.Member.FailNodes([.. test.Member.Nodes.Where(node => node != pod.Node)], containersDie: true);
        test.Pass(TimeSpan.FromMinutes(2));

        Assert.Empty(test.ToldOf("killed"));
        Assert.Equal(("True", "Running", "True"), await StateAsync(test, pod));
    }

    [Fact]
    public async Task FailedNode_EndsNoPod_UntilItRecovers()
    {
        await using var test = await RunningAsync(workers: 1);
        var pod = test.ToldOf("started").Single();
        test.Member.FailNodes([pod.Node], containersDie: false);

        await test.Client().BatchV1.DeleteNamespacedJobAsync("a", "train", propagationPolicy: "Background", cancellationToken: Cancellation);
        test.Pass(TimeSpan.FromMinutes(5));
        var stuck = await test.Client().PodsAsync();
        test.Member.RecoverNodes([pod.Node]);
        test.Pass(TimeSpan.FromSeconds(20));

        Assert.NotNull(stuck.Single().Metadata.DeletionTimestamp);
        Assert.Equal(pod.Uid, test.ToldOf("killed").Single().Uid);
        Assert.Empty(await test.Client().PodsAsync());
    }

    [Fact]
    public async Task RecoverNodes_ReportsWhatDiedThere()
    {
        await using var test = await RunningAsync(workers: 1);
        var pod = test.ToldOf("started").Single();
        test.Member.FailNodes([pod.Node], containersDie: true);
        test.Pass(TimeSpan.FromMinutes(1));

        test.Member.RecoverNodes([pod.Node]);
        test.Pass(Second);

        Assert.Equal(("True", "Failed", "False"), await StateAsync(test, pod));
    }

    [Fact]
    public async Task SetGpus_KeepsNewPodsAway_AndNotTheOldOnes()
    {
        await using var test = await RunningAsync(workers: 1);
        foreach (var node in test.Member.Nodes)
            test.Member.SetGpus(node, 7);

        await test.Client().CreateAsync(Jobs.Gang("b", 1));
        test.Pass(Second);

        Assert.Single(test.Member.RunningPods());
        Assert.Single(await test.Client().PodsAsync(), pod => pod.Status.Conditions.Any(condition => condition.Message?.Contains("Insufficient nvidia.com/gpu", StringComparison.Ordinal) == true));
    }

    [Fact]
    public async Task DropShare_ResetsInsteadOfAnswering()
    {
        await using var test = await TestMember.StartAsync();
        var http = test.Http();

        test.Member.SetApiFault(new() { DropShare = 1 });
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync("/readyz", Cancellation));
        test.Member.SetApiFault(Failover.Simulator.ApiServer.ApiFault.None);

        using var answered = await http.GetAsync("/readyz", Cancellation);
        Assert.True(answered.IsSuccessStatusCode);
    }

    private static async Task<(string Node, string Phase, string PodReady)> StateAsync(TestMember test, Simulator.Cluster.PodInfo pod)
    {
        var node = await test.Client().CoreV1.ReadNodeAsync(pod.Node, cancellationToken: Cancellation);
        var seen = (await test.Client().PodsAsync()).Single(one => one.Metadata.Uid == pod.Uid);
        return (node.Status.Conditions.Single(c => c.Type == "Ready").Status, seen.Status.Phase, seen.Status.Conditions.Single(c => c.Type == "Ready").Status);
    }

    private static DateTime TestStart => new(2026, 11, 23, 10, 0, 0, DateTimeKind.Utc);

    private static async Task<DateTime?> LeaseAsync(TestMember test)
    {
        var lease = await test.Client().CoordinationV1.ReadNamespacedLeaseAsync("aks-h100-0003", "kube-node-lease", cancellationToken: Cancellation);
        return lease.Spec.RenewTime?.ToUniversalTime();
    }

    private static async Task<StreamReader> OpenWatchAsync(TestMember test, HttpClient http)
    {
        http.DefaultRequestHeaders.Authorization = new("Bearer", test.Member.TokenOf("viewer"));
        http.DefaultRequestVersion = new Version(2, 0);
        var response = await http.GetAsync("/api/v1/namespaces/train/pods?watch=1&timeoutSeconds=1000000", HttpCompletionOption.ResponseHeadersRead, Cancellation);
        return new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
    }

    private static async Task<TestMember> RunningAsync(int workers, int backoffLimit = 0)
    {
        var test = await TestMember.StartAsync();
        await test.Client().CreateAsync(Jobs.Gang("a", workers, adjust: s => s.BackoffLimit = backoffLimit));
        test.Pass(Second);
        Assert.Equal(workers, test.Member.RunningPods().Count);
        return test;
    }
}
