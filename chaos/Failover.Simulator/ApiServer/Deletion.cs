using System.Text.Json.Nodes;

namespace Failover.Simulator.ApiServer;

/// <summary>A delete's options, from the query or the body.</summary>
internal sealed record DeleteOptions
{
    /// <summary>Seconds until a pod is killed; null takes the pod's own.</summary>
    public int? GracePeriodSeconds { get; init; }

    /// <summary>Background, Foreground, Orphan, or null for the type's default.</summary>
    public string? PropagationPolicy { get; init; }

    public string? Uid { get; init; }

    public string? ResourceVersion { get; init; }

    public bool DryRun { get; init; }
}

/// <summary>What a delete left: the object's last state, and whether it is gone.</summary>
internal sealed record Deleted(StoredObject Object, bool IsGone);

/// <summary>Graceful deletion: time stamps, finalizers and propagation. The garbage collector does the rest.</summary>
internal static class Deletion
{
    public const string Foreground = "foregroundDeletion";
    public const string Orphan = "orphan";

    public static Deleted Delete(ObjectStore store, ResourceKind kind, string ns, string name, DeleteOptions options)
    {
        var now = store.Time.GetUtcNow();
        return store.Delete(
            kind,
            ns,
            name,
            tree =>
            {
                CheckPreconditions(kind, name, tree, options);
                return kind == ResourceKind.Pod ? MarkPod(tree, options, now) : Mark(kind, tree, options, now);
            },
            options.DryRun);
    }

    private static void CheckPreconditions(ResourceKind kind, string name, JsonObject tree, DeleteOptions options)
    {
        var metadata = tree.Metadata();
        if (options.Uid is { } uid && uid != metadata.Str("uid"))
            throw ApiException.Precondition(kind, name, "UID", uid, metadata.Str("uid") ?? "");
        if (options.ResourceVersion is { } version && version != metadata.Str("resourceVersion"))
            throw ApiException.Precondition(kind, name, "ResourceVersion", version, metadata.Str("resourceVersion") ?? "");
    }

    private static bool Mark(ResourceKind kind, JsonObject tree, DeleteOptions options, DateTimeOffset now)
    {
        var metadata = tree.Metadata();

        // Jobs are the one built-in type whose pods outlive it unless the caller says otherwise.
        var policy = options.PropagationPolicy ?? (kind == ResourceKind.Job ? "Orphan" : "Background");
        SetFinalizer(metadata, Foreground, policy == "Foreground");
        SetFinalizer(metadata, Orphan, policy == "Orphan");
        if (kind == ResourceKind.Namespace)
            tree.Ensure("status")["phase"] = "Terminating";
        if (!metadata.ContainsKey("deletionTimestamp"))
        {
            metadata["deletionTimestamp"] = Json.Time(now);
            if (kind != ResourceKind.Namespace)
                metadata["deletionGracePeriodSeconds"] = 0;
        }

        return metadata.Arr("finalizers") is { Count: > 0 } || kind == ResourceKind.Namespace;
    }

    private static bool MarkPod(JsonObject tree, DeleteOptions options, DateTimeOffset now)
    {
        var metadata = tree.Metadata();
        var spec = tree.Obj("spec");
        var grace = options.GracePeriodSeconds ?? spec.Int("terminationGracePeriodSeconds") ?? 30;

        // Where no kubelet has anything to end, there is nothing to wait for.
        if (spec.Str("nodeName") is null || tree.Obj("status").Str("phase") is "Succeeded" or "Failed")
            grace = 0;
        if (!metadata.ContainsKey("deletionTimestamp"))
        {
            metadata["deletionTimestamp"] = Json.Time(now + TimeSpan.FromSeconds(grace));
            metadata["deletionGracePeriodSeconds"] = grace;
        }
        else if (grace < (metadata.Int("deletionGracePeriodSeconds") ?? 0) && (options.GracePeriodSeconds is not null || grace == 0))
        {
            // A second delete can only hasten the end.
            metadata["deletionTimestamp"] = Json.Time(now + TimeSpan.FromSeconds(grace));
            metadata["deletionGracePeriodSeconds"] = grace;
        }

        SetFinalizer(metadata, Foreground, options.PropagationPolicy == "Foreground");
        return grace > 0 || metadata.Arr("finalizers") is { Count: > 0 };
    }

    private static void SetFinalizer(JsonObject metadata, string finalizer, bool isWanted)
    {
        var finalizers = metadata.Arr("finalizers");
        var present = finalizers?.FirstOrDefault(f => f!.GetValue<string>() == finalizer);
        if (isWanted && present is null)
        {
            metadata.Default("finalizers", new JsonArray());
            metadata.Arr("finalizers")!.Add(JsonValue.Create(finalizer));
        }
        else if (!isWanted && present is not null)
        {
            finalizers!.Remove(present);
        }
    }
}
