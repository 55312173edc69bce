using System.Text.Json.Nodes;

namespace Failover.Simulator.Tests.ApiServer;

/// <summary>One line of the record of a real API server.</summary>
internal sealed record RecordedExchange(int Number, string Level, string Note, JsonObject Request, JsonObject Response)
{
    private const string RelativePath = "kubernetes/apiserver-1.36.jsonl";

    public string Method => Request["method"]!.GetValue<string>();

    public string Path => Request["path"]!.GetValue<string>();

    public string Auth => Request["auth"]!.GetValue<string>();

    public bool IsWatch => Path.Contains("watch=1", StringComparison.Ordinal);

    public override string ToString() => $"line {Number} ({Note}): {Method} {Path}";

    /// <summary>The record, or null if it is not to be found: it lies beside the repository, not in it.</summary>
    public static IReadOnlyList<RecordedExchange>? Load()
    {
        var file = Find();
        return file is null
            ? null
            : [.. File.ReadLines(file).Select(l => (JsonObject)JsonNode.Parse(l)!).Select(l => new RecordedExchange(
                l["n"]!.GetValue<int>(),
                l["level"]!.GetValue<string>(),
                l["note"]!.GetValue<string>(),
                (JsonObject)l["request"]!,
                (JsonObject)l["response"]!))];
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("FAILOVER_SHARED") is { Length: > 0 } shared)
            return System.IO.Path.Combine(shared, RelativePath) is var named && File.Exists(named) ? named : null;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var file = System.IO.Path.Combine(folder.FullName, "shared", RelativePath);
            if (File.Exists(file))
                return file;
        }

        return null;
    }
}
