using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Failover.Simulator.ApiServer;

/// <summary>One resource request: the path's meaning, the query, and the body.</summary>
internal sealed record ResourceRequest(RequestTarget Target, string Verb, IQueryCollection Query, string ContentType, byte[] Body)
{
    public bool IsDryRun => Query["dryRun"] == "All";

    public bool IsStrict => Query["fieldValidation"] == "Strict";

    public int? QueryInt(string key) => int.TryParse(Query[key], out var value) ? value : null;
}

/// <summary>Everything but watches: reads, writes, deletes and subresources, by one set of rules for all types.</summary>
internal sealed class ResourceEndpoint(ObjectStore store, KindRegistry kinds)
{
    private const string OrphanWarning =
        "299 - \"child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning\"";

    public ApiAnswer Answer(ResourceRequest request) => request.Verb switch
    {
        "get" => ApiAnswer.Of(200, store.Get(request.Target.Kind, request.Target.Namespace, request.Target.Name)),
        "list" => Lists.Answer(store, request),
        "create" when request.Target is { Subresource: "eviction", Kind: var kind } && kind == ResourceKind.Pod => PodSubresources.Evict(store, request),
        "create" when request.Target is { Subresource: "binding", Kind: var kind } && kind == ResourceKind.Pod => PodSubresources.Bind(store, request),
        "create" when request.Target is { Name: "", Subresource: "" } => Create(request),
        "update" when request.Target.Subresource is "" or "status" => Update(request),
        "patch" or "apply" when request.Target.Subresource is "" or "status" => Patch(request),
        "delete" when request.Target.Subresource == "" => Delete(request),
        "deletecollection" => DeleteCollection(request),
        _ => throw ApiException.MethodNotAllowed(),
    };

    private ApiAnswer Create(ResourceRequest request)
    {
        var kind = request.Target.Kind;
        return ApiAnswer.Of(201, Create(request, RequestBody.Object(request.Body, kind, request.IsStrict)));
    }

    private StoredObject Create(ResourceRequest request, JsonObject tree)
    {
        var kind = request.Target.Kind;
        var given = tree.Metadata();
        if (!string.IsNullOrEmpty(given.Str("resourceVersion")))
            throw ApiException.BadRequest("resourceVersion should not be set on objects to be created");
        foreach (var key in (string[])["uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"])
            given.Remove(key);
        if (string.IsNullOrEmpty(given.Str("name")) && given.Str("generateName") is { Length: > 0 } prefix)
            given["name"] = prefix + store.NewSuffix();
        if (kind.Namespaced)
        {
            if (given.Str("namespace") is { Length: > 0 } ns && ns != request.Target.Namespace)
                throw ApiException.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
            CheckNamespace(kind, given.Str("name") ?? "", request.Target.Namespace);
            given["namespace"] = request.Target.Namespace;
        }

        given["uid"] = store.NewUid();
        CheckSchema(kind, tree);
        var created = Admission.Create(store, kind, tree, request.IsDryRun);
        if (kind == ResourceKind.CustomResourceDefinition && !request.IsDryRun)
            kinds.AddDefined(created);
        return created;
    }

    private void CheckNamespace(ResourceKind kind, string name, string ns)
    {
        var found = store.Find(ResourceKind.Namespace, "", ns) ?? throw ApiException.NotFound(ResourceKind.Namespace, ns);
        if (found.IsDeleting)
            throw ApiException.NamespaceTerminating(kind, name, ns);
    }

    private ApiAnswer Update(ResourceRequest request)
    {
        var target = request.Target;
        var tree = RequestBody.Object(request.Body, target.Kind, request.IsStrict);
        if (tree.Metadata().Str("name") is { } name && name != target.Name)
            throw ApiException.BadRequest($"the name of the object ({name}) does not match the name on the URL ({target.Name})");
        var updated = store.Mutate(
            target.Kind,
            target.Namespace,
            target.Name,
            current => Finish(target, current, tree),
            request.IsDryRun);
        return ApiAnswer.Of(200, updated);
    }

    private ApiAnswer Patch(ResourceRequest request)
    {
        var target = request.Target;
        if (request.Verb == "apply")
            return Apply(request);
        var type = request.ContentType.Split(';')[0].Trim();
        var isKnown = type is "application/merge-patch+json" or "application/json-patch+json"
            || (type == "application/strategic-merge-patch+json" && !target.Kind.IsCustom);
        if (!isKnown)
            throw ApiException.UnsupportedMediaType(target.Kind);
        var patch = RequestBody.Patch(request.Body);
        var patched = store.Mutate(
            target.Kind,
            target.Namespace,
            target.Name,
            current => Finish(target, current, Patched(type, current, patch)),
            request.IsDryRun);
        return ApiAnswer.Of(200, patched);
    }

    private static JsonObject Patched(string type, JsonObject current, JsonNode patch)
    {
        var draft = Json.Copy(current);
        switch (patch)
        {
            case JsonArray operations when type == "application/json-patch+json":
                return Patches.Apply(draft, operations) as JsonObject ?? throw ApiException.Unprocessable();
            case JsonObject change when type == "application/merge-patch+json":
                Patches.Merge(draft, change);
                break;
            case JsonObject change when type == "application/strategic-merge-patch+json":
                Patches.StrategicMerge(draft, change);
                break;
            default:
                throw ApiException.BadRequest("the patch's form does not match its content type");
        }

        draft.Remove("kind");
        draft.Remove("apiVersion");
        return draft;
    }

    private ApiAnswer Apply(ResourceRequest request)
    {
        var target = request.Target;
        var manager = request.Query["fieldManager"].ToString();
        if (manager.Length == 0)
            throw ApiException.BadRequest("PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch");
        var applied = RequestBody.Object(request.Body, target.Kind, request.IsStrict);
        var force = request.Query["force"] == "true";
        var now = store.Time.GetUtcNow();
        if (store.Find(target.Kind, target.Namespace, target.Name) is null)
        {
            var fresh = new JsonObject { ["metadata"] = new JsonObject { ["name"] = target.Name } };
            return ApiAnswer.Of(201, Create(request, ServerSideApply.Apply(target.Kind, fresh, applied, manager, force, now)));
        }

        var next = store.Mutate(
            target.Kind,
            target.Namespace,
            target.Name,
            current => Finish(target, current, ServerSideApply.Apply(target.Kind, Json.Copy(current), applied, manager, force, now)),
            request.IsDryRun);
        return ApiAnswer.Of(200, next);
    }

    /// <summary>The rules that hold however an object was changed.</summary>
    private JsonObject Finish(RequestTarget target, JsonObject current, JsonObject next)
    {
        var was = current.Metadata();
        var metadata = next.Metadata();
        if (metadata.Str("uid") is { Length: > 0 } uid && uid != was.Str("uid"))
            throw ApiException.Precondition(target.Kind, target.Name, "UID", uid, was.Str("uid") ?? "");
        if (metadata.Str("resourceVersion") is { Length: > 0 } version && version != was.Str("resourceVersion"))
            throw ApiException.Modified(target.Kind, target.Name);
        foreach (var key in (string[])["deletionTimestamp", "deletionGracePeriodSeconds"])
        {
            metadata.Remove(key);
            if (was[key] is { } kept)
                metadata[key] = kept.DeepClone();
        }

        if (metadata["managedFields"] is null && was["managedFields"] is { } managed)
            metadata["managedFields"] = managed.DeepClone();
        Swap(current, next, target.Subresource == "status" ? "spec" : "status", target.Kind);
        Defaults.OnUpdate(target.Kind, next);
        CheckSchema(target.Kind, next);
        if (target.Subresource == "")
            Validation.OnUpdate(target.Kind, new StoredObjectPair(current, next));
        return next;
    }

    private void CheckSchema(ResourceKind kind, JsonObject tree)
    {
        if (kinds.SchemaOf(kind) is { } schema)
            Validation.AgainstSchema(kind, tree, schema);
    }

    // Each endpoint changes its own half only. Types without a status subresource have one half.
    private static void Swap(JsonObject current, JsonObject next, string half, ResourceKind kind)
    {
        if (kind == ResourceKind.Lease || kind.Plural is "configmaps" or "secrets" or "events" or "serviceaccounts")
            return;
        next.Remove(half);
        if (current[half] is { } kept)
            next[half] = kept.DeepClone();
    }

    private ApiAnswer Delete(ResourceRequest request)
    {
        var target = request.Target;
        var options = ReadDeleteOptions(request);
        var warning = target.Kind == ResourceKind.Job && options.PropagationPolicy is null ? OrphanWarning : null;
        Deleted deleted;
        try
        {
            deleted = Deletion.Delete(store, target.Kind, target.Namespace, target.Name, options);
        }
        catch (ApiException error) when (warning is not null)
        {
            return ApiAnswer.Of(error) with { Warning = warning };
        }

        if (!deleted.IsGone || target.Kind == ResourceKind.Pod || target.Kind == ResourceKind.Namespace)
            return ApiAnswer.Of(200, deleted.Object) with { Warning = warning };
        var details = new JsonObject { ["name"] = target.Name };
        if (target.Kind.Group.Length > 0)
            details["group"] = target.Kind.Group;
        details["kind"] = target.Kind.Plural;
        details["uid"] = deleted.Object.Uid;
        return ApiAnswer.Of(200, PodSubresources.Success(details)) with { Warning = warning, About = deleted.Object };
    }

    private ApiAnswer DeleteCollection(ResourceRequest request)
    {
        var options = ReadDeleteOptions(request);
        var page = store.List(request.Target.Kind, Lists.Wanted(request), after: null, limit: 0);
        foreach (var found in page.Items)
        {
            try
            {
                Deletion.Delete(store, found.Kind, found.Namespace, found.Name, options with { Uid = found.Uid });
            }
            catch (ApiException error) when (error.Code is 404 or 409)
            {
                // Somebody else was faster; what was to go is gone.
            }
        }

        var warning = request.Target.Kind == ResourceKind.Job && options.PropagationPolicy is null ? OrphanWarning : null;
        return Lists.Page(request.Target.Kind, new JsonObject { ["resourceVersion"] = page.Revision.ToString() }, page.Items) with { Warning = warning };
    }

    private static DeleteOptions ReadDeleteOptions(ResourceRequest request)
    {
        var body = RequestBody.Options(request.Body);
        var policy = body.Str("propagationPolicy") ?? (string?)request.Query["propagationPolicy"];
        if (policy is not (null or "" or "Background" or "Foreground" or "Orphan"))
            throw ApiException.BadRequest($"invalid propagationPolicy: {policy}");
        return new DeleteOptions
        {
            GracePeriodSeconds = body.Int("gracePeriodSeconds") ?? request.QueryInt("gracePeriodSeconds"),
            PropagationPolicy = string.IsNullOrEmpty(policy) ? null : policy,
            Uid = body.Obj("preconditions").Str("uid"),
            ResourceVersion = body.Obj("preconditions").Str("resourceVersion"),
            DryRun = request.IsDryRun || body.Strings("dryRun").Contains("All"),
        };
    }
}
