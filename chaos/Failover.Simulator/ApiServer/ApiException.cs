using System.Text.Json.Nodes;

namespace Failover.Simulator.ApiServer;

/// <summary>One reason beneath an error, with the field that it is about.</summary>
internal sealed record Cause(string Reason, string Message, string Field);

/// <summary>An answer that is a Status of failure.</summary>
internal sealed class ApiException(int code, string reason, string message, JsonObject? details = null) : Exception(message)
{
    public int Code { get; } = code;

    /// <summary>Seconds, for the Retry-After header; null if the answer has none.</summary>
    public int? RetryAfterSeconds { get; init; }

    public JsonObject ToStatus()
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message,
            ["reason"] = reason,
        };
        if (details is not null)
            status["details"] = details.DeepClone();
        status["code"] = Code;
        return status;
    }

    public static ApiException BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiException Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    public static ApiException NotFound(ResourceKind kind, string name) =>
        new(404, "NotFound", $"{kind.QualifiedPlural} \"{name}\" not found", Details(kind, name, kind.Plural));

    public static ApiException NoSuchResource() =>
        new(404, "NotFound", "the server could not find the requested resource", []);

    public static ApiException MethodNotAllowed() =>
        new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", []);

    public static ApiException AlreadyExists(ResourceKind kind, string name) =>
        new(409, "AlreadyExists", $"{kind.QualifiedPlural} \"{name}\" already exists", Details(kind, name, kind.Plural));

    public static ApiException Modified(ResourceKind kind, string name) => new(
        409,
        "Conflict",
        $"Operation cannot be fulfilled on {kind.QualifiedPlural} \"{name}\": the object has been modified; please apply your changes to the latest version and try again",
        Details(kind, name, kind.Plural));

    public static ApiException Precondition(ResourceKind kind, string name, string what, string wanted, string actual) => new(
        409,
        "Conflict",
        $"Operation cannot be fulfilled on {kind.QualifiedKind} \"{name}\": the {what} in the precondition ({wanted}) does not match the {what} in record ({actual}). The object might have been deleted and then recreated",
        Details(kind, name, kind.Kind));

    public static ApiException Conflict(ResourceKind kind, string name, string message) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {kind.QualifiedPlural} \"{name}\": {message}", Details(kind, name, kind.Plural));

    public static ApiException ApplyConflict(IReadOnlyCollection<(string Manager, string Field)> conflicts)
    {
        var causes = conflicts.Select(c => new Cause("FieldManagerConflict", $"conflict with \"{c.Manager}\"", c.Field)).ToList();
        var text = string.Join(", ", causes.Select(c => $"{c.Message}: {c.Field}"));
        var count = causes.Count == 1 ? "1 conflict" : $"{causes.Count} conflicts";
        return new(409, "Conflict", $"Apply failed with {count}: {text}", new JsonObject { ["causes"] = Array(causes) });
    }

    public static ApiException Invalid(ResourceKind kind, string name, IReadOnlyList<Cause> causes)
    {
        var each = causes.Select(c => $"{c.Field}: {c.Message}").ToList();
        var text = each.Count == 1 ? each[0] : $"[{string.Join(", ", each)}]";
        var details = Details(kind, name, kind.Kind);
        details["causes"] = Array(causes);
        return new(422, "Invalid", $"{kind.QualifiedKind} \"{name}\" is invalid: {text}", details);
    }

    /// <summary>A patch that does not apply, a JSON patch's failed test among them.</summary>
    public static ApiException Unprocessable() => new(422, "Invalid", "the server rejected our request due to an error in our request", []);

    public static ApiException UnsupportedMediaType(ResourceKind kind) => kind.IsCustom
        ? new(415, "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml")
        : new(415, "UnsupportedMediaType", "415: Unsupported Media Type", []);

    /// <summary>What an admission plug-in refuses.</summary>
    public static ApiException NotAdmitted(ResourceKind kind, string name, string why) =>
        new(403, "Forbidden", $"{kind.QualifiedPlural} \"{name}\" is forbidden: {why}", Details(kind, name, kind.Plural));

    public static ApiException NamespaceTerminating(ResourceKind kind, string name, string ns)
    {
        var details = Details(kind, name, kind.Plural);
        details["causes"] = Array([new Cause("NamespaceTerminating", $"namespace {ns} is being terminated", "metadata.namespace")]);
        return new(
            403,
            "Forbidden",
            $"{kind.QualifiedPlural} \"{name}\" is forbidden: unable to create new content in namespace {ns} because it is being terminated",
            details);
    }

    public static ApiException Expired(long asked, long oldest) => new(410, "Expired", $"too old resource version: {asked} ({oldest})");

    public static ApiException ContinueExpired() => new(
        410,
        "Expired",
        "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.");

    public static ApiException Injected() => new(500, "InternalError", "Internal error occurred: injected fault");

    public static ApiException Throttled() =>
        new(429, "TooManyRequests", "The server has received too many requests and has asked us to try again later", new JsonObject { ["retryAfterSeconds"] = 1 })
        {
            RetryAfterSeconds = 1,
        };

    private static JsonObject Details(ResourceKind kind, string name, string kindName)
    {
        var details = new JsonObject { ["name"] = name };
        if (kind.Group.Length > 0)
            details["group"] = kind.Group;
        details["kind"] = kindName;
        return details;
    }

    private static JsonArray Array(IEnumerable<Cause> causes) =>
        new([.. causes.Select(c => new JsonObject { ["reason"] = c.Reason, ["message"] = c.Message, ["field"] = c.Field })]);
}
