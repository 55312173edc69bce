using System.Net;
using Failover.Abstractions.Ports;
using Failover.Kubernetes.Tests.Launching;
using Failover.Simulator.ApiServer;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Failover.Kubernetes.Tests.Conformance;

/// <summary>
/// What we rely on of a Kubernetes API, held by our real client: against the simulator, and against the cluster whose kubeconfig <c>FAILOVER_TEST_KUBECONFIG</c>
/// names. Each case waits for what it is about, however long that takes.
/// </summary>
public sealed class ConformanceTests
{
    private const string JobName = "llm-01234567-e1";
    private const string Ours = "labelSelector=case%3Dours";
    private const int Hundreds = 300;

    public static TheoryData<string> AtHand => ConformanceCluster.AtHand;

    [Fact]
    public void RealCluster_Named_TheSuiteRanAgainstIt() => Assert.SkipWhen(
        ConformanceCluster.RealKubeconfig is null, $"{ConformanceCluster.Variable} is not set: the suite ran against the simulator only.");

    [Theory]
    [MemberData(nameof(AtHand))]
    public async Task Probe_Well_Ready(string cluster)
    {
        await using var test = await ConformanceCluster.StartAsync(cluster);

        Assert.Equal(ProbeAnswer.Ready, (await test.Client().ProbeAsync(ConformanceCluster.Patience)).Answer);
    }

    [Theory]
    [MemberData(nameof(AtHand))]
    public async Task Launch_Twice_SecondIsAdopted(string cluster)
    {
        await using var test = await ConformanceCluster.StartAsync(cluster);

        var first = await test.Client().LaunchAsync(test.Launch());
        var second = await test.Client().LaunchAsync(test.Launch());

        Assert.Equal((CallOutcome.Done, $"created {JobName}"), (first.Outcome, first.Detail));
        Assert.Equal((CallOutcome.Done, $"{JobName} was there already"), (second.Outcome, second.Detail));
    }

    [Theory]
    [MemberData(nameof(AtHand))]
    public async Task Launch_NameTakenByAnother_Invalid(string cluster)
    {
        await using var test = await ConformanceCluster.StartAsync(cluster);
        await test.Client().LaunchAsync(test.Launch(launchId: "launch-0"));

        Assert.Equal(CallOutcome.Invalid, (await test.Client().LaunchAsync(test.Launch())).Outcome);
    }

    [Theory]
    [MemberData(nameof(AtHand))]
    public async Task Launch_UnknownField_Invalid(string cluster)
    {
        await using var test = await ConformanceCluster.StartAsync(cluster);
        var workload = Launches.Job(1);
        workload["spec"]!["paralelism"] = 2;

        var refused = await test.Client().LaunchAsync(test.Launch(workload: workload));

        Assert.Equal(CallOutcome.Invalid, refused.Outcome);
        Assert.Contains("paralelism", refused.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(AtHand))]
    public async Task Launch_NamespaceGone_Invalid(string cluster)
    {
        await using var test = await ConformanceCluster.StartAsync(cluster);

        Assert.Equal(CallOutcome.Invalid, (await test.Client().LaunchAsync(test.Launch() with { Namespace = $"{test.Namespace[..20]}-none" })).Outcome);
    }

    [Theory]
    [MemberData(nameof(AtHand))]
    public async Task Update_OfAnOldVersion_Conflict(string cluster)
    {
        await using var test = await ConformanceCluster.StartAsync(cluster);
        await test.Client().LaunchAsync(test.Launch());
        var old = await test.Foreign.ReadNamespacedJobAsync(JobName, test.Namespace);
        await LabelAsync(test, JobName, "moved", "yes");

        var fault = await Assert.ThrowsAsync<HttpOperationException>(() => test.Foreign.ReplaceNamespacedJobAsync(old, JobName, test.Namespace));

        Assert.Equal(HttpStatusCode.Conflict, fault.Response.StatusCode);
    }

    [Theory]
    [MemberData(nameof(AtHand))]
    public async Task Delete_OtherUid_LeavesWhatHasTheName(string cluster)
    {
        await using var test = await ConformanceCluster.StartAsync(cluster);
        await test.Client().LaunchAsync(test.Launch());
        var job = await test.Foreign.ReadNamespacedJobAsync(JobName, test.Namespace);

        var result = await test.Client().DeleteAsync(Seen(test, "00000000-0000-0000-0000-000000000000"));

        Assert.Equal(CallOutcome.Done, result.Outcome);
        Assert.Equal(job.Metadata.Uid, (await test.Foreign.ReadNamespacedJobAsync(JobName, test.Namespace)).Metadata.Uid);
    }

    [Theory]
    [MemberData(nameof(AtHand))]
    public async Task Delete_Ours_TakesThePodsAlong(string cluster)
    {
        await using var test = await ConformanceCluster.StartAsync(cluster);
        await test.Client().LaunchAsync(test.Launch());
        await ConformanceCluster.UntilAsync(async () => (await test.Foreign.ListNamespacedPodAsync(test.Namespace)).Items.Count == 2);
        var job = await test.Foreign.ReadNamespacedJobAsync(JobName, test.Namespace);

        var result = await test.Client().DeleteAsync(Seen(test, job.Metadata.Uid));

        Assert.Equal(CallOutcome.Done, result.Outcome);
        await ConformanceCluster.UntilAsync(async () => (await test.Foreign.ListNamespacedPodAsync(test.Namespace)).Items.Count == 0);
        Assert.Equal((CallOutcome.Done, $"{JobName} was gone already"), await AgainAsync(test, job));
    }

    [Theory]
    [MemberData(nameof(AtHand))]
    public async Task DryRun_OfAJobAndOfAPod_IsJudgedAndNotStored(string cluster)
    {
        await using var test = await ConformanceCluster.StartAsync(cluster);
        var job = new JobOf(test);

        await test.Foreign.CreateNamespacedJobAsync(job.Body, test.Namespace, dryRun: "All");
        await ConformanceCluster.UntilAsync(() => IsAdmittedAsync(test, job.Pod(account: null)));
        Assert.Equal(CallOutcome.Done, (await test.Client().PreflightAsync(test.Launch())).Outcome);
        Assert.Equal(CallOutcome.Invalid, (await test.Client().PreflightAsync(test.Launch() with { ServiceAccount = "nobody" })).Outcome);
        var refused = await Assert.ThrowsAsync<HttpOperationException>(
            () => test.Foreign.CreateNamespacedPodAsync(job.Pod(account: "nobody"), test.Namespace, dryRun: "All"));

        Assert.Equal(HttpStatusCode.Forbidden, refused.Response.StatusCode);
        Assert.Contains("nobody", refused.Response.Content, StringComparison.Ordinal);
        Assert.Empty((await test.Foreign.ListNamespacedJobAsync(test.Namespace)).Items);
        Assert.Empty((await test.Foreign.ListNamespacedPodAsync(test.Namespace)).Items);
    }

    [Theory]
    [MemberData(nameof(AtHand))]
    public async Task Watch_ServerEndsIt_ResumedWithoutListing(string cluster)
    {
        await using var test = await ConformanceCluster.StartAsync(cluster);
        var options = ConformanceCluster.Options;
        options.WatchDuration = TimeSpan.FromSeconds(4);
        using var watch = test.Watch(test.ConfigMapsPath, Ours, options);
        await watch.ListedAsync();

        await ConformanceCluster.UntilAsync(() => Task.FromResult(watch.Openings >= 2));
        await MakeAsync(test, "after");

        await watch.NextAsync("set", "after");
        Assert.Equal(1, watch.Lists);
    }

    [Theory]
    [MemberData(nameof(AtHand))]
    public async Task Watch_NothingOfOurs_BookmarksTellHowFarItHasSeen(string cluster)
    {
        await using var test = await ConformanceCluster.StartAsync(cluster);
        var options = ConformanceCluster.Options;
        options.WatchDuration = TimeSpan.FromSeconds(10);
        using var watch = test.Watch(test.ConfigMapsPath, Ours, options);
        await watch.ListedAsync();
        var listed = watch.Version;

        await MakeAsync(test, "theirs", label: "theirs");

        await ConformanceCluster.UntilAsync(() => Task.FromResult(watch.Version != listed));
        Assert.Equal(1, watch.Lists);
        Assert.Empty(watch.Rest());
    }

    [Theory]
    [MemberData(nameof(AtHand))]
    public async Task Watch_FromAVersionThatIsGone_ListsAgain(string cluster)
    {
        await using var test = await ConformanceCluster.StartAsync(cluster, watchHistory: 16);
        await MakeAsync(test, "old");
        for (var change = 0; change < 20; change++)
        {
            await LabelMapAsync(test, "old", "change", $"{change}");
        }

        Assert.SkipUnless(await test.HasForgottenAsync(test.ConfigMapsPath, "1"), "This cluster still has its whole history, back to its first version.");
        using var watch = test.Watch(test.ConfigMapsPath, Ours, from: "1");

        await watch.ListedAsync();
        Assert.Equal(["old"], watch.Listed);
        await MakeAsync(test, "new");
        await watch.NextAsync("set", "new");
    }

    [Theory]
    [MemberData(nameof(AtHand))]
    public async Task Watch_LabelsComeAndGo_ToldAsAddedAndRemoved(string cluster)
    {
        await using var test = await ConformanceCluster.StartAsync(cluster);
        await MakeAsync(test, "map", label: "theirs");
        using var watch = test.Watch(test.ConfigMapsPath, Ours);
        await watch.ListedAsync();
        Assert.Empty(watch.Listed);

        await LabelMapAsync(test, "map", "case", "ours");
        await watch.NextAsync("set", "map");
        await LabelMapAsync(test, "map", "case", "theirs");
        await watch.NextAsync("removed", "map");
    }

    [Theory]
    [MemberData(nameof(AtHand))]
    public async Task List_HundredsOfObjects_WholeThroughItsPages(string cluster)
    {
        await using var test = await ConformanceCluster.StartAsync(cluster);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Hundreds), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (one, _) => await MakeAsync(test, $"map-{one:000}"));
        var options = ConformanceCluster.Options;
        options.ListPageSize = 40;

        using var watch = test.Watch(test.ConfigMapsPath, Ours, options);
        await watch.ListedAsync();

        Assert.Equal(Enumerable.Range(0, Hundreds).Select(one => $"map-{one:000}"), watch.Listed.Order(StringComparer.Ordinal));
        await test.Foreign.DeleteCollectionNamespacedConfigMapAsync(test.Namespace, labelSelector: "case=ours");
        var gone = new HashSet<string>();
        while (gone.Count < Hundreds)
        {
            await ConformanceCluster.UntilAsync(() => Task.FromResult(watch.Rest() is [_, ..] rest && rest.All(told => told.What == "removed" && gone.Add(told.Name))));
        }

        Assert.Equal(1, watch.Lists);
    }

    [Theory]
    [MemberData(nameof(AtHand))]
    public async Task Watch_WholeMember_SeesOurWorkloadsOnly(string cluster)
    {
        await using var test = await ConformanceCluster.StartAsync(cluster);
        using var ending = new CancellationTokenSource();
        var observer = new Watching.RecordingObserver();
        var watching = test.Client().WatchAsync(observer, TimeSpan.FromMilliseconds(1), ending.Token);

        await test.Client().LaunchAsync(test.Launch("theirs") with { Installation = "somebody-else" });
        await test.Client().LaunchAsync(test.Launch());

        var seen = await observer.SeeAsync(seen => !seen.Workloads.IsEmpty);
        Assert.Equal((JobName, WorkloadPhase.Pending), (Assert.Single(seen.Workloads).Name, seen.Workloads[0].Phase));
        await test.Client().DeleteAsync(seen.Workloads[0]);
        await observer.SeeAsync(seen => seen.Workloads.IsEmpty);
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }

    [Theory]
    [MemberData(nameof(AtHand))]
    public async Task Credentials_Renewed_AreReadWithoutARestart(string cluster)
    {
        await using var test = await ConformanceCluster.StartAsync(cluster);
        var path = test.PathOf("renewed");
        await File.WriteAllTextAsync(path, Kubeconfigs.WithToken(await File.ReadAllTextAsync(test.Kubeconfig), "not-a-token"));
        var client = test.Client(path);
        Assert.Equal(ProbeAnswer.NotTrusted, (await client.ProbeAsync(ConformanceCluster.Patience)).Answer);

        await File.WriteAllTextAsync(path, await File.ReadAllTextAsync(test.Kubeconfig));

        Assert.Equal(ProbeAnswer.Ready, (await client.ProbeAsync(ConformanceCluster.Patience)).Answer);
    }

    [Theory]
    [MemberData(nameof(AtHand))]
    public async Task Watch_ConnectionFallsSilent_IsNoticedAndHeals(string cluster)
    {
        await using var test = await ConformanceCluster.StartAsync(cluster);
        var member = test.WithFaults();
        var options = ConformanceCluster.Options;
        options.WatchDuration = TimeSpan.FromHours(1);
        using var watch = test.Watch(test.ConfigMapsPath, Ours, options);
        await watch.ListedAsync();
        await ConformanceCluster.UntilAsync(() => Task.FromResult(watch.Openings == 1));

        member.CutNetwork();
        await ConformanceCluster.UntilAsync(() => Task.FromResult(watch.IsLost));
        member.RestoreNetwork();

        await MakeAsync(test, "after");
        await watch.NextAsync("set", "after");
    }

    [Theory]
    [MemberData(nameof(AtHand))]
    public async Task Launch_BrownOut_IsNotTakenForAnAnswer(string cluster)
    {
        await using var test = await ConformanceCluster.StartAsync(cluster);
        var member = test.WithFaults();
        member.SetApiFault(new ApiFault { ErrorShare = 1 });
        Assert.Equal(CallOutcome.Unknown, (await test.Client().LaunchAsync(test.Launch())).Outcome);
        member.SetApiFault(new ApiFault { ThrottleShare = 1 });
        Assert.Equal(CallOutcome.Refused, (await test.Client().LaunchAsync(test.Launch())).Outcome);

        member.SetApiFault(ApiFault.None);

        Assert.Equal(CallOutcome.Done, (await test.Client().LaunchAsync(test.Launch())).Outcome);
    }

    private static async Task<(CallOutcome Outcome, string Detail)> AgainAsync(ConformanceCluster test, V1Job job)
    {
        await ConformanceCluster.UntilAsync(async () => (await test.Foreign.ListNamespacedJobAsync(test.Namespace)).Items.Count == 0);
        var again = await test.Client().DeleteAsync(Seen(test, job.Metadata.Uid));
        return (again.Outcome, again.Detail);
    }

    private static async Task<bool> IsAdmittedAsync(ConformanceCluster test, V1Pod pod)
    {
        try
        {
            await test.Foreign.CreateNamespacedPodAsync(pod, test.Namespace, dryRun: "All");
            return true;
        }
        catch (HttpOperationException fault) when (fault.Response.StatusCode == HttpStatusCode.Forbidden)
        {
            // A new namespace's default service account comes a moment after it.
            return false;
        }
    }

    private static SeenWorkload Seen(ConformanceCluster test, string uid) =>
        new(test.Namespace, JobName, uid, Launches.Uid, 1, "launch-1", WorkloadPhase.Pending, null, "");

    private static Task<V1ConfigMap> MakeAsync(ConformanceCluster test, string name, string label = "ours") => test.Foreign.CreateNamespacedConfigMapAsync(
        new V1ConfigMap { Metadata = new V1ObjectMeta { Name = name, Labels = new Dictionary<string, string> { ["case"] = label } } }, test.Namespace);

    private static Task<V1Job> LabelAsync(ConformanceCluster test, string job, string label, string value) =>
        test.Foreign.PatchNamespacedJobAsync(LabelPatch(label, value), job, test.Namespace);

    private static Task<V1ConfigMap> LabelMapAsync(ConformanceCluster test, string map, string label, string value) =>
        test.Foreign.PatchNamespacedConfigMapAsync(LabelPatch(label, value), map, test.Namespace);

    private static V1Patch LabelPatch(string label, string value) =>
        new(new { metadata = new { labels = new Dictionary<string, string> { [label] = value } } }, V1Patch.PatchType.MergePatch);

    /// <summary>A Job whose pods no node takes, and a pod of its template.</summary>
    private sealed class JobOf(ConformanceCluster test)
    {
        public V1Job Body { get; } = new()
        {
            Metadata = new V1ObjectMeta { Name = "dry" },
            Spec = new V1JobSpec { Template = new V1PodTemplateSpec { Spec = PodSpec(test.Namespace) } },
        };

        public V1Pod Pod(string? account)
        {
            var spec = PodSpec(Body.Spec.Template.Spec.NodeSelector.Values.First());
            spec.ServiceAccountName = account;
            return new V1Pod { Metadata = new V1ObjectMeta { Name = "dry" }, Spec = spec };
        }

        private static V1PodSpec PodSpec(string nowhere) => new()
        {
            RestartPolicy = "Never",
            NodeSelector = new Dictionary<string, string> { ["failover.dev/conformance"] = nowhere },
            Containers = [new V1Container { Name = "main", Image = "trainer" }],
        };
    }
}
