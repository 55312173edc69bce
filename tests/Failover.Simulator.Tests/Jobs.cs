using k8s;
using k8s.Models;

namespace Failover.Simulator.Tests;

/// <summary>Jobs as an orchestrator makes them.</summary>
internal static class Jobs
{
    public static V1Job Gang(string name, int workers, int gpus = 8, Action<V1JobSpec>? adjust = null)
    {
        var spec = new V1JobSpec
        {
            Parallelism = workers,
            Completions = workers,
            CompletionMode = "Indexed",
            BackoffLimit = 0,
            PodReplacementPolicy = "Failed",
            Template = new V1PodTemplateSpec
            {
                Metadata = new V1ObjectMeta { Labels = new Dictionary<string, string> { ["run"] = name } },
                Spec = new V1PodSpec
                {
                    RestartPolicy = "Never",
                    TerminationGracePeriodSeconds = 20,
                    Containers =
                    [
                        new V1Container
                        {
                            Name = "trainer",
                            Image = "trainer:1",
                            Env = [new V1EnvVar { Name = "FAILOVER_RUN", Value = name }],
                            Resources = new V1ResourceRequirements
                            {
                                Limits = new Dictionary<string, ResourceQuantity> { ["nvidia.com/gpu"] = new(gpus.ToString()) },
                            },
                        },
                    ],
                },
            },
        };
        adjust?.Invoke(spec);
        return new V1Job
        {
            Metadata = new V1ObjectMeta { Name = name, Labels = new Dictionary<string, string> { ["failover.dev/run"] = name } },
            Spec = spec,
        };
    }

    public static Task<V1Job> CreateAsync(this Kubernetes client, V1Job job) =>
        client.BatchV1.CreateNamespacedJobAsync(job, "train", cancellationToken: TestContext.Current.CancellationToken);

    public static Task<V1Job> JobAsync(this Kubernetes client, string name) =>
        client.BatchV1.ReadNamespacedJobAsync(name, "train", cancellationToken: TestContext.Current.CancellationToken);

    public static async Task<IList<V1Pod>> PodsAsync(this Kubernetes client, string? run = null)
    {
        var pods = await client.CoreV1.ListNamespacedPodAsync(
            "train",
            labelSelector: run is null ? null : $"run={run}",
            cancellationToken: TestContext.Current.CancellationToken);
        return pods.Items;
    }

    public static bool Has(this V1Job job, string condition) =>
        job.Status.Conditions?.Any(c => c.Type == condition && c.Status == "True") == true;
}
