using System.Text.Json;

namespace Failover.Kubernetes.Watching;

/// <summary>Reads what a server, or a proxy in its stead, may have made of any shape.</summary>
internal static class OddJson
{
    /// <summary>The text at the path, or <see langword="null"/> where there is none.</summary>
    public static string? Text(JsonElement parent, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (parent.ValueKind != JsonValueKind.Object || !parent.TryGetProperty(name, out parent))
            {
                return null;
            }
        }

        return parent.ValueKind == JsonValueKind.String ? parent.GetString() : null;
    }

    /// <summary>What <paramref name="read"/> makes of an object; where it trips over it, whatever the reason, that is told.</summary>
    public static T? Read<T>(Func<T?> read, JsonElement entry, Action<string> odd, out bool wasRead)
        where T : class
    {
        try
        {
            wasRead = true;
            return read();
        }
        catch (Exception fault)
        {
            // Reading is pure: whatever went wrong in it is of this object alone.
            odd($"{Text(entry, "metadata", "namespace")}/{Text(entry, "metadata", "name")} can't be read and is left as it was known: {fault.Message}");
            wasRead = false;
            return null;
        }
    }
}
