using Failover.Simulator.ApiServer;

namespace Failover.Simulator.Cluster;

/// <summary>What controllers, scheduler and kubelets ask about a pod, read once from each version.</summary>
internal sealed record PodFacts
{
    public const string TrackingFinalizer = "batch.kubernetes.io/job-tracking";
    public const string IndexLabel = "batch.kubernetes.io/job-completion-index";

    public required string NodeName { get; init; }

    public required string Phase { get; init; }

    /// <summary>The controlling owner's uid, or empty.</summary>
    public required string OwnerUid { get; init; }

    /// <summary>The controlling owner's kind, or empty.</summary>
    public required string OwnerKind { get; init; }

    public required string OwnerName { get; init; }

    public required int Index { get; init; }

    public required int Gpus { get; init; }

    public required bool IsTracked { get; init; }

    /// <summary>Null unless the pod is being deleted.</summary>
    public required DateTimeOffset? DeletionDeadline { get; init; }

    public required int GraceSeconds { get; init; }

    public bool IsDeleting => DeletionDeadline is not null;

    public bool IsFinished => Phase is "Succeeded" or "Failed";

    /// <summary>Neither finished nor on its way out.</summary>
    public bool IsActive => !IsFinished && !IsDeleting;

    public required bool IsReady { get; init; }

    /// <summary>Why the scheduler last could not place it, or null.</summary>
    public required string? UnschedulableMessage { get; init; }

    public static PodFacts Read(StoredObject pod)
    {
        var metadata = pod.Metadata;
        var spec = pod.Tree.Obj("spec");
        var status = pod.Tree.Obj("status");
        var owner = metadata.Objects("ownerReferences").FirstOrDefault(o => o.Bool("controller") == true);
        var isDeleting = metadata.Str("deletionTimestamp") is not null;
        return new PodFacts
        {
            NodeName = spec.Str("nodeName") ?? "",
            Phase = status.Str("phase") ?? "",
            OwnerUid = owner.Str("uid") ?? "",
            OwnerKind = owner.Str("kind") ?? "",
            OwnerName = owner.Str("name") ?? "",
            Index = int.TryParse(pod.Labels.GetValueOrDefault(IndexLabel), out var index) ? index : 0,
            Gpus = spec.Objects("containers").Sum(c => Quantity(c.Obj("resources").Obj("requests")?["nvidia.com/gpu"]?.ToString())),
            IsTracked = metadata.Strings("finalizers").Contains(TrackingFinalizer),
            DeletionDeadline = isDeleting ? DateTimeOffset.Parse(metadata.Str("deletionTimestamp")!) : null,
            GraceSeconds = metadata.Int("deletionGracePeriodSeconds") ?? spec.Int("terminationGracePeriodSeconds") ?? 30,
            IsReady = status.Objects("conditions").Any(c => c.Str("type") == "Ready" && c.Str("status") == "True"),
            UnschedulableMessage = status.Objects("conditions").FirstOrDefault(c => c.Str("type") == "PodScheduled").Str("message"),
        };
    }

    // Devices are counted in whole numbers.
    private static int Quantity(string? text) => int.TryParse(text, out var value) ? value : 0;
}
