using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Failover.Simulator.ApiServer;

/// <summary>Answers one member's HTTP requests: who asks, for what, whether it may, and what comes of it.</summary>
internal sealed class ApiHandler(string member, ObjectStore store, KindRegistry kinds, Users users, IApiObserver observer, CancellationToken stopping)
{
    private readonly ResourceEndpoint _resources = new(store, kinds);
    private readonly Authorizer _authorizer = new(store);
    private readonly WatchEndpoint _watches = new(store, stopping);
    private volatile ApiFault _fault = ApiFault.None;

    public ApiFault Fault
    {
        get => _fault;
        set => _fault = value;
    }

    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            await AnswerAsync(context);
        }
        catch (MemberOffException)
        {
            context.Abort();
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested || stopping.IsCancellationRequested)
        {
            context.Abort();
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var call = new CallRecord { Path = "/" + context.Request.Path.Value?.Trim('/'), Verb = context.Request.Method.ToLowerInvariant() };
        ApiAnswer? answer;
        if (store.IsFrozen)
            throw new MemberOffException();
        try
        {
            await SufferAsync(context.RequestAborted);
            var caller = users.Authenticate(context);
            call.User = caller.Name;
            answer = PathAnswer(call.Path, caller, context.Request.Method) ?? await ResourceAnswerAsync(context, caller, call);
        }
        catch (ApiException error)
        {
            answer = ApiAnswer.Of(error);
            if (error.RetryAfterSeconds is { } seconds)
                context.Response.Headers.RetryAfter = seconds.ToString();
        }
        catch (InvalidOperationException error)
        {
            // A tree that is not formed as its type would have it; the real server says so while decoding.
            answer = ApiAnswer.Of(ApiException.BadRequest($"the object provided is unrecognized: {error.Message}"));
        }

        // A watch has answered by itself.
        if (answer is null)
            return;
        Observe(call, answer);
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.ContentType;
        context.Response.ContentLength = answer.Body.Length;
        if (answer.Warning is { } warning)
            context.Response.Headers.Warning = warning;
        await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }

    private async Task SufferAsync(CancellationToken cancellationToken)
    {
        var fault = _fault;
        if (fault == ApiFault.None)
            return;
        if (fault.Latency > TimeSpan.Zero)
            await Task.Delay(fault.Latency, store.Time, cancellationToken);
        var drawn = store.NextShare();
        if (drawn < fault.ErrorShare)
            throw ApiException.Injected();
        if (drawn < fault.ErrorShare + fault.ThrottleShare)
            throw ApiException.Throttled();
        if (drawn < fault.ErrorShare + fault.ThrottleShare + fault.DropShare)
            throw new MemberOffException();
    }

    /// <summary>What is no resource: health, version and discovery; null for the rest.</summary>
    private ApiAnswer? PathAnswer(string path, Caller caller, string method)
    {
        switch (path)
        {
            case "/readyz" or "/livez" or "/healthz":
                return ApiAnswer.Text(200, "ok");
            case "/version":
                return ApiAnswer.Of(200, Discovery.Version());
            case "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" when HttpMethods.IsPost(method):
                return null;
        }

        if (Discovery.Document(path, kinds) is not { } document)
            return null;
        if (caller == Caller.Anonymous)
            throw Forbidden(caller, $"forbidden: User \"{caller.Name}\" cannot get path \"{path}\"", []);
        return ApiAnswer.Of(200, document);
    }

    private async Task<ApiAnswer?> ResourceAnswerAsync(HttpContext context, Caller caller, CallRecord call)
    {
        if (call.Path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
            return Review(caller, await RequestBody.ReadAsync(context.Request, context.RequestAborted));
        if (RequestTarget.Parse(call.Path, kinds) is not { } target)
            return ApiAnswer.Text(404, "404 page not found\n");
        var request = new ResourceRequest(
            target,
            Verb(context.Request, target),
            context.Request.Query,
            context.Request.ContentType ?? "",
            await RequestBody.ReadAsync(context.Request, context.RequestAborted));
        call.Request = request;
        call.Verb = request.Verb;
        if (!_authorizer.May(caller, request.Verb, target))
            throw Forbidden(caller, request);
        if (target is { Subresource: "token" } && target.Kind == ResourceKind.ServiceAccount && request.Verb == "create")
            return Token(request);
        if (request.Verb != "watch")
            return _resources.Answer(request);
        Observe(call, new ApiAnswer(200, default));
        await _watches.StreamAsync(context, request);
        return null;
    }

    private static string Verb(HttpRequest request, RequestTarget target)
    {
        var isOne = target.Name.Length > 0;
        return request.Method switch
        {
            "GET" when isOne => "get",
            "GET" => request.Query["watch"].ToString() is "1" or "true" ? "watch" : "list",
            "POST" => "create",
            "PUT" when isOne => "update",
            "PATCH" when isOne => request.ContentType?.StartsWith("application/apply-patch", StringComparison.Ordinal) == true ? "apply" : "patch",
            "DELETE" => isOne ? "delete" : "deletecollection",
            _ => throw ApiException.MethodNotAllowed(),
        };
    }

    private static ApiException Forbidden(Caller caller, ResourceRequest request)
    {
        var (target, verb) = (request.Target, request.Verb == "apply" ? "patch" : request.Verb);
        var scope = target.Namespace.Length == 0 ? "at the cluster scope" : $"in the namespace \"{target.Namespace}\"";
        var named = target.Name.Length == 0 ? target.Kind.QualifiedPlural : $"{target.Kind.QualifiedPlural} \"{target.Name}\"";
        var details = new JsonObject();
        if (target.Name.Length > 0)
            details["name"] = target.Name;
        if (target.Kind.Group.Length > 0)
            details["group"] = target.Kind.Group;
        details["kind"] = target.Kind.Plural;
        return Forbidden(
            caller,
            $"{named} is forbidden: User \"{caller.Name}\" cannot {verb} resource \"{target.Kind.Plural}\" in API group \"{target.Kind.Group}\" {scope}",
            details);
    }

    private static ApiException Forbidden(Caller caller, string message, JsonObject details) =>
        new(403, "Forbidden", message.Length > 0 ? message : $"forbidden: User \"{caller.Name}\"", details);

    /// <summary>What <c>kubectl create token</c> asks for; tokens here never run out.</summary>
    private ApiAnswer Token(ResourceRequest request)
    {
        var account = store.Get(ResourceKind.ServiceAccount, request.Target.Namespace, request.Target.Name);
        // kubectl asks in protobuf, which is not read here: it may only ask for another duration, and any will do.
        var isJson = request.ContentType.StartsWith("application/json", StringComparison.Ordinal);
        var spec = (isJson ? RequestBody.Options(request.Body).Obj("spec") : null) ?? [];
        var until = Json.Time(store.Time.GetUtcNow().AddSeconds(spec.Int("expirationSeconds") ?? 3600));
        return ApiAnswer.Of(201, new JsonObject
        {
            ["kind"] = "TokenRequest",
            ["apiVersion"] = "authentication.k8s.io/v1",
            ["metadata"] = new JsonObject { ["name"] = account.Name, ["namespace"] = account.Namespace },
            ["spec"] = spec.DeepClone(),
            ["status"] = new JsonObject { ["token"] = users.NewAccountToken(account.Namespace, account.Name), ["expirationTimestamp"] = until },
        });
    }

    private ApiAnswer Review(Caller caller, byte[] body)
    {
        if (caller == Caller.Anonymous)
            throw Forbidden(caller, "selfsubjectaccessreviews.authorization.k8s.io is forbidden: User \"system:anonymous\" cannot create resource", []);
        var spec = RequestBody.Options(body).Obj("spec") ?? [];
        var asked = spec.Obj("resourceAttributes");
        var verb = asked.Str("verb") ?? spec.Obj("nonResourceAttributes").Str("verb") ?? "";
        var allowed = _authorizer.May(caller, verb, asked.Str("group") ?? "", asked.Str("resource") ?? "", asked.Str("namespace") ?? "", asked.Str("name") ?? "");
        return ApiAnswer.Of(201, new JsonObject
        {
            ["kind"] = "SelfSubjectAccessReview",
            ["apiVersion"] = "authorization.k8s.io/v1",
            ["metadata"] = new JsonObject(),
            ["spec"] = spec.DeepClone(),
            ["status"] = new JsonObject { ["allowed"] = allowed },
        });
    }

    private void Observe(CallRecord call, ApiAnswer answer)
    {
        var target = call.Request?.Target;
        var isJobChange = target?.Kind == ResourceKind.Job && call.Verb is "create" or "apply" or "delete";
        observer.OnRequest(new ApiCall(
            member,
            store.Time.GetUtcNow(),
            call.User,
            call.Verb,
            call.Path,
            target is null ? "" : target.Subresource.Length == 0 ? target.Kind.Plural : $"{target.Kind.Plural}/{target.Subresource}",
            target?.Namespace ?? "",
            target is { Name.Length: > 0 } ? target.Name : answer.About?.Name ?? "",
            answer.Status,
            call.Request?.IsDryRun ?? false,
            isJobChange ? answer.About?.Labels : null,
            isJobChange ? answer.About?.Uid : null));
    }

    /// <summary>What is known of a request so far.</summary>
    private sealed class CallRecord
    {
        public required string Path { get; init; }

        public required string Verb { get; set; }

        public string User { get; set; } = Caller.Anonymous.Name;

        public ResourceRequest? Request { get; set; }
    }
}
