using Failover.Abstractions.Ports;
using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Kubernetes.Tests.Launching;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Time.Testing;

namespace Failover.Kubernetes.Tests.Watching;

public sealed class MemberWatcherTests
{
    [Fact]
    public async Task Watch_IdleMember_WholePictureAtOnce()
    {
        await using var test = await TestMember.StartAsync();
        await using var watch = Watch.Start(test.Client());

        var seen = await watch.Observer.SeeAsync(_ => true);

        Assert.Equal((4, 4, 4), (seen.Nodes, seen.NodesReady, seen.LeasesRenewed));
        Assert.Empty(seen.Workloads);
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 0, 4], FreeGpus(seen));
        Assert.Equal(("h100", 32), (seen.Capacity.Pools[0].Sku, seen.Capacity.Pools[0].Gpus));
    }

    [Fact]
    public async Task Watch_WorkloadFromLaunchToFailure_PhasesAndCapacityAreTold()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        await using var watch = Watch.Start(client);
        var before = await watch.Observer.SeeAsync(_ => true);

        await client.LaunchAsync(Launches.Request(workers: 2, gpus: 4));
        test.Member.Settle();
        var pending = await watch.Observer.SeeAsync(seen => !seen.Workloads.IsEmpty && !seen.Capacity.Workloads.IsEmpty && Held(seen) == 8);
        Assert.Equal(WorkloadPhase.Pending, pending.Workloads[0].Phase);
        Assert.Equal([new WorkloadUse(Launches.Uid, 1, "h100", 8)], pending.Capacity.Workloads);
        Assert.True(pending.Capacity.Version > before.Capacity.Version);

        test.Pass(TimeSpan.FromSeconds(1));
        var running = await watch.Observer.SeeAsync(seen => seen.Workloads[0].Phase == WorkloadPhase.Running);
        Assert.Equal(
            ("train", "llm-01234567-e1", Launches.Uid, 1, "launch-1", "Job"),
            (running.Workloads[0].Namespace, running.Workloads[0].Name, running.Workloads[0].RunUid, running.Workloads[0].Epoch, running.Workloads[0].LaunchId,
                running.Workloads[0].Kind));

        var pod = test.Member.RunningPods()[0];
        test.Member.PodExited(pod.Namespace, pod.Name, pod.Uid, 42);
        // The Job controller takes notice of its pods after a while.
        test.Pass(TimeSpan.FromSeconds(5));
        var failed = await watch.Observer.SeeAsync(seen => seen.Workloads[0].Phase == WorkloadPhase.Failed && seen.Workloads[0].ExitCode is not null);
        Assert.Equal(42, failed.Workloads[0].ExitCode);
        Assert.Contains("exit code 42", failed.Workloads[0].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_WorkloadEndsWell_SucceededAndItsGpusFree()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        await using var watch = Watch.Start(client);
        await client.LaunchAsync(Launches.Request());
        test.Pass(TimeSpan.FromSeconds(1));
        await watch.Observer.SeeAsync(IsRunning);

        foreach (var pod in test.Member.RunningPods())
        {
            test.Member.PodExited(pod.Namespace, pod.Name, pod.Uid, 0);
        }

        test.Pass(TimeSpan.FromSeconds(5));
        var seen = await watch.Observer.SeeAsync(seen => seen.Workloads is [{ Phase: WorkloadPhase.Succeeded }] && Held(seen) == 0);
        Assert.Equal(32, FreeGpus(seen).Select((nodes, free) => nodes * free).Sum());
    }

    [Fact]
    public async Task Watch_Deleted_TerminatingPodsHoldTheirGpusUntilTheyAreGone()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        await using var watch = Watch.Start(client);
        await client.LaunchAsync(Launches.Request());
        test.Pass(TimeSpan.FromSeconds(1));
        var running = await watch.Observer.SeeAsync(IsRunning);

        await client.DeleteAsync(running.Workloads[0]);
        test.Member.Settle();
        var zombie = await watch.Observer.SeeAsync(seen => seen.Workloads.IsEmpty);
        Assert.Equal(8, Held(zombie));
        Assert.Equal(24, FreeGpus(zombie).Select((nodes, free) => nodes * free).Sum());

        test.Pass(TimeSpan.FromMinutes(1));
        await watch.Observer.SeeAsync(seen => Held(seen) == 0);
    }

    [Fact]
    public async Task Watch_ForeignPod_TakesRoomOnly()
    {
        await using var test = await TestMember.StartAsync();
        await using var watch = Watch.Start(test.Client());
        await watch.Observer.SeeAsync(_ => true);

        await test.Foreign().CreateNamespacedPodAsync(
            new V1Pod
            {
                Metadata = new V1ObjectMeta { Name = "foreign" },
                Spec = new V1PodSpec
                {
                    Containers =
                    [
                        new V1Container
                        {
                            Name = "c",
                            Image = "i",
                            Resources = new V1ResourceRequirements { Limits = new Dictionary<string, ResourceQuantity> { ["nvidia.com/gpu"] = "3" } },
                        },
                    ],
                },
            },
            "train");
        test.Member.Settle();

        var seen = await watch.Observer.SeeAsync(seen => FreeGpus(seen)[5] == 1);
        Assert.Equal(3, FreeGpus(seen)[8]);
        Assert.Empty(seen.Capacity.Workloads);
    }

    [Fact]
    public async Task Watch_OtherInstallationsWorkload_IsForeign()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client();
        await using var watch = Watch.Start(client);

        await client.LaunchAsync(Launches.Request(workers: 1, gpus: 8) with { Installation = "them" });
        test.Pass(TimeSpan.FromSeconds(1));

        var seen = await watch.Observer.SeeAsync(seen => FreeGpus(seen)[8] == 3);
        Assert.Empty(seen.Workloads);
        Assert.Empty(seen.Capacity.Workloads);
    }

    [Fact]
    public async Task Watch_NodeCordoned_OffersNothing()
    {
        await using var test = await TestMember.StartAsync();
        await using var watch = Watch.Start(test.Client());
        await watch.Observer.SeeAsync(_ => true);
        var foreign = test.Foreign();
        var node = (await foreign.ListNodeAsync()).Items[0].Metadata.Name;

        await foreign.PatchNodeAsync(new V1Patch("""{"spec":{"unschedulable":true}}""", V1Patch.PatchType.MergePatch), node);

        var seen = await watch.Observer.SeeAsync(seen => FreeGpus(seen)[8] == 3);
        Assert.Equal((4, 32), (seen.NodesReady, seen.Capacity.Pools[0].Gpus));
    }

    [Fact]
    public async Task Watch_ServerEndsWatches_ResumedWithoutListing()
    {
        await using var test = await TestMember.StartAsync();
        var options = TestMember.Quick;
        options.WatchDuration = TimeSpan.FromSeconds(10);
        var client = test.Client(options: options);
        await using var watch = Watch.Start(client);
        await watch.Observer.SeeAsync(_ => true);

        test.Time.Advance(TimeSpan.FromSeconds(11));
        await client.LaunchAsync(Launches.Request());
        test.Member.Settle();

        await watch.Observer.SeeAsync(seen => !seen.Workloads.IsEmpty && Held(seen) == 8);
        Assert.All(["nodes", "pods", "jobs"], resource => Assert.Equal(1, test.CountOf("list", resource)));
        Assert.All(["pods", "jobs"], resource => Assert.True(test.CountOf("watch", resource) >= 2));
    }

    [Fact]
    public async Task Watch_VersionExpired_ListedAgain()
    {
        await using var test = await TestMember.StartAsync(TestMember.Options with { WatchHistory = 16 });
        var time = new FakeTimeProvider();
        var options = TestMember.Quick;
        // So that only the expiry is a reason to list again: on our fake time the loss stays short.
        options.SightGrace = options.TryTimeout = TimeSpan.FromMinutes(5);
        var client = test.Client(options: options, time: time);
        await using var watch = Watch.Start(client);
        await AdvanceUntilAsync(time, () => test.CountOf("watch", "leases") == 1);

        await test.Member.PowerOffAsync();
        test.Member.PowerOn();
        for (var renewal = 0; renewal < 10; renewal++)
        {
            test.Pass(TimeSpan.FromSeconds(10));
        }

        await AdvanceUntilAsync(time, () => test.CountOf("list", "leases") == 2 && test.CountOf("watch", "leases") >= 3);
        Assert.Equal(1, test.CountOf("list", "jobs"));
        Assert.Equal(4, (await watch.Observer.SeeAsync(_ => true)).LeasesRenewed);
    }

    [Fact]
    public async Task Watch_SilentPartition_SightIsLostAndTheFirstPictureAfterIsFresh()
    {
        await using var test = await TestMember.StartAsync();
        var client = test.Client(options: Impatient);
        await client.LaunchAsync(Launches.Request());
        test.Member.Settle();
        await using var watch = Watch.Start(client);
        await watch.Observer.SeeAsync(seen => seen.Workloads is [{ Phase: WorkloadPhase.Pending }] && Held(seen) == 8);

        test.Member.CutNetwork();
        await watch.Observer.LoseAsync();
        // Inside, all goes on.
        test.Pass(TimeSpan.FromSeconds(1));
        test.Member.RestoreNetwork();

        Assert.True(IsRunning(await watch.Observer.SeeAsync(_ => true)));
    }

    [Fact]
    public async Task Watch_PowerOffAndOn_SightIsLostAndRegained()
    {
        await using var test = await TestMember.StartAsync();
        await using var watch = Watch.Start(test.Client(options: Impatient));
        await watch.Observer.SeeAsync(_ => true);

        await test.Member.PowerOffAsync();
        await watch.Observer.LoseAsync();
        test.Member.PowerOn();
        test.Pass(TimeSpan.FromSeconds(10));

        await watch.Observer.SeeAsync(seen => seen.NodesReady == 4);
    }

    [Theory]
    [InlineData("late", "401", ApiTrouble.CredentialsRefused)]
    [InlineData("nobody", "403", ApiTrouble.NotPermitted)]
    public async Task Watch_CredentialsWontDo_SightIsLostWithTheReason(string user, string reason, ApiTrouble trouble)
    {
        await using var test = await TestMember.StartAsync();
        await using var watch = Watch.Start(test.Client(user, Impatient));

        var loss = await watch.Observer.LoseAsync();
        Assert.Equal(trouble, loss.Trouble);
        Assert.Contains(reason, loss.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_ManyObjects_ListedInPages()
    {
        await using var test = await TestMember.StartAsync();
        var options = TestMember.Quick;
        options.ListPageSize = 3;
        await using var watch = Watch.Start(test.Client(options: options));

        Assert.Equal(4, (await watch.Observer.SeeAsync(_ => true)).Nodes);
        Assert.Equal(2, test.CountOf("list", "nodes"));
    }

    [Fact]
    public async Task Watch_ObserverFails_IsToldAgain()
    {
        await using var test = await TestMember.StartAsync();
        await using var watch = Watch.Start(test.Client(), new RecordingObserver { Refusals = 2 });

        Assert.Equal(4, (await watch.Observer.SeeAsync(_ => true)).Nodes);
    }

    [Fact]
    public async Task Watch_LeasesFallSilent_IsToldWithoutAnyEvent()
    {
        // The member's time stands still, so no lease is renewed, while ours passes.
        await using var test = await TestMember.StartAsync();
        var time = new FakeTimeProvider();
        var options = TestMember.Quick;
        options.SightGrace = TimeSpan.FromMinutes(5);
        await using var watch = Watch.Start(test.Client(options: options, time: time));
        Assert.Equal(4, (await watch.Observer.SeeAsync(_ => true)).LeasesRenewed);
        var silent = watch.Observer.SeeAsync(seen => seen.LeasesRenewed == 0);

        await AdvanceUntilAsync(time, () => silent.IsCompleted, TimeSpan.FromSeconds(1));

        Assert.Equal(4, (await silent).NodesReady);
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

    private static int[] FreeGpus(MemberObservation seen) => [.. seen.Capacity.Pools.Single().NodesByFreeGpus];

    private static int Held(MemberObservation seen) => seen.Capacity.Workloads.Sum(use => use.Gpus);

    private static bool IsRunning(MemberObservation seen) => seen.Workloads is [{ Phase: WorkloadPhase.Running }];

    /// <summary>Lets our fake time pass in small steps until the condition holds; what is waited for besides happens on real connections.</summary>
    private static async Task AdvanceUntilAsync(FakeTimeProvider time, Func<bool> condition, TimeSpan? step = null)
    {
        using var patience = new CancellationTokenSource(TestMember.Patience);
        while (!condition())
        {
            time.Advance(step ?? TimeSpan.FromMilliseconds(20));
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
        }
    }

    private sealed class Watch : IAsyncDisposable
    {
        private readonly CancellationTokenSource ending = new();
        private readonly Task task;

        private Watch(IMemberClient client, RecordingObserver observer)
        {
            Observer = observer;
            task = client.WatchAsync(observer, TimeSpan.FromMilliseconds(1), ending.Token);
        }

        public RecordingObserver Observer { get; }

        public static Watch Start(IMemberClient client, RecordingObserver? observer = null) => new(client, observer ?? new RecordingObserver());

        public async ValueTask DisposeAsync()
        {
            await ending.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
            ending.Dispose();
        }
    }
}
