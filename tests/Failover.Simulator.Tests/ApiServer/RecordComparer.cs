using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Failover.Simulator.Tests.ApiServer;

/// <summary>
/// Compares an answer with the recorded one. What a server makes up (uids, generated names, resourceVersions, continue
/// tokens) is bound at first sight, and must stay the same wherever the record repeats it. Messages need only be there.
/// </summary>
internal sealed class RecordComparer
{
    // Who wrote which field is not kept for writes other than applies.
    private static readonly HashSet<string> Ignored = new(StringComparer.Ordinal) { "managedFields" };

    // Whose versions those of lists and bookmarks are; they say how far was read, not what was written.
    private const string Lists = "lists";

    // Nodes are rewritten by their controller at moments of its own choosing, so their versions bind to nothing.
    private readonly Dictionary<string, string> _madeUp = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Subject, string Recorded), string> _versions = [];
    private readonly List<(string Subject, long Recorded, long Replayed)> _history = [];

    public string Translate(string text)
    {
        foreach (var (recorded, replayed) in _madeUp)
            text = text.Replace(recorded, replayed, StringComparison.Ordinal);
        foreach (var ((subject, recorded), replayed) in _versions)
        {
            text = subject == Lists
                ? text.Replace($"resourceVersion={recorded}&", $"resourceVersion={replayed}&", StringComparison.Ordinal)
                : text.Replace($"\"resourceVersion\":\"{recorded}\"", $"\"resourceVersion\":\"{replayed}\"", StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>Adds a line to <paramref name="faults"/> for each difference.</summary>
    public void Compare(RecordedExchange exchange, JsonNode? recorded, JsonNode? replayed, List<string> faults) =>
        Walk(recorded, replayed, "", new Context(exchange, faults));

    private void Walk(JsonNode? recorded, JsonNode? replayed, string path, Context context)
    {
        switch (recorded)
        {
            case null:
                break;
            case JsonObject o when replayed is JsonObject p:
                WalkObject(o, p, path, context);
                break;
            case JsonArray a when replayed is JsonArray b:
                if (a.Count != b.Count)
                    context.Fault(path, $"{a.Count} items expected, got {b.Count}: {b.ToJsonString()}");
                for (var i = 0; i < Math.Min(a.Count, b.Count); i++)
                    Walk(a[i], b[i], $"{path}[{i}]", context);
                break;
            case JsonValue v when replayed is JsonValue w:
                WalkValue(v, w, path, context);
                break;
            default:
                context.Fault(path, $"expected {recorded.ToJsonString()}, got {replayed?.ToJsonString() ?? "nothing"}");
                break;
        }
    }

    private void WalkObject(JsonObject recorded, JsonObject replayed, string path, Context context)
    {
        foreach (var (key, value) in recorded)
        {
            if (Ignored.Contains(key) || context.IsRacing(path, key))
                continue;
            if (key == "name" && recorded.ContainsKey("generateName") && value is JsonValue name && replayed["name"] is JsonValue made)
                Bind(_madeUp, name.GetValue<string>(), made.GetValue<string>(), $"{path}.name", context);
            else if (!replayed.TryGetPropertyValue(key, out var other) && !IsNothing(value))
                context.Fault($"{path}.{key}", "missing");
            else if (!IsNothing(value))
                Walk(value, other, $"{path}.{key}", context);
        }

        foreach (var (key, value) in replayed)
        {
            if (!recorded.ContainsKey(key) && !Ignored.Contains(key) && !context.IsRacing(path, key) && !IsNothing(value))
                context.Fault($"{path}.{key}", $"not expected: {value!.ToJsonString()}");
        }
    }

    private void WalkValue(JsonValue recorded, JsonValue replayed, string path, Context context)
    {
        var key = path[(path.LastIndexOf('.') + 1)..];
        if (recorded.GetValueKind() != JsonValueKind.String || replayed.GetValueKind() != JsonValueKind.String)
        {
            if (!JsonNode.DeepEquals(recorded, replayed))
                context.Fault(path, $"expected {recorded.ToJsonString()}, got {replayed.ToJsonString()}");
            return;
        }

        var (was, now) = (recorded.GetValue<string>(), replayed.GetValue<string>());
        if ((key is "uid" or "continue" && was.Length > 0) || was.StartsWith("kube-api-access-", StringComparison.Ordinal))
            Bind(_madeUp, was, now, path, context);
        else if (key == "resourceVersion")
            BindVersion((string?)recorded.Parent?["uid"] ?? Lists, was, now, path, context);
        else if (key == "message" || context.IsBuildFact(key))
            context.Check(path, now.Length > 0, "empty");
        else if (IsTime(was) && key != "renewTime")
            context.Check(path, IsTime(now), $"a time expected, got {now}");
        else if (_madeUp.GetValueOrDefault(was, was) != now)
            context.Fault(path, $"expected {_madeUp.GetValueOrDefault(was, was)}, got {now}");
    }

    private static void Bind<TKey>(Dictionary<TKey, string> known, TKey was, string now, string path, Context context)
        where TKey : notnull
    {
        if (!known.TryAdd(was, now) && known[was] != now)
            context.Fault(path, $"expected {known[was]} for the recorded {was}, got {now}");
    }

    // Versions of one object keep their order; those of different objects may have been written in any.
    private void BindVersion(string subject, string was, string now, string path, Context context)
    {
        if (context.IsAboutNodes)
            return;
        Bind(_versions, (subject, was), now, path, context);
        var (recorded, replayed) = (long.Parse(was, CultureInfo.InvariantCulture), long.Parse(now, CultureInfo.InvariantCulture));
        foreach (var known in _history.Where(h => h.Subject == subject))
            context.Check(path, known.Replayed.CompareTo(replayed) == known.Recorded.CompareTo(recorded), $"{now} is out of order for the recorded {was}");
        _history.Add((subject, recorded, replayed));
    }

    private static bool IsNothing(JsonNode? node) => node is null or JsonObject { Count: 0 };

    private static bool IsTime(string text) =>
        text.Length >= 20 && text.EndsWith('Z') && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    private sealed record Context(RecordedExchange Exchange, List<string> Faults)
    {
        public bool IsAboutNodes { get; } = Exchange.Path.StartsWith("/api/v1/nodes", StringComparison.Ordinal);

        // The node controller's taints and annotations come some time after a node's report; only admission's are sure.
        public bool IsRacing(string path, string key) => IsAboutNodes && Exchange.Method != "POST"
            && (key is "taints" or "node.alpha.kubernetes.io/ttl" || (key == "annotations" && path.EndsWith(".metadata", StringComparison.Ordinal)));

        public bool IsBuildFact(string key) => Exchange.Path == "/version" && key is not ("major" or "minor" or "gitVersion" or "platform");

        public void Fault(string path, string fault) => Faults.Add($"{Exchange}\n    {(path.Length == 0 ? "." : path)}: {fault}");

        public void Check(string path, bool holds, string fault)
        {
            if (!holds)
                Fault(path, fault);
        }
    }
}
