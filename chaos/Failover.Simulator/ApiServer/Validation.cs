using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Failover.Simulator.ApiServer;

/// <summary>What the real server refuses, with every fault at once, in its own words.</summary>
internal static partial class Validation
{
    private const string NameRule =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    public static void OnCreate(ResourceKind kind, JsonObject tree)
    {
        var causes = new List<Cause>();
        var name = tree.Metadata().Str("name") ?? "";
        if (name.Length is 0 or > 253 || !Subdomain().IsMatch(name))
            causes.Add(Invalid("metadata.name", $"\"{name}\"", NameRule));
        if (kind == ResourceKind.Job)
            JobSpec(tree, causes);
        else if (kind == ResourceKind.Pod)
            Containers(tree.Obj("spec"), "spec", causes);
        Throw(kind, name, causes);
    }

    public static void OnUpdate(ResourceKind kind, StoredObjectPair pair)
    {
        var causes = new List<Cause>();
        if (kind == ResourceKind.Job)
        {
            JobSpec(pair.Next, causes);
            JobImmutables(pair, causes);
        }
        else if (kind == ResourceKind.Pod)
        {
            PodImmutables(pair, causes);
        }

        Throw(kind, pair.Next.Metadata().Str("name") ?? "", causes);
    }

    /// <summary>Holds a custom object against its definition: wrong types only, as the other rules of schemas are nothing that we rely on.</summary>
    public static void AgainstSchema(ResourceKind kind, JsonObject tree, JsonObject schema)
    {
        var causes = new List<Cause>();
        Types(tree, schema, "", causes);
        Throw(kind, tree.Metadata().Str("name") ?? "", causes);
    }

    private static void Types(JsonNode? node, JsonObject schema, string path, List<Cause> causes)
    {
        var given = node?.GetValueKind() switch
        {
            JsonValueKind.Object => "object",
            JsonValueKind.Array => "array",
            JsonValueKind.String => "string",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            JsonValueKind.Number => node.ToString().All(c => char.IsAsciiDigit(c) || c == '-') ? "integer" : "number",
            _ => null,
        };
        var wanted = schema.Str("type");
        if (given is not null && wanted is not null && given != wanted && (given, wanted) != ("integer", "number"))
        {
            causes.Add(new Cause(
                "FieldValueTypeInvalid", $"Invalid value: \"{given}\": {path} in body must be of type {wanted}: \"{given}\"", path));
            return;
        }

        foreach (var (name, value) in node as JsonObject ?? [])
        {
            if (schema.Obj("properties").Obj(name) is { } field)
                Types(value, field, path.Length == 0 ? name : $"{path}.{name}", causes);
        }
    }

    private static void Throw(ResourceKind kind, string name, List<Cause> causes)
    {
        if (causes.Count > 0)
            throw ApiException.Invalid(kind, name, causes);
    }

    private static void JobSpec(JsonObject tree, List<Cause> causes)
    {
        var spec = tree.Obj("spec");
        foreach (var field in (string[])["parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"])
        {
            if (spec.Int(field) is { } value and < 0)
                causes.Add(Invalid($"spec.{field}", value.ToString(), "must be greater than or equal to 0"));
        }

        if (spec.Str("completionMode") == "Indexed" && spec.Int("completions") is null)
            causes.Add(new Cause("FieldValueRequired", "Required value: when completion mode is Indexed", "spec.completions"));
        var pod = spec.Obj("template").Obj("spec");
        if (pod.Str("restartPolicy") is not ("Never" or "OnFailure"))
            causes.Add(new Cause("FieldValueRequired", "Required value: valid values: \"OnFailure\", \"Never\"", "spec.template.spec.restartPolicy"));
        Containers(pod, "spec.template.spec", causes);
    }

    private static void Containers(JsonObject? spec, string path, List<Cause> causes)
    {
        var containers = spec.Objects("containers").ToList();
        if (containers.Count == 0)
            causes.Add(new Cause("FieldValueRequired", "Required value", $"{path}.containers"));
        for (var i = 0; i < containers.Count; i++)
        {
            foreach (var field in (string[])["name", "image"])
            {
                if (string.IsNullOrEmpty(containers[i].Str(field)))
                    causes.Add(new Cause("FieldValueRequired", "Required value", $"{path}.containers[{i}].{field}"));
            }
        }
    }

    private static void JobImmutables(StoredObjectPair pair, List<Cause> causes)
    {
        var before = pair.Current.Obj("spec");
        var after = pair.Next.Obj("spec");

        // The template of a Job that never started may still be fitted, as queueing systems do.
        var isFittable = before.Bool("suspend") == true && pair.Current.Obj("status").Str("startTime") is null;
        var isElastic = after.Str("completionMode") == "Indexed" && JsonNode.DeepEquals(after?["completions"], after?["parallelism"]);
        foreach (var field in (string[])["completions", "selector", "template", "completionMode"])
        {
            var isFree = (field == "template" && isFittable) || (field == "completions" && isElastic);
            if (!isFree && !JsonNode.DeepEquals(before?[field], after?[field]))
                causes.Add(Invalid($"spec.{field}", after?[field]?.ToJsonString() ?? "null", "field is immutable"));
        }
    }

    private static void PodImmutables(StoredObjectPair pair, List<Cause> causes)
    {
        if (!JsonNode.DeepEquals(Fixed(pair.Current), Fixed(pair.Next)))
        {
            causes.Add(new Cause(
                "FieldValueForbidden",
                "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
                "spec"));
        }
    }

    private static JsonObject Fixed(JsonObject pod)
    {
        var spec = Json.Copy(pod.Obj("spec") ?? []);
        spec.Remove("activeDeadlineSeconds");
        spec.Remove("tolerations");
        foreach (var container in spec.Objects("containers").Concat(spec.Objects("initContainers")))
            container.Remove("image");
        return spec;
    }

    private static Cause Invalid(string field, string value, string rule) => new("FieldValueInvalid", $"Invalid value: {value}: {rule}", field);

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Subdomain();
}

/// <summary>An object before and after a change.</summary>
internal sealed record StoredObjectPair(JsonObject Current, JsonObject Next);
