using System.Text.Json.Nodes;

namespace Failover.Simulator.ApiServer;

/// <summary>The documents by which clients learn what is served.</summary>
internal static class Discovery
{
    public static JsonObject Version() => new()
    {
        ["major"] = "1",
        ["minor"] = "36",
        ["emulationMajor"] = "1",
        ["emulationMinor"] = "36",
        ["minCompatibilityMajor"] = "1",
        ["minCompatibilityMinor"] = "35",
        ["gitVersion"] = "v1.36.2",
        ["gitCommit"] = "simulated",
        ["gitTreeState"] = "clean",
        ["buildDate"] = "2026-08-21T11:29:11Z",
        ["goVersion"] = "go1.26.10",
        ["compiler"] = "gc",
        ["platform"] = "linux/amd64",
    };

    /// <summary>The document at a discovery path, or null if it is none.</summary>
    public static JsonObject? Document(string path, KindRegistry kinds)
    {
        switch (path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            case ["api"]:
                return new JsonObject { ["kind"] = "APIVersions", ["versions"] = new JsonArray("v1") };
            case ["apis"]:
                return Groups(kinds);
            case ["api", var version] when kinds.Serves("", version):
                return Resources("", version, kinds);
            case ["apis", var group, var version] when kinds.Serves(group, version):
                return Resources(group, version, kinds);
            default:
                return null;
        }
    }

    private static JsonObject Groups(KindRegistry kinds)
    {
        var groups = new JsonArray();
        foreach (var group in kinds.All.Where(k => k.Group.Length > 0).GroupBy(k => k.Group, StringComparer.Ordinal))
        {
            var versions = group.Select(k => k.Version).Distinct(StringComparer.Ordinal).Select(v => Version(group.Key, v)).ToList();
            groups.Add(new JsonObject
            {
                ["name"] = group.Key,
                ["versions"] = new JsonArray([.. versions]),
                ["preferredVersion"] = versions[0].DeepClone(),
            });
        }

        return new JsonObject { ["kind"] = "APIGroupList", ["apiVersion"] = "v1", ["groups"] = groups };
    }

    private static JsonObject Version(string group, string version) => new() { ["groupVersion"] = $"{group}/{version}", ["version"] = version };

    private static JsonObject Resources(string group, string version, KindRegistry kinds)
    {
        var resources = new JsonArray();
        foreach (var kind in kinds.All.Where(k => k.Group == group && k.Version == version))
        {
            resources.Add(new JsonObject
            {
                ["name"] = kind.Plural,
                ["singularName"] = kind.Kind.ToLowerInvariant(),
                ["namespaced"] = kind.Namespaced,
                ["kind"] = kind.Kind,
                ["verbs"] = new JsonArray("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"),
            });
        }

        return new JsonObject
        {
            ["kind"] = "APIResourceList",
            ["apiVersion"] = "v1",
            ["groupVersion"] = group.Length == 0 ? version : $"{group}/{version}",
            ["resources"] = resources,
        };
    }
}
